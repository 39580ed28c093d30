"""Tests of the data checks: clean tables, planted faults, and each check alone."""
