"""Drawings of the objects in the embedded scenes."""
