"""Stored maps checked against their hashes and against captum, shap and lime."""
