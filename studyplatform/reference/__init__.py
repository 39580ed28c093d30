"""Reference pages of the documentation, which are written from the code."""
