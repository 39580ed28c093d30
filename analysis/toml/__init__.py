"""TOML files as typed values: line numbers, repair, and every problem in a sentence of our own."""
