"""Researchers' pages: study drafts, previews, questionnaires, and the gallery of explanations."""
