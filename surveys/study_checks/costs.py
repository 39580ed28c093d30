"""Costs of designs that are possible but seldom wise. They are reported at loading, never
refused.
"""

import math
from collections.abc import Sequence

from explanations import catalogue
from surveys.study_file.declaration import StudyFile

CROSSED = ("logistic_trials", "linear_trials", "ordinal_trials")
ALIKE = 80.0
"""RGB units within which two colours count as the same, such as a line and a faint area."""


def warnings(study: StudyFile) -> tuple[str, ...]:
    """Return the warnings about the study, each with its cure."""
    costs = [_per_person(study)] if study.image_sets > study.blocks else []
    return (*costs, *_colours(study))


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
