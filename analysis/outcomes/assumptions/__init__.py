"""Assumptions of each analysis, checked against the data."""
