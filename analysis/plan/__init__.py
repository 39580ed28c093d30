"""The analysis plan: its classes, its reader, its problems."""
