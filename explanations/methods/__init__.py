"""Explanation methods, one file each, none of which imports another."""
