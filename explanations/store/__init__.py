"""Content-addressed files that only grow, safe against crashes."""
