"""A page of text from the study file."""

from typing import cast

from surveys.models import Participant
from surveys.pages.kinds import Screen
from surveys.pages.language import spoken
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.step import Step


def screen(participant: Participant, step: Step) -> Screen:
    part = cast("TextPart", spoken(participant.study).part(step.part))
    return {"heading": part.heading, "text": part.text}
