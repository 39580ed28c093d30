"""TOML files as typed values, with line numbers, repair, and a sentence for every problem."""
