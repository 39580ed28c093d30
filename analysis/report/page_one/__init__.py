"""Page one of the report: what was found, how certain it is, and what would change it."""
