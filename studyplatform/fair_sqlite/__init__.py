"""Database backend for SQLite whose writers are served in the order in which they came."""
