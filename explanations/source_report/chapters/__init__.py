"""The claims of each chapter of the source report."""
