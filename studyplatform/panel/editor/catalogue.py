"""The sections of the structured editor, in order."""

from studyplatform.panel.editor.sections import (
    answers,
    arms,
    blocks,
    bonus,
    display,
    endings,
    feedback,
    pace,
    pages,
    plan,
    randomisation,
    recruitment,
    release,
    retention,
    sample,
    sessions,
    sets,
    texts,
    trials,
)

SECTIONS = (
    texts.SECTION,
    arms.SECTION,
    pages.PAGES,
    blocks.SECTION,
    answers.SECTION,
    trials.SECTION,
    sets.SECTION,
    pace.SECTION,
    feedback.SECTION,
    pages.CHECKS,
    endings.SECTION,
    sessions.SECTION,
    display.SECTION,
    sample.SECTION,
    randomisation.SECTION,
    plan.SECTION,
    recruitment.SECTION,
    bonus.SECTION,
    release.SECTION,
    retention.SECTION,
)
"""Every section. A new one is an entry here."""
BY_KEY = {section.key: section for section in SECTIONS}
