"""The bundle that repeats an analysis, and checks that its numbers are unaltered."""
