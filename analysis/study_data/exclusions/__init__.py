"""Exclusion criteria, applied in the order of the plan."""
