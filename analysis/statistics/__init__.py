"""Arrays in, estimates with intervals out; depends on NumPy, SciPy and pandas alone."""
