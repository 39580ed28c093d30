"""Sections of the report other than the outcomes."""
