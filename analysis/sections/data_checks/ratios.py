"""Ratios that a table allows: pairs of its counts, and shares of a participant's trials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from analysis.sections.data_checks.material import SOME, Material, Numbers

MOST_CONDITIONS = 12  # yes-or-no columns of trials that are combined


@dataclass(frozen=True)
class Ratio:
    """A recomputed ratio by row: numerator (None if unknown) and denominator, with its words."""

    words: str
    columns: tuple[str, ...]
    over: Numbers
    counted: Numbers | None


def is_ratio(values: Numbers) -> bool:
    """Return whether the values may be shares or percentages, except for a code of no cases."""
    cells = values[np.isfinite(values)]
    inside = (cells >= 0) & (cells <= 100)
    if not inside.all():
        if len(np.unique(cells[~inside])) > 1 or inside.mean() < 0.5:
            return False
        cells = cells[inside]
    if len(cells) < SOME:
        return False
    return len(np.unique(cells)) > 2 and (bool((cells % 1 != 0).any()) or cells.max() > 20)


def of_counts(numbers: Mapping[str, Numbers]) -> Iterator[Ratio]:
    """Yield the pairs of counts in a table of which one never exceeds the other."""
    counts = {
        name: values
        for name, values in numbers.items()
        if (values[np.isfinite(values)] % 1 == 0).all() and np.nanmin(values) >= 0
    }
    for (part, first), (whole, second) in permutations(counts.items(), 2):
        both = np.isfinite(first) & np.isfinite(second)
        if both.sum() >= SOME and (first[both] <= second[both]).all():
            yield Ratio(f"“{part}” divided by “{whole}”", (part, whole), second, first)
    for (part, first), (rest, second) in combinations(counts.items(), 2):
        yield Ratio(f"“{part}” divided by “{part}” + “{rest}”", (part, rest), first + second, first)
        yield Ratio(
            f"“{rest}” divided by “{part}” + “{rest}”", (rest, part), first + second, second
        )


def nearly(ratios: list[Ratio], reported: Numbers, unit: float) -> list[Ratio]:
    """Return the ratios with a known numerator that agree with most of the first reported values.

    A look at these rows spares the full comparison of nearly all ratios.
    """
    head = np.flatnonzero(np.isfinite(reported))[: 8 * SOME]
    if not ratios or not len(head):
        return []
    over = np.stack([ratio.over[head] for ratio in ratios])
    parts = np.stack([
        head * np.nan if ratio.counted is None else ratio.counted[head] for ratio in ratios
    ])  # fmt: skip
    exact = np.divide(parts, over, out=np.full(over.shape, np.nan), where=over > 0)
    scale = 100.0 if reported[head].max() > 1 else 1.0
    agree = np.abs(reported[head] - scale * exact) < unit + 1e-6
    known = np.isfinite(exact)
    good = agree.sum(axis=1) >= 0.8 * np.maximum(known.sum(axis=1), 1)
    return [ratio for ratio, fits in zip(ratios, good, strict=True) if fits]


def denominators(numbers: Mapping[str, Numbers], ratios: list[Ratio]) -> Iterator[Ratio]:
    """Yield possible denominators whose numerator is unknown."""
    for name, values in numbers.items():
        cells = values[np.isfinite(values)]
        if (cells % 1 == 0).all() and cells.min() >= 0 and 1 < cells.max() <= 200:
            yield Ratio(f"a count divided by “{name}”", (name,), values, None)
    for ratio in ratios:
        words = ratio.words.partition(" among ")[2]
        yield Ratio(
            f"a count divided by the number of {words}", ratio.columns[1:], ratio.over, None
        )


def of_trials(material: Material, people: pd.Series) -> Iterator[Ratio]:
    """Yield by participant the share of a yes-or-no column among trials with up to two others."""
    flags = _flags(material)
    codes = pd.Categorical(material.trials["participant"], categories=people).codes
    size = len(people)

    def count(rows: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Numbers:
        return np.bincount(codes[rows], minlength=size).astype(float)

    # Both values of a column are tried, because a share may have been written for either.
    sides = [(name, value, column == value) for name, column in flags.items() for value in (1, 0)]
    conditions: list[tuple[tuple[tuple[str, int], ...], np.ndarray]] = [
        ((), np.ones(len(codes), bool))
    ]
    conditions += [(((name, value),), rows) for name, value, rows in sides]
    conditions += [
        (((one, first), (two, second)), rows & more)
        for (one, first, rows), (two, second, more) in combinations(sides, 2)
        if one != two
    ]
    for among, rows in conditions:
        for name, value, hits in sides:
            if name in [condition for condition, _ in among]:
                continue
            answered = rows & np.isfinite(flags[name])
            over = count(answered)
            if not over.any():
                continue
            words = " and ".join(f"“{condition}” = {wanted}" for condition, wanted in among)
            among_words = f"trials with {words}" if among else "trials"
            yield Ratio(
                f"the share of “{name}” = {value} among {among_words}",
                (name, *(condition for condition, _ in among)),
                over,
                count(rows & hits),
            )


def _flags(material: Material) -> dict[str, Numbers]:
    """Return the yes-or-no columns of trials, and whether pairs of columns of words agree."""
    flags = {
        name: values
        for name, values in material.trial_numbers.items()
        if np.isin(values[np.isfinite(values)], (0.0, 1.0)).all()
        and len(np.unique(values[np.isfinite(values)])) == 2
    }
    trials = material.trials
    words = [
        name
        for name in material.labels(trials, 40)
        if not pd.api.types.is_numeric_dtype(trials[name])
    ]
    for one, two in combinations(words, 2):
        shared = set(trials[one].dropna()) & set(trials[two].dropna())
        if len(shared) >= 2:
            both = (trials[one].notna() & trials[two].notna()).to_numpy()
            same = (trials[one] == trials[two]).fillna(False).to_numpy(dtype=float)
            flags[f"{one} = {two}"] = np.where(both, same, np.nan)
    return dict(list(flags.items())[:MOST_CONDITIONS])


def decimals_of(values: Numbers) -> int:
    """Return the number of decimals of the values, at most 12."""
    for decimals in range(12):
        if np.abs(values - np.round(values, decimals)).max() < 1e-9:
            return decimals
    return 12
