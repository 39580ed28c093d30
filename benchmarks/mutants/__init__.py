"""Mutants: small faults planted in the code, each of which a narrow set of tests should find."""
