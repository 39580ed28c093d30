"""Measures of reliance, calibration and complementarity, computed from trials."""
