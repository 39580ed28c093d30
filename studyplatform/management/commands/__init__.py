"""Thin commands that use several apps."""
