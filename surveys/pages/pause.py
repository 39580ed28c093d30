"""A break between trials."""

from django.utils.translation import gettext as _

from surveys import flow
from surveys.models import Participant
from surveys.pages import Screen
from surveys.steps import Step


def screen(participant: Participant, step: Step) -> Screen:
    """How far the person has come."""
    trials = [one for one in flow.steps(participant.study) if one.trial_position is not None]
    sequence = flow.steps(participant.study)
    behind = sequence[: sequence.index(step)]
    total = {one.trial_position for one in trials}
    done = {one.trial_position for one in behind if one.trial_position is not None}
    return {"heading": _("Time for a break"), "done": len(done), "total_trials": len(total)}
