"""Writing a study's tidy tables to a folder or a zip file."""
