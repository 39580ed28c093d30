"""Verification of stored maps against their hashes and against captum, shap and lime."""
