"""The sections of the structured editor, by what they are about, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section
from studyplatform.panel.editor.sections import (
    answers,
    arms,
    behaviour,
    blocks,
    bonus,
    contrasts,
    design,
    display,
    endings,
    exclusions,
    feedback,
    further_analyses,
    looks,
    outcome_tests,
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
    signals,
    texts,
    trials,
)


@dataclass(frozen=True)
class Group:
    """Sections that the navigation lists under one heading."""

    label: Promise
    sections: Sequence[Section]


GROUPS = (
    Group(
        _("Texts and pages"),
        (
            texts.SECTION,
            pages.PAGES,
            blocks.SECTION,
            answers.SECTION,
            pages.CHECKS,
            endings.SECTION,
            sessions.SECTION,
        ),
    ),
    Group(
        _("Images and trials"),
        (
            trials.SECTION,
            sets.SECTION,
            pace.SECTION,
            feedback.SECTION,
            display.SECTION,
        ),
    ),
    Group(
        _("Arms and people"),
        (
            arms.SECTION,
            design.SECTION,
            randomisation.SECTION,
            sample.SECTION,
            recruitment.SECTION,
            bonus.SECTION,
        ),
    ),
    Group(
        _("Plan and data"),
        (
            plan.SECTION,
            outcome_tests.SECTION,
            behaviour.SECTION,
            contrasts.SECTION,
            exclusions.SECTION,
            looks.SECTION,
            further_analyses.SECTION,
            release.SECTION,
            signals.SECTION,
            retention.SECTION,
        ),
    ),
)
"""Every section, in its group. A new one is an entry here."""
SECTIONS = tuple(section for group in GROUPS for section in group.sections)
BY_KEY = {section.key: section for section in SECTIONS}
