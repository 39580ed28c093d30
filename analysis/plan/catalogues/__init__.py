"""Catalogues of a plan: outcome kinds, analyses, measures, exclusion rules, sections."""
