"""The specification curve over exclusions, codings and models."""
