"""The sections of the structured editor, in order."""

from studyplatform.panel import (
    editor_answers,
    editor_arms,
    editor_blocks,
    editor_bonus,
    editor_display,
    editor_endings,
    editor_feedback,
    editor_pace,
    editor_pages,
    editor_plan,
    editor_randomisation,
    editor_recruitment,
    editor_release,
    editor_retention,
    editor_sample,
    editor_sessions,
    editor_sets,
    editor_texts,
    editor_trials,
)

SECTIONS = (
    editor_texts.SECTION,
    editor_arms.SECTION,
    editor_pages.PAGES,
    editor_blocks.SECTION,
    editor_answers.SECTION,
    editor_trials.SECTION,
    editor_sets.SECTION,
    editor_pace.SECTION,
    editor_feedback.SECTION,
    editor_pages.CHECKS,
    editor_endings.SECTION,
    editor_sessions.SECTION,
    editor_display.SECTION,
    editor_sample.SECTION,
    editor_randomisation.SECTION,
    editor_plan.SECTION,
    editor_recruitment.SECTION,
    editor_bonus.SECTION,
    editor_release.SECTION,
    editor_retention.SECTION,
)
"""Every section. A new one is an entry here."""
BY_KEY = {section.key: section for section in SECTIONS}
