"""Mediation between arms and an outcome."""
