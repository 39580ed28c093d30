"""The score after a block of trials: how many answers were right."""

from django.utils.translation import gettext as _

from surveys.models import Participant, Trial
from surveys.pages import sequence
from surveys.pages.kinds import Screen
from surveys.pages.kinds.feedback import decided_right
from surveys.study_file.step import Step


def screen(participant: Participant, step: Step) -> Screen:
    """Return how many trials of the part's block were answered rightly.

    A trial without an answer counts as not right.
    """
    positions = {
        page.trial_position
        for page in sequence.steps_of(participant)
        if page.part == step.part and page.block == step.block and page.trial_position
    }
    trials = Trial.objects.filter(participant=participant, position__in=positions)
    right = [decided_right(one) for one in trials.select_related("stimulus__prediction__image")]
    return {"heading": _("Your score"), "right": right.count(True), "trials": len(positions)}
