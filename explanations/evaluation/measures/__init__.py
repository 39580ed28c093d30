"""Measures of a map, one function each."""
