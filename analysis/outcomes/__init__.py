"""Analyses of outcomes, a module per design: scores in, a finding out."""
