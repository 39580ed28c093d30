"""Ends of ratings of trials that are given by participants who do not rate like people there."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    plain,
)
from analysis.sections.data_checks.ratings import is_rating, trial_ratings


def ends_of_trials(material: Material) -> Iterator[DataFinding]:
    """Yield ratings whose end means something else, such as a missed click stored as 0.

    Their participants and images predict a rating of each trial from the other trials. At a true
    end, the predictions are nearer to the end than those at the value next to it. They must lie
    back from those (Welch's test of the participants' means, corrected for columns and ends).
    """
    declared = {rating.name: rating for rating in trial_ratings(material)}
    columns = [
        (name, values)
        for name in dict.fromkeys(one.column for one in material.data.plan.outcomes if one.column)
        if (values := material.trial_numbers.get(name)) is not None
        and is_rating(values[np.isfinite(values)])
    ]
    for name, values in columns:
        distinct = np.unique(values[np.isfinite(values)])
        for end, following, side in (
            (distinct[0], distinct[1], -1),
            (distinct[-1], distinct[-2], 1),
        ):
            rating = declared.get(name)
            # An end that the wording does not allow is reported as such.
            if rating is not None and not rating.low <= end <= rating.high:
                continue
            p = _p_unlike(material, values, end, following, side) * 2 * len(columns)
            if p < material.level:
                yield _finding(material, name, values, end, p)


def _p_unlike(
    material: Material, values: Numbers, end: float, following: float, side: int
) -> float:
    known = np.isfinite(values)
    cells = values[known]
    at_end, beside = cells == end, cells == following
    if at_end.sum() < SOME or beside.sum() < SOME:
        return 1.0
    person = pd.factorize(material.trials["participant"].to_numpy()[known])[0]
    image = pd.factorize(material.trials["image"].to_numpy()[known])[0]
    others = np.where(at_end, np.nan, cells)
    predicted = _left_out(others, person)
    if image.max() > 0:
        of_image = _left_out(others - predicted, np.where(image < 0, image.max() + 1, image))
        predicted = predicted + np.nan_to_num(of_image)
    own = [_means(predicted[part], person[part]) for part in (at_end, beside)]
    if min(map(len, own)) < SOME:
        return 1.0
    spread = sum(float(one.var(ddof=1)) / len(one) for one in own)
    gap = side * float(own[1].mean() - own[0].mean())
    if spread <= 0 or gap <= 0:
        return 1.0
    return float(stats.t.sf(gap / np.sqrt(spread), min(map(len, own)) - 1))


def _left_out(values: Numbers, groups: npt.NDArray[np.int64]) -> Numbers:
    """Return the mean of the other known values of the group of each row."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0)
    sums = np.bincount(groups, weights=filled)[groups] - filled
    counts = np.bincount(groups, weights=known)[groups] - known
    means: Numbers = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


def _means(values: Numbers, groups: npt.NDArray[np.int64]) -> Numbers:
    """Return the mean of the known values of each group that has any."""
    known = np.isfinite(values)
    if not known.any():
        return np.empty(0)
    counts = np.bincount(groups[known])
    sums = np.bincount(groups[known], weights=values[known])
    means: Numbers = sums[counts > 0] / counts[counts > 0]
    return means


def _finding(material: Material, name: str, values: Numbers, end: float, p: float) -> DataFinding:
    here = values == end
    return DataFinding(
        "recoded_ratings",
        f"{counted(int(here.sum()), 'rating')} in “{name}” are {plain(end)}, an end of its values, "
        "but the participants who gave them and the images that got them have middling ratings "
        "otherwise. Something else, such as no answer, may have been stored as this value.",
        "Compare the column with the original file. If answers were recoded, declare them as "
        "missing with `missing` in the plan's [source].",
        columns=(name,),
        outcomes=material.outcomes_with(columns=[name]),
        p=p,
    )
