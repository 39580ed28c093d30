"""What a plan can ask for: outcome kinds, analyses, measures, exclusion rules, sections."""
