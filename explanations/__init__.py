"""Images, classifiers, and explanations of their predictions."""
