"""Explanation methods measured: quality of maps, axioms, cost."""
