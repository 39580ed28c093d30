"""Wording and templates of the report."""
