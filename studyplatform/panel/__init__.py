"""The researchers' pages: study drafts, previews, questionnaires, the gallery of explanations."""
