"""Analysis of the tidy tables, up to the report, independent of Django and of the platform."""
