"""Checks of the data for faults that an analysis would not notice, one function each."""
