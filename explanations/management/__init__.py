"""Base classes of this app's commands."""
