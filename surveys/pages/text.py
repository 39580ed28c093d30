"""A page of text from the study file."""

from typing import cast

from surveys.languages import spoken
from surveys.models import Participant
from surveys.pages import Screen
from surveys.parts.instructions import TextPart
from surveys.steps import Step


def screen(participant: Participant, step: Step) -> Screen:
    part = cast("TextPart", spoken(participant.study).part(step.part))
    return {"heading": part.heading, "text": part.text}
