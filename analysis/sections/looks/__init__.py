"""Looks at an outcome before the end: what they decide, and the results that allow for them."""
