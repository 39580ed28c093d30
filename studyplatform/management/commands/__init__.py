"""Thin commands that need more than one app."""
