"""A TOML file as a checked table: values, line numbers, every problem collected."""
