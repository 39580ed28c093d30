"""Synthetic participants who go through the real pages."""
