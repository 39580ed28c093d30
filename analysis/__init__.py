"""From the tidy tables to the report, without Django and without the rest of the platform."""
