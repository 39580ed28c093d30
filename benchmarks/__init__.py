"""Measurements whose figures the docs report, run by hand on an idle machine."""
