"""Costs of designs that are possible but seldom wise. They are reported at loading, never
refused.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from explanations import catalogue
from surveys import questionnaires
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import QuestionnairePart, TrialsPart

CROSSED = ("logistic_trials", "linear_trials", "ordinal_trials")
ALIKE = 80.0
"""RGB units within which two colours count as the same, such as a line and a faint area."""


def warnings(study: StudyFile) -> tuple[str, ...]:
    """Return the warnings about the study, each with its cure."""
    costs = [_per_person(study)] if study.image_sets > study.blocks else []
    return (*costs, *_pools(study), *_colours(study), *_asked_of_some(study))


def _asked_of_some(study: StudyFile) -> list[str]:
    """Return a warning for each outcome that only people with certain answers have."""
    asked = [part for part in study.parts if isinstance(part, QuestionnairePart)]
    warned = []
    for outcome in study.analysis.get("outcomes", []):
        asking = [part for part in asked if _asks(part.questionnaire, outcome)]
        if asking and all(part.show_if for part in asking):
            rules = " and ".join(rule.words() for rule in asking[-1].show_if)
            warned.append(
                f"Only people with certain answers ({rules}) have the outcome "
                f"{str(outcome.get('key'))!r}. Compare arms by it only if these answers are given "
                "before the arms differ, or ask everybody."
            )
    return warned


def _asks(questionnaire: str, outcome: Mapping[str, Any]) -> bool:
    asked = questionnaires.get(questionnaire)
    items = {item.id for item in asked.items}
    return outcome.get("scale") in asked.subscales or outcome.get("item") in items


def _pools(study: StudyFile) -> list[str]:
    """Return a warning if people of the same arm see different images of a pool."""
    return [
        f"The part {part.key!r} draws each person's images from {right} right and {wrong} wrong "
        "predictions, so that participants of the same arm see different images. This adds the "
        "images' difficulty to the noise between people; tests need random images, with slopes = "
        f'["image"] where a map may help at some images more than at others{_of(study)}.'
        for part in study.trial_parts
        if study.has_pool(part)
        for right, wrong in [study.pool_of(part)]
        if _varies(study, part, right, wrong)
    ]


def _varies(study: StudyFile, part: TrialsPart, right: int, wrong: int) -> bool:
    """Check whether any arm shows fewer images than the pool has."""
    return any(
        (right, wrong)
        != tuple(
            sum(numbers)
            for numbers in zip(
                *(study.shown_of(part, study.condition(key)) for key in arm.conditions),
                strict=True,
            )
        )
        for arm in study.arms
        if part.is_in(arm.conditions[0])
    )


def _colours(study: StudyFile) -> list[str]:
    """Return a warning if evidence for the answer has different colours in two conditions."""
    methods = {c.key: catalogue.get(c.method) for c in study.conditions if c.method}
    signed = [(key, method) for key, method in methods.items() if method.legend.is_signed]
    for number, (key, method) in enumerate(signed):
        for other_key, other in signed[:number]:
            if any(map(_differ, method.ends, other.ends)):
                return [
                    f"The conditions {other_key!r} ({other.label}) and {key!r} ({method.label}) "
                    "draw evidence for and against the answer in different colours, so that a "
                    "difference between them can be one of colours. Draw both with the same "
                    "colours: orange for, blue against, as the platform's own methods do."
                ]
    return []


def _differ(one: Sequence[int], other: Sequence[int]) -> bool:
    return math.dist(one, other) > ALIKE


def _per_person(study: StudyFile) -> str:
    return (
        f"[images] sets: participants of the same arm see different images ({study.image_sets} "
        "sets, rotated alike in every arm). This adds the images' difficulty to the noise between "
        "people, so that the study needs more of them; tests need random images, with "
        f'slopes = ["image"] where a map may help at some images more than at others{_of(study)}. '
        "Set sets = 1 to show the same images to everyone."
    )


def _of(study: StudyFile) -> str:
    """Name the trial outcomes whose analysis has no random images."""
    lacking = [
        str(outcome.get("key"))
        for outcome in study.analysis.get("outcomes", [])
        if outcome.get("kind") == "trial_mean" and outcome.get("analysis") not in CROSSED
    ]
    return f"; without such a model are: {', '.join(lacking)}" if lacking else ""
