"""The reading of a study file: a module per table of the file."""
