"""Perceptual item: one of six pictures is found again in a picture without colours.

Whoever sees finds it at once, and the page's text says nothing about it: a program that reads only
markup is right by chance, in one of six.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from explanations.imagesets.dice import Dice
from explanations.models import StudyImage
from surveys.allocation.shuffling import shuffled
from surveys.models import Participant, Study
from surveys.pages import sequence
from surveys.pages.kinds import Screen
from surveys.pages.picture_links import picture_url
from surveys.questionnaires.base import Item, Scale
from surveys.study_file.parts.perception import PICTURES
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

ITEM = "found"
PERCEPTION = "perception-"
"""With the number of the page, it takes the place of a trial's code in the URL of a picture."""
MOST_CANDIDATES = 200
ALGORITHM = "perception-1"
"""Part of every seed, because another algorithm would draw other pictures."""


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    text = _("Which of the six pictures shows the same as the picture at the top?")
    return (Item(ITEM, text, scale=Scale(1, PICTURES, {})),)


def screen(participant: Participant, step: Step) -> Screen:
    number = sequence.steps(participant.study).index(step)
    return {
        "heading": _("Find the picture again"),
        "sheet": picture_url(participant, f"{PERCEPTION}{number}", "image"),
        "places": range(1, PICTURES + 1),
    }


def step_of_picture(study: Study, picture_code: str) -> Step | None:
    """Return the page to which the picture's code belongs, or None if there is none."""
    number = picture_code.removeprefix(PERCEPTION)
    steps = sequence.steps(study)
    if not (number.isascii() and number.isdecimal()) or int(number) >= len(steps):
        return None
    step = steps[int(number)]
    return step if step.kind == "perception" else None


def right_place(participant: Participant, step: Step) -> int:
    """Return the place of the picture that is found again, from 1."""
    return _dice(participant, step).below(PICTURES) + 1


def shown_images(participant: Participant, step: Step) -> Sequence[StudyImage]:
    """Return the six images in their order.

    They are images that no trial shows, unless the set has too few of them.
    """
    dice = _dice(participant, step)
    dice.below(PICTURES)  # the place of the right one, which is drawn first
    candidates = _candidates(participant.study)
    return shuffled(tuple(candidates), dice)[:PICTURES]


def _candidates(study: Study) -> list[StudyImage]:
    declared = definition(study).images
    images = StudyImage.objects.filter(image_set=study.image_set, split=declared.split)
    free = images.exclude(predictions__in=study.stimuli.values("prediction"))
    # The hash orders images by chance, and in the same way in every database.
    chosen = list(free.order_by("sha256")[:MOST_CANDIDATES])
    return chosen if len(chosen) >= PICTURES else list(images.order_by("sha256")[:MOST_CANDIDATES])


def _dice(participant: Participant, step: Step) -> Dice:
    return Dice(ALGORITHM, participant.study.seed, participant.pseudonym, step.key)
