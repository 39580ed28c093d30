"""Thin commands on studies and participants."""
