"""The sample a study needs, by simulation of its own design and analysis."""
