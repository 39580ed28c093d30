"""Codes of missing values that were left among the values."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    plain,
)

NEGATIVE = (-1, -2, -7, -8, -9, -66, -77, -88, -98, -99, -777, -888, -998, -999, -9999, -99999)
POSITIVE = (9, 66, 77, 88, 97, 98, 99, 666, 777, 888, 998, 999, 9998, 9999, 99999, 999999)
APART = 0.35
"""Distance of a code from the other values, as a share of their range, if it occurs repeatedly."""
USED = 5  # how many of the seven numbers around a code must occur for a comparison
SPREADS = 3.0
"""Distance of a code from the mean of the other values, in their standard deviations."""


def missing_code(material: Material) -> Iterator[DataFinding]:
    """Yield columns with values that are usual codes of missing values and do not belong there.

    A negative code is out of place where all other values are 0 or more. A positive code is out of
    place far above the other values, or, inside a range of more than 20 whole numbers, if it occurs
    far more often than its neighbours (Poisson, corrected for codes and columns).
    """
    columns = list(_columns(material))
    for name, values in columns:
        cells = values[np.isfinite(values)]
        if len(cells) < 2 * SOME:
            continue
        bad = [code for code in NEGATIVE if _negative(cells, code)]
        # A negative code would widen the range that decides what is far above it.
        others = cells[~np.isin(cells, bad)]
        bad += [code for code in POSITIVE if _far_above(others, code)]
        beyond = _p_beyond(others[~np.isin(others, bad)]) * len(columns) * len(POSITIVE)
        if not bad and beyond < material.level:
            bad = [int(others.max())]
        heaped = (
            []
            if bad
            else [code for code in POSITIVE if _heaped(others, code, len(columns)) < material.level]
        )
        for_certain = None if bad else material.level
        bad += heaped
        if not bad:
            continue
        rows = int(np.isin(cells, bad).sum())
        rest = cells[~np.isin(cells, bad)]
        yield DataFinding(
            "missing_code",
            f"“{name}” contains {' and '.join(map(plain, bad))} in {counted(rows, 'cell')}, "
            f"whereas the other values lie between {plain(rest.min())} and {plain(rest.max())}. "
            f"The mean is {cells.mean():.2f} with them and {rest.mean():.2f} without them.",
            "If they stand for missing values, declare them, for instance with `missing` in the "
            "plan's [source]: missing = { \"" + f"{bad[0]}" + '" = "not_answered" }.',
            columns=(name,),
            outcomes=material.outcomes_with(columns=[name]),
            p=for_certain,
        )


def _columns(material: Material) -> Iterator[tuple[str, Numbers]]:
    yield from material.trial_numbers.items()
    yield from material.person_numbers.items()
    for rows in material.raw.values():
        for item in rows.columns:
            yield str(item), rows[item].to_numpy(dtype=float)


def _negative(cells: Numbers, code: int) -> bool:
    others = cells[~np.isin(cells, NEGATIVE)]
    times = int((cells == code).sum())
    if not times or len(others) < SOME or others.min() < 0:
        return False
    if code < -2:
        return True
    # A difference of counts may be -1: only a gap, or many other values, make it a code.
    span = others.max() - others.min()
    apart = others.min() - code >= min(span, 2)
    return times / len(cells) < 0.5 and (apart or (times > 2 and len(np.unique(others)) > 9))


def _far_above(cells: Numbers, code: int) -> bool:
    others = cells[cells < code]
    times = int((cells == code).sum())
    if not times or len(others) < SOME or ((cells > code).any() and code not in (9, 99, 999, 9999)):
        return False
    beyond = cells[cells > code]
    if len(beyond) and not np.isin(beyond, POSITIVE).all():
        return False
    span = others.max() - others.min()
    gap = code - others.max()
    if span <= 0 or gap < APART * span or gap <= 1:
        return False
    far = code - others.mean() > SPREADS * others.std()
    return bool(far and (times > 1 or gap >= span))


def _p_beyond(cells: Numbers) -> float:
    """Return the probability that the highest whole number is a code beyond an unused value.

    In a distribution that falls towards its end, a value is at most as frequent as the value below
    it, so that all answers to the two are the higher one with a probability of at most a half each.
    """
    if len(cells) < SOME or (cells % 1 != 0).any() or cells.max() not in POSITIVE:
        return 1.0
    below = cells[cells < cells.max()]
    if not len(below) or cells.max() - below.max() < 2 or len(np.unique(below)) > 11:
        return 1.0
    return float(0.5 ** (cells == cells.max()).sum())


def _heaped(cells: Numbers, code: int, columns: int) -> float:
    """Return the probability that chance repeats the code so often, given its neighbours."""
    times = int((cells == code).sum())
    if times < 4 or code == 9 or (cells % 1 != 0).any() or np.ptp(cells) <= 20:
        return 1.0
    near = [float((cells == code + step).sum()) for step in (-4, -3, -2, -1, 1, 2, 3)]
    if sum(count > 0 for count in near) < USED:
        return 1.0  # only some numbers occur at all, as in percentages of few trials
    # Twice the busiest neighbour allows for preferred numbers.
    expected = max(2 * max(near), 0.5)
    return float(stats.poisson.sf(times - 1, expected)) * len(POSITIVE) * columns
