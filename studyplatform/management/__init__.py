"""Code that this app's commands share."""
