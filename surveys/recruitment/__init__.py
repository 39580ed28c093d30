"""Recruitment services: Prolific's API and files, exits, reconciliation, the identity list."""
