"""Synthetic participants who walk the real pages."""
