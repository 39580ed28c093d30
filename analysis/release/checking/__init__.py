"""Search of a folder of data for anything that leads to a person."""
