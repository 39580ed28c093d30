"""Tests and intervals for differences between arms or conditions."""
