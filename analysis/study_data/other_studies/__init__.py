"""Data of other studies, mapped and joined into the tidy tables."""
