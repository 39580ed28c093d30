"""The report's sections besides the outcomes."""
