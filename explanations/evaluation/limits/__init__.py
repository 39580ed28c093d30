"""The limits that the source report lists for each method, as numbers."""
