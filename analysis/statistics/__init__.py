"""Statistics on arrays, each with its interval, that depend only on the scientific stack."""
