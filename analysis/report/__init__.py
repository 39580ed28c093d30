"""The report's words and templates."""
