"""An analysis per design, from scores to a finding."""
