"""Linear, logistic and ordinal mixed models with crossed random effects."""
