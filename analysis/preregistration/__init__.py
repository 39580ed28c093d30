"""The preregistration document of a study."""
