"""Images, classifiers, and the explanations of their predictions."""
