"""Researchers' pages: the panel of studies, drafts, previews, questionnaires, and the gallery."""
