"""Columns of the paths of the task uncover, with a row per place at which the circle rested."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from surveys.models import Trial
from surveys.pages.uncovering import KINDS, WHOLE
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition
from surveys.tidy.columns import ARM, PERSON, Column

FILE = "uncovered.csv"


@dataclass(frozen=True)
class Rest:
    """A rest of the circle at a place. `x` and `y` are shares of the picture from its top left."""

    trial: Trial
    number: int
    t_ms: int
    duration_ms: int
    x: float
    y: float
    kind: str
    radius: float


def rests(trials: Iterable[Trial]) -> Iterator[Rest]:
    """Yield the rests of the trials' paths, in their order.

    A rest lasts until the next point. The last point of a path without an end lasts 0 ms.
    """
    for trial in trials:
        path = getattr(trial, "uncovering", None)
        part = definition(trial.participant.study).part(trial.stimulus.part)
        if path is None or not isinstance(part, TrialsPart):
            continue
        ends = [point[0] for point in path.points[1:]]
        ends.append(path.points[-1][0] if path.points else 0)
        number = 0
        for (at, *place), end in zip(path.points, ends, strict=True):
            if place:
                number += 1
                x, y, kind = place
                radius = part.circle / 200
                yield Rest(trial, number, at, end - at, x / WHOLE, y / WHOLE, kind, radius)


UNCOVERED: tuple[Column, ...] = (
    Column("participant", "text", "trial.participant.pseudonym", PERSON),
    Column("arm", "category", "trial.participant.arm.key", ARM),
    Column("part", "category", "trial.stimulus.part", "Part of the study that the trial is in"),
    Column("position", "integer", "trial.position", "Position of the trial", 1),
    Column(
        "image",
        "text",
        lambda rest: rest.trial.stimulus.prediction.image.sha256[:12],
        "First 12 digits of the image's content hash",
    ),
    Column("number", "integer", "number", "Place in the trial's path", 1),
    Column(
        "t_ms",
        "number",
        "t_ms",
        "Milliseconds from the painting of the picture until the clear circle came here; without "
        "the page's script, from the page's first request, by the server's clock",
        0,
    ),
    Column("duration_ms", "number", "duration_ms", "Milliseconds that the circle was here", 0),
    Column("x", "number", "x", "Centre of the circle, as a share of the width from the left", 0, 1),
    Column("y", "number", "y", "Centre of the circle, as a share of the height from the top", 0, 1),
    Column("input", "category", "kind", "What moved the circle", values=KINDS),
    Column("radius", "number", "radius", "Radius of the circle, as a share of the width", 0, 1),
)
