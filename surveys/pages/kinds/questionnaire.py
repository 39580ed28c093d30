"""A page of a questionnaire."""

from django.utils.translation import get_language

from surveys import questionnaires
from surveys.models import Participant
from surveys.pages.kinds import Screen
from surveys.questionnaires.base import Item, Questionnaire
from surveys.study_file.step import Step


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    return _asked(step).items


def screen(participant: Participant, step: Step) -> Screen:
    shown = _asked(step)
    return {"questionnaire": shown, "heading": shown.title}


def _asked(step: Step) -> Questionnaire:
    return questionnaires.get(step.questionnaire).in_language(get_language() or "en")
