"""The study: declared in a file, walked by participants, exported as tidy tables."""
