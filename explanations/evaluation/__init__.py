"""Evaluation of explanation methods: quality of their maps, axioms, and cost."""
