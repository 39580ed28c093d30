"""A study's tidy folder as checked tables: reading, scoring, missing values, populations."""
