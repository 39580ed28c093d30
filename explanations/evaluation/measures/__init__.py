"""The measures of one map, a function each."""
