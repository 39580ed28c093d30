"""The source report, done again: its figures, its maps, and a verdict on each of its claims."""
