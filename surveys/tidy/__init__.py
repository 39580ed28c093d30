"""The tidy tables of a study and their codebook: columns, cells, the analysis plan."""
