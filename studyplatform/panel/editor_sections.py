"""The sections of the structured editor, in order."""

from studyplatform.panel import (
    editor_arms,
    editor_pages,
    editor_plan,
    editor_recruitment,
    editor_sample,
    editor_texts,
)

SECTIONS = (
    editor_texts.SECTION,
    editor_arms.SECTION,
    editor_pages.PAGES,
    editor_pages.CHECKS,
    editor_sample.SECTION,
    editor_plan.SECTION,
    editor_recruitment.SECTION,
)
"""Every section. A new one is an entry here."""
BY_KEY = {section.key: section for section in SECTIONS}
