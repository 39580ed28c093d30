"""A network laid out for exact and fast explanation."""
