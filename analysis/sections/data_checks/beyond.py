"""Ratings outside of the range that their wording states, and between the steps of their scale."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.groups import Grouping
from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    percent,
    plain,
)
from analysis.sections.data_checks.ratings import (
    MOST_STEPS,
    Rating,
    is_rating,
    stated_range,
    trial_ratings,
)

ADVICE = (
    "Find out how the values came about: marks between two boxes, means of several answers, or "
    "another scale. Declare the rule by which they are analysed."
)
MOST = 0.2
"""Share of values outside of a range or between its steps above which it is not the range."""
FEWEST = 3
POINTS = ("point", "punkt", "score", "quiz", "test", "grade", "note", "mean", "mittel", "average")
"""Words in labels of values that may lie between whole numbers."""


def outside_of_wording(material: Material) -> Iterator[DataFinding]:
    """Yield ratings with a few values outside of the range that their label states.

    Most values must lie inside the stated range and use most of it, so that numbers in a label that
    mean something else are not a range.
    """
    for rating in (*trial_ratings(material), *_stated_items(material)):
        cells = rating.values.to_numpy(dtype=float)
        outside = (cells < rating.low) | (cells > rating.high)
        inside = cells[~outside]
        if not rating.says or not outside.any() or outside.mean() > MOST or len(inside) < SOME:
            continue
        if np.ptp(inside) < 0.5 * (rating.high - rating.low):
            continue
        beyond = np.unique(cells[outside])
        yield DataFinding(
            "other_range",
            f"“{rating.name}” is described as “{rating.says}”, but "
            f"{counted(int(outside.sum()), 'value')} of {len(cells)} "
            f"({percent(float(outside.mean()))}) lie outside of {plain(rating.low)} to "
            f"{plain(rating.high)}: {', '.join(map(plain, beyond[:5]))}. The mean is "
            f"{cells.mean():.2f} with them and {inside.mean():.2f} without them.",
            "Find out what the values mean, such as a missing answer, and declare them with "
            "`missing` in the plan's [source].",
            columns=(rating.name,),
            outcomes=material.outcomes_with(columns=[rating.name]),
        )


def _stated_items(material: Material) -> Iterator[Rating]:
    """Yield numeric items whose wording states another range than the codebook, or the only one."""
    book = material.data.codebook
    labels = {outcome.item: outcome.label for outcome in material.data.plan.outcomes}
    for row in book[book["item"].notna()].to_dict("records"):
        item, answers = str(row["item"]), material.answers
        for says in (labels.get(item, ""), row["label"]):
            stated = stated_range(says) if isinstance(says, str) else None
            if stated is None or stated == (row["minimum"], row["maximum"]):
                continue
            own = answers[(answers["item"] == item)]
            numbers = pd.to_numeric(own["value"], errors="coerce")
            values = pd.Series(numbers.to_numpy(dtype=float, na_value=np.nan), own["participant"])
            if values.notna().any():
                yield Rating(item, *stated, str(says), values.dropna())
            break


def between_steps(material: Material) -> Iterator[DataFinding]:
    """Yield ratings in whole numbers with a few values between them.

    They are a fault if the plan or the label states the ends of the rating, or if they come from
    one group of participants (hypergeometric test of the participants who have any).
    """
    ranges = {rating.name: rating for rating in trial_ratings(material)}
    labels = {one.column or one.item: one.label.lower() for one in material.data.plan.outcomes}
    for name, values in _columns(material):
        yield from _off_grid(material, name, values)
        between = values[values % 1 != 0]
        whole = values[values % 1 == 0]
        if not FEWEST <= len(between) <= MOST * len(values) or not is_rating(whole.to_numpy()):
            continue
        if between.min() < whole.min() or between.max() > whole.max():
            continue
        if not _is_on_steps(between.to_numpy()):
            continue
        group = _group_with(material, values)
        rating = ranges.get(name)
        stated = rating is not None and rating.high - rating.low <= MOST_STEPS
        if any(word in labels.get(name, "") for word in POINTS):
            stated = False
        if group is None and not stated:
            continue
        where = "" if group is None else f", nearly all of them {group[0].inside(group[1])}"
        shown = ", ".join(map(plain, np.unique(between)[:5]))
        yield DataFinding(
            "other_range",
            f"“{name}” has whole numbers from {plain(whole.min())} to {plain(whole.max())}, except "
            f"{counted(len(between), 'value')} ({percent(len(between) / len(values))}) between "
            f"them ({shown}){where}. The rating has no such steps.",
            ADVICE,
            columns=(name,),
            outcomes=material.outcomes_with(columns=[name]),
            p=None if group is None else group[2],
        )


def _off_grid(material: Material, name: str, values: pd.Series) -> Iterator[DataFinding]:
    """Yield ratings in steps of 5 or more with values between the steps in one group only."""
    cells = values.to_numpy(dtype=float)
    if len(cells) < SOME or np.ptp(cells) > 100 or len(np.unique(cells)) < SOME:
        return
    for step in (25.0, 20.0, 10.0, 5.0):
        off = cells % step != 0
        if not FEWEST <= off.sum() <= MOST * len(cells) or len(np.unique(cells[~off])) < 4:
            continue
        group = _group_with(material, values, step)
        if group is None:
            continue
        shown = ", ".join(map(plain, np.unique(cells[off])[:5]))
        yield DataFinding(
            "other_range",
            f"“{name}” has steps of {plain(step)}, except {counted(int(off.sum()), 'value')} "
            f"({percent(float(off.mean()))}) between them ({shown}), nearly all of them "
            f"{group[0].inside(group[1])}. This group seems to have answered on another scale.",
            ADVICE,
            columns=(name,),
            outcomes=material.outcomes_with(columns=[name]),
            p=group[2],
        )
        return


def _is_on_steps(values: Numbers) -> bool:
    """Return whether the values are halves, quarters or tenths, as people write them."""
    return any(np.allclose(values * parts, np.round(values * parts)) for parts in (2, 4, 10))


def _columns(material: Material) -> Iterator[tuple[str, pd.Series]]:
    """Yield numeric columns of trials and participants, and items, by participant."""
    for numbers, table in (
        (material.trial_numbers, material.trials),
        (material.person_numbers, material.people),
    ):
        for name, values in numbers.items():
            yield name, pd.Series(values, index=table["participant"]).dropna()
    for rows in material.raw.values():
        for item in rows.columns:
            yield str(item), rows[item].droplevel("page").dropna()


def _group_with(
    material: Material, values: pd.Series, step: float = 1.0
) -> tuple[Grouping, str, float] | None:
    """Return the group from which nearly all values between the steps come, and its p."""
    having = pd.Series(values % step != 0, index=values.index).groupby(level=0).any()
    tests = sum(len(grouping.large) for grouping in material.groupings)
    best: tuple[Grouping, str, float] | None = None
    for grouping in material.groupings:
        levels = grouping.levels.reindex(having.index)
        for level in grouping.large:
            inside = (levels == level).to_numpy()
            n, hits = len(having), int(having.sum())
            own = int(having[inside].sum())
            if own < 0.9 * hits:
                continue
            p = float(stats.hypergeom.sf(own - 1, n, hits, int(inside.sum()))) * tests
            if p < material.level and (best is None or p < best[2]):
                best = (grouping, level, p)
    return best
