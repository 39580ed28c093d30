"""Data of studies from elsewhere, mapped and joined into the tidy tables."""
