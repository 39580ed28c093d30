"""Content-addressed, append-only files that survive crashes."""
