"""A network prepared for exact and fast explanation."""
