"""Checks of a study file that need this installation or the analysis."""
