"""Randomisation without a database: random assignment of arms, and the ledger that proves it."""
