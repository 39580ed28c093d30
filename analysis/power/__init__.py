"""Sample size of a study, by simulation of its design and analysis."""
