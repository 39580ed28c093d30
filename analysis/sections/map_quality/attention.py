"""Where people looked in the task uncover, compared with what each method's maps mark."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.plan.tables import AttentionPlan
from analysis.statistics.attention_agreement import (
    CEILING,
    CENTRE,
    DRAWS,
    MEASURES,
    OTHERS,
    Agreement,
    Ceiling,
    Looks,
    agreement,
    ceiling,
)
from analysis.statistics.attention_maps import CELLS, GRID, Maps, cells_of
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.looks_and_maps import GRIDS, PATHS
from analysis.study_data.populations import members
from analysis.study_data.study_data import StudyData

LONGEST_MS = 3000.0
"""Milliseconds that count of a rest at one place, so that an idle pointer is not attention."""
FEWEST_PEOPLE, FEWEST_IMAGES = 4, 2
NAMES = {
    "correlation": "Spearman's ρ",
    "nss": "normalised scanpath saliency",
    "auc": "area under the ROC curve",
}
BOUNDS = {"correlation": (-1.0, 1.0), "nss": (-math.inf, math.inf), "auc": (0.0, 1.0)}


@dataclass(frozen=True)
class ComparedMap:
    """Agreement of a kind of map with where people looked, each a mean over the images.

    The kind "method" is an explanation method. "baseline" is where people look on the other images
    or a Gaussian at the centre, and "ceiling" is where the other half of the participants look.
    `above` are the differences, by measure, from the same method's maps of the other images, and
    empty for other kinds.
    `constant` counts the images whose map marks nothing, which are at chance.
    """

    key: str
    label: str
    kind: Literal["method", "baseline", "ceiling"]
    measures: Mapping[str, Estimate]
    above: Mapping[str, Estimate]
    constant: int = 0


@dataclass(frozen=True)
class Attention:
    """Where people looked, and each kind of map compared with it.

    `radius` of the circle is a share of the image's width, and `reliability` that of the attention
    maps, from random halves of the participants after Spearman and Brown. `trials` and
    `participants` are those with a path, and `untouched` the trials without one.
    """

    participants: int
    images: int
    trials: int
    untouched: int
    radius: float
    reliability: Estimate
    maps: tuple[ComparedMap, ...]


def attention(data: StudyData, scores: pd.DataFrame) -> Attention | NotEstimable:
    """Compare attention maps and maps over everyone randomised who uncovered a picture."""
    plan = data.plan.attention_maps or AttentionPlan()
    return attempt("attention maps", partial(_attention, data, plan))


def _attention(data: StudyData, plan: AttentionPlan) -> Attention:
    if not data.looks:
        raise NotEstimableError(
            f"the data lack {PATHS} or {GRIDS}; they are in the export of a study with the task "
            "uncover whose maps are computed"
        )
    rests = _rests(data)
    grids = data.looks[GRIDS]
    images = sorted(set(rests["image"]) & set(grids["image"]))
    rests = rests[rests["image"].isin(images)]
    people = sorted(set(rests["participant"]))
    if len(people) < FEWEST_PEOPLE or len(images) < FEWEST_IMAGES:
        raise NotEstimableError(
            f"at least {FEWEST_PEOPLE} participants and {FEWEST_IMAGES} images with maps are "
            f"needed, but {len(people)} and {len(images)} have a path"
        )
    looks = _looks(rests, people, images)
    maps = {key: _stacked(grids, key, images) for key in _methods(grids, images, plan)}
    found, halves = agreement(looks, maps), ceiling(looks, plan.seed)
    labels = grids.drop_duplicates("method").set_index("method")["label"]
    level, n = data.plan.level, len(people)
    return Attention(
        n,
        len(images),
        len(looks.person),
        _untouched(data, people, images, len(looks.person)),
        looks.radius,
        _from_draws("reliability", halves.reliability, halves.reliability_draws, level, n),
        (
            *(
                _compared(found, key, str(labels[key]), "method", level, n, _constant(grid))
                for key, grid in maps.items()
            ),
            _compared(found, OTHERS, "Where people look on the other images", "baseline", level, n),
            _compared(found, CENTRE, "Gaussian at the centre", "baseline", level, n),
            _ceiling(halves, level, n),
        ),
    )


def _rests(data: StudyData) -> pd.DataFrame:
    """Return the paths of everyone randomised, without pauses that count as idle."""
    people = data.participants["participant"][members(data, "randomised").to_numpy()]
    paths = data.looks[PATHS]
    rests = paths[paths["participant"].isin(people) & (paths["duration_ms"] > 0)]
    return rests.assign(time=rests["duration_ms"].clip(upper=LONGEST_MS))


def _looks(rests: pd.DataFrame, people: list[str], images: list[str]) -> Looks:
    """Return the shares of time by participant and image."""
    x, y = (rests[name].to_numpy(float) for name in ("x", "y"))
    person, image = _places(rests["participant"], people), _places(rests["image"], images)
    pairs, row = np.unique(person * len(images) + image, return_inverse=True)
    times = np.zeros((len(pairs), CELLS))
    np.add.at(times, (row, cells_of(x, y)), rests["time"].to_numpy(float))
    radii = rests["radius"].unique()
    if len(radii) > 1:
        raise NotEstimableError(
            f"circles of {len(radii)} sizes were used; attention maps need a single size"
        )
    shares = times / times.sum(axis=1, keepdims=True)
    return Looks(pairs // len(images), pairs % len(images), shares, float(radii[0]))


def _places(values: pd.Series, order: list[str]) -> npt.NDArray[np.int64]:
    return np.asarray(pd.Index(order).get_indexer(pd.Index(values)), dtype=np.int64)


def _methods(grids: pd.DataFrame, images: list[str], plan: AttentionPlan) -> list[str]:
    """Return the methods of the plan, or all methods with a map of every image."""
    shown = grids[grids["image"].isin(images)]
    counts = shown.groupby("method")["image"].nunique()
    complete = [str(key) for key in counts.index if counts[key] == len(images)]
    wanted = list(plan.methods) or list(dict.fromkeys(grids["method"].astype(str)))
    kept = [key for key in wanted if key in complete]
    if missing := [key for key in plan.methods if key not in complete]:
        raise NotEstimableError(
            f"{GRIDS} lacks maps of some images by {', '.join(missing)}; compute them with "
            "precompute_explanations --methods and export the study again"
        )
    if not kept:
        raise NotEstimableError(f"no method of {GRIDS} has a map of every image")
    return kept


def _stacked(grids: pd.DataFrame, method: str, images: list[str]) -> Maps:
    """Return the method's maps, (images, CELLS)."""
    rows = grids[(grids["method"] == method) & grids["image"].isin(images)]
    if (rows[["row", "column"]].to_numpy() > GRID).any() or len(rows) != CELLS * len(images):
        raise NotEstimableError(f"{GRIDS}: a map by {method} is not {GRID} by {GRID}")
    maps = np.zeros((len(images), CELLS))
    cell = (rows["row"].to_numpy(int) - 1) * GRID + rows["column"].to_numpy(int) - 1
    maps[_places(rows["image"], images), cell] = rows["value"].to_numpy(float)
    return maps


def _constant(maps: Maps) -> int:
    return int((np.ptp(maps, axis=1) == 0).sum())


def _untouched(data: StudyData, people: list[str], images: list[str], touched: int) -> int:
    """Return how many answered trials of these images have no path."""
    trials = data.trials
    if "task" not in trials:
        return 0
    asked = trials[(trials["task"] == "uncover") & trials["answered_at"].notna()]
    return max(0, int(asked["image"].isin(images).sum()) - touched)


def _compared(
    found: Agreement,
    key: str,
    label: str,
    kind: Literal["method", "baseline"],
    level: float,
    n: int,
    constant: int = 0,
) -> ComparedMap:
    measures = {
        measure: _within(BOUNDS[measure], _from_error(NAMES[measure], value, error, level, n))
        for measure, value, error in zip(MEASURES, found.value[key], found.error[key], strict=True)
    }
    if kind != "method":
        return ComparedMap(key, label, kind, measures, {})
    differences = zip(MEASURES, found.above[key], found.above_error[key], strict=True)
    above = {
        measure: _from_error(f"difference of {NAMES[measure]}", value, error, level, n)
        for measure, value, error in differences
    }
    return ComparedMap(key, label, kind, measures, above, constant)


def _ceiling(found: Ceiling, level: float, n: int) -> ComparedMap:
    measures = {
        measure: _from_draws(NAMES[measure], float(value), draws, level, n)
        for measure, value, draws in zip(MEASURES, found.value, found.draws.T, strict=True)
    }
    return ComparedMap(CEILING, "Where the other half looks", "ceiling", measures, {})


def _from_error(name: str, value: float, error: float, level: float, n: int) -> Estimate:
    """Return the value with Student's t interval of the jackknife's standard error."""
    margin = float(stats.t.ppf((1 + level) / 2, n - 1) * error)
    method = "t interval, jackknife over participants"
    return Estimate(name, float(value), float(value) - margin, float(value) + margin, level, n,
                    method)  # fmt: skip


def _within(bounds: tuple[float, float], found: Estimate) -> Estimate:
    """Cut the interval where the measure ends."""
    low, high = (min(max(end, bounds[0]), bounds[1]) for end in (found.low, found.high))
    return replace(found, low=min(low, found.value), high=max(high, found.value))


def _from_draws(name: str, value: float, draws: Maps, level: float, n: int) -> Estimate:
    """Return the value with percentiles of the draws."""
    low, high = (float(one) for one in np.quantile(draws, [(1 - level) / 2, (1 + level) / 2]))
    method = f"percentiles of {DRAWS} bootstrap samples of participants"
    return Estimate(name, value, min(value, low), max(value, high), level, n, method)
