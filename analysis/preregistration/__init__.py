"""Preregistration document of a study."""
