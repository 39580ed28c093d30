"""Randomisation without a database: how chance assigns arms, and the ledger that proves it."""
