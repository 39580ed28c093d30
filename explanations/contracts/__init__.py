"""Contract tests that the author of a method or a classifier outside this repository can run."""
