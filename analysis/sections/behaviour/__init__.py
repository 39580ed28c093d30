"""Measures of reliance, calibration and complementarity, from trials."""
