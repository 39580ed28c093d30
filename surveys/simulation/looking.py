"""Paths of synthetic people, who look where a method's map is high, or at the picture's centre."""

import math
import random
from collections.abc import Sequence
from functools import cache

import numpy as np

from explanations.models import Explanation
from explanations.pipeline.data_folder import artefact_store
from explanations.rendering.cells import GRID, in_cells
from surveys.pages.uncovering import WHOLE, Point

RESTS = 10
REST_MS = 350.0  # median
SPREAD = 0.5  # of the logarithm of a rest's time, between rests
CENTRE_SHARE = 0.2  # of the rests of people who look at a map
CENTRE_WIDTH = 0.2  # standard deviation, as a share of the width
ROWS = range(GRID)


@cache
def centre() -> tuple[float, ...]:
    """Return the weights of people who look at the centre alone, whatever the picture shows."""
    profile = [math.exp(-0.5 * (((one + 0.5) / GRID - 0.5) / CENTRE_WIDTH) ** 2) for one in ROWS]
    total = sum(profile) ** 2
    return tuple(a * b / total for a in profile for b in profile)


def weights_of(prediction: int, method: str) -> tuple[float, ...]:
    """Return the weights of people who look at a method's newest map of the prediction.

    Without such a map, or if it marks nothing, they look at the centre.
    """
    maps = Explanation.objects.filter(prediction=prediction, method=method, other_class="")
    explanation = maps.order_by("-id").first()
    if explanation is None:
        return centre()
    cells = in_cells(artefact_store().read(explanation.stored).relevance).ravel()
    total = cells.sum()
    if not total:
        return centre()
    at_map = (1 - CENTRE_SHARE) * cells / total + CENTRE_SHARE * np.array(centre())
    return tuple(at_map.tolist())


def path(weights: Sequence[float], chance: random.Random) -> list[Point]:
    """Return a path with RESTS rests in cells that are drawn by their weights."""
    points: list[Point] = []
    at = 300.0
    for cell in chance.choices(range(len(weights)), weights, k=RESTS):
        row, column = divmod(cell, GRID)
        x, y = (round(WHOLE * (place + chance.random()) / GRID) for place in (column, row))
        points.append([round(at), x, y, "p"])
        at += REST_MS * math.exp(chance.gauss(0, SPREAD))
    return [*points, [round(at)]]
