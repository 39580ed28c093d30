"""Looks at the data before the end: group-sequential tests and tests that are valid at any time."""
