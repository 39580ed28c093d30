"""Published studies: their printed numbers, recomputed from their raw data."""
