"""Thin commands on images, classifiers and explanations."""
