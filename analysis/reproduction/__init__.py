"""The bundle that redoes an analysis, and the checks that its numbers are unaltered."""
