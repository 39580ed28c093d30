"""Response times that are not times of people: sentinels, cuts, and impossible values."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.material import (
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    percent,
    plain,
)

NAMED = re.compile(
    r"(^|_)(rt|rts|time|times|ms|sec|secs|seconds|mins?|minutes|hours|duration|latency)(_|$|\d)",
    re.I,
)
BEGIN = re.compile(r"start|begin|began|consent|created|entered", re.I)
END = re.compile(r"finish|end(ed)?(_|$)|complet|submit|stop", re.I)
FEWEST_TIMES = 50
FEWEST_REPEATS = 4
FASTEST_MS = 100.0
"""Reactions to a picture that are faster are not reactions to it (Luce, 1986)."""
WINDOW = 0.05
"""Neighbourhood of a value, as a share of it, from which its expected frequency is taken."""
LEAST_POINTS = 5  # fewest values of the lattice on each side in the neighbourhood
MANY_FAST = 0.2
FEW_FAST = 0.005  # share of times that may be slips of a finger
MARGIN = 1.5
"""Factor by which a smooth frequency may differ from that of the neighbourhood."""
CUT_SHAPE = -0.5
"""Shape of a generalised Pareto tail below which times end at a cut; other tails are above -.3."""


def response_times(material: Material) -> Iterator[DataFinding]:
    """Yield columns of times with a repeated value, a cut end, or impossible times.

    A repeated value must occur more often than its neighbourhood predicts, on each decimal lattice
    that it belongs to, so that rounded times are no finding (Poisson, corrected for the distinct
    values). A cut end is decided by the shape of the tail.
    """
    yield from _ends_before_it_begins(material)
    columns = _columns(material)
    for name, values in columns.items():
        cells = values[np.isfinite(values)]
        fastest = FASTEST_MS if np.median(cells) > 5 * FASTEST_MS and "seconds" not in name else 0.0
        positive = cells[cells > fastest]
        if len(positive) < FEWEST_TIMES or len(np.unique(positive)) < 0.2 * len(positive) ** 0.5:
            continue
        # A large part of the times is another unit, which other_range reports.
        few = (cells <= fastest).mean() < MANY_FAST
        fastest = fastest if few else 0.0
        positive = cells[cells > fastest]
        if (cells <= 0).any() or (few and (cells <= fastest).mean() > FEW_FAST):
            yield _impossible(material, name, cells, fastest)
        repeats = _repeats(positive, material.level / len(columns))
        yield from (_repeated(material, name, positive, value) for value in repeats)
        if not repeats:
            yield from _cut(material, name, positive, material.level / len(columns))


def _columns(material: Material) -> dict[str, Numbers]:
    """Return columns of times, by the plan, the schema, or their name."""
    behaviour = behaviour_of(material.data)
    known = {"response_time_ms", "seconds_total", behaviour.response_time if behaviour else None}
    numbers = {**material.trial_numbers, **material.person_numbers}
    if "response_time_ms" in material.trials and "response_time_ms" not in numbers:
        known.discard("response_time_ms")
    return {
        name: values
        for name, values in numbers.items()
        if name in known or NAMED.search(name)
        if len(np.unique(values[np.isfinite(values)])) > 15
    }


def _repeats(values: Numbers, level: float) -> list[float]:
    distinct, counts = np.unique(values, return_counts=True)
    steps = _lattice(values)
    suspects = np.flatnonzero(counts >= FEWEST_REPEATS)
    return [
        float(distinct[one])
        for one in suspects
        if stats.poisson.sf(counts[one] - 1, _expected(values, float(distinct[one]), steps))
        * len(distinct)
        < level
    ]


def _lattice(values: Numbers) -> list[float]:
    """Return the resolution of the values and its multiples by powers of ten."""
    steps = [10.0**power for power in range(-6, 4)]
    finest = max((step for step in steps if _on(values, step).all()), default=1e-6)
    return [finest * factor for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)]


def _expected(values: Numbers, value: float, steps: list[float]) -> float:
    others = values[values != value]
    expected = 0.0
    for step in steps:
        if not _on(np.array([value]), step)[0]:
            continue
        points = max(LEAST_POINTS, int(WINDOW * value / step))
        half = (points + 0.5) * step
        # The busier side counts, because times are dense on one side of a slope.
        left = float(((others < value) & (others >= value - half)).sum())
        right = float(((others > value) & (others <= value + half)).sum())
        share = float(_on(others, step).mean())
        expected = max(expected, (max(left, right) + 1) * share / points)
    return MARGIN * expected


def _on(values: Numbers, step: float) -> np.ndarray:
    ratio = values / step
    on: np.ndarray = np.abs(ratio - np.round(ratio)) < 1e-6
    return on


def _repeated(material: Material, name: str, values: Numbers, value: float) -> DataFinding:
    times = int((values == value).sum())
    if value == values.max():
        where = "the highest value, as if longer times had been cut to it"
    elif value == values.min():
        where = "the lowest value, as if shorter times had been cut to it"
    else:
        where = "far more often than the times around it, as a default or a code would be"
    rest = values[values != value]
    return DataFinding(
        "response_times",
        f"{counted(times, 'time')} of {len(values)} in “{name}” ({percent(times / len(values))}) "
        f"are exactly {plain(value)}: {where}. The mean is {values.mean():.0f} with them and "
        f"{rest.mean():.0f} without them.",
        "Find out whether the value is a time limit or stands for a missing time. Declare a code "
        "with `missing`, and treat times at a limit as “at least that long”.",
        columns=(name,),
        outcomes=material.outcomes_with(columns=[name]),
        p=material.level,
    )


def _ends_before_it_begins(material: Material) -> Iterator[DataFinding]:
    """Yield pairs of times of participants of which the end is before the beginning."""
    people = material.people
    times = [
        str(name)
        for name in people.columns
        if pd.api.types.is_datetime64_any_dtype(people[name]) and people[name].notna().any()
    ]
    for begin in (name for name in times if BEGIN.search(name)):
        for end in (name for name in times if END.search(name)):
            bad = (people[end] < people[begin]).fillna(False).to_numpy(dtype=bool)
            if begin == end or not bad.any():
                continue
            who = people.loc[bad, "participant"]
            yield DataFinding(
                "response_times",
                f"{counted(int(bad.sum()), 'participant')} ({listed(who)}) have a time in “{end}” "
                f"before that in “{begin}”.",
                "Find out whether the two were written in different time zones, and correct them. "
                "Times computed from them are wrong.",
                columns=(begin, end),
                outcomes=material.outcomes_with(columns=[begin, end]),
            )


def _impossible(material: Material, name: str, cells: Numbers, fastest: float) -> DataFinding:
    bad = cells[cells <= 0]
    fast = int((cells <= fastest).sum())
    parts = []
    if len(bad):
        parts.append(
            f"{counted(len(bad), 'time')} of {len(cells)} in “{name}” are {plain(bad.max())} or "
            "less, which is not a time"
        )
    if fast > len(bad):
        parts.append(
            f"{counted(fast - len(bad), 'time')} of {len(cells)} in “{name}” are between 0 and "
            f"{plain(fastest)}, too short for a reaction if they are milliseconds"
        )
    return DataFinding(
        "response_times",
        f"{', and '.join(parts)}.",
        "Declare the values as missing, with `missing` or `where` in the plan's [source].",
        columns=(name,),
        outcomes=material.outcomes_with(columns=[name]),
    )


def _cut(material: Material, name: str, values: Numbers, level: float) -> Iterator[DataFinding]:
    """Yield a finding if the logarithms of the longest times end as at a cut.

    Above the 90 % quantile the logarithms follow a generalised Pareto distribution, whose shape is
    estimated by probability-weighted moments (Hosking and Wallis, 1987). A cut inside the
    distribution has a shape near -1.
    """
    logs = np.sort(np.log(values))
    top = logs[int(0.9 * len(logs)) :]
    excess = top[1:] - top[0]
    n = len(excess)
    if n < 100 or excess.max() <= 0:
        return
    first = excess.mean()
    second = float((excess * (1 - (np.arange(1, n + 1) - 0.35) / n)).mean())
    if first <= 2 * second:
        return
    shape = 2 - first / (first - 2 * second)
    # Asymptotic variance of the estimate at the boundary shape (Hosking and Wallis, their eq. 10).
    k = -CUT_SHAPE
    variance = (1 + k) * (2 + k) ** 2 * (1 + k + 2 * k**2) / ((1 + 2 * k) * (3 + 2 * k)) / n
    z = (CUT_SHAPE - shape) / np.sqrt(variance)
    p = float(stats.norm.sf(z))
    if p < level:
        yield DataFinding(
            "response_times",
            f"The times in “{name}” end abruptly at {plain(values.max())}: "
            f"{percent(float((values > 0.9 * values.max()).mean()))} of them lie within the last "
            "tenth below it, as if longer times had been removed or cut.",
            "Find out whether trials with longer times were removed or a time limit was set, and "
            "say so where the times are reported.",
            columns=(name,),
            outcomes=material.outcomes_with(columns=[name]),
            p=p,
        )
