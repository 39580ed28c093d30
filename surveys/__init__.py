"""Studies: their declaration in a file, the pages that participants go through, and the export as
tidy tables.
"""
