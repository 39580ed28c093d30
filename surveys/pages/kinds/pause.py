"""A break between trials."""

from collections.abc import Sequence, Set

from django.utils.translation import gettext as _

from surveys.models import Participant
from surveys.pages import sequence
from surveys.pages.kinds import Screen
from surveys.study_file.step import Step
from surveys.study_file.stored import definition


def screen(participant: Participant, step: Step) -> Screen:
    """Return how many images the participant has seen. As in the instructions, practice does not
    count.
    """
    pages = sequence.steps_of(participant)
    parts = definition(participant.study).trial_parts
    practice = {part.key for part in parts if part.is_practice}
    counted = {step.part} if step.part in practice else {part.key for part in parts} - practice
    return {
        "heading": _("Time for a break"),
        "done": _pictures(pages[: pages.index(step)], counted),
        "total_trials": _pictures(pages, counted),
    }


def _pictures(steps: Sequence[Step], parts: Set[str]) -> int:
    """Count the trials of these parts among the steps."""
    return len(
        {step.trial_position for step in steps if step.trial_position and step.part in parts}
    )
