"""Ratios and percentages that the source computed, compared with their recomputation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    plain,
)

AGREE = 0.98  # share of rows in which a recomputation must give the reported value
CERTAIN = 25.0
"""Natural logarithm of the odds against a recomputation that agrees by chance in all rows."""
MOST_CONDITIONS = 12  # yes-or-no columns of trials that are combined


@dataclass(frozen=True)
class _Ratio:
    """A recomputed ratio by row: numerator (None if unknown) and denominator, with its words."""

    words: str
    columns: tuple[str, ...]
    over: Numbers
    counted: Numbers | None


@dataclass(frozen=True)
class _Match:
    """A reported column whose values are a recomputed ratio, times `scale`."""

    name: str
    reported: Numbers
    ratio: _Ratio
    scale: float
    decimals: int
    cut: bool  # whether the values are cut, and not rounded, in rows where that differs
    differ: int  # number of rows where cutting and rounding differ


def zero_by_zero(material: Material) -> Iterator[DataFinding]:
    """Yield ratios with a value in rows where their denominator is 0.

    A column is a ratio if it equals two counts divided by one another, in all rows with cases.
    The counts are columns of the table or counts of the participant's trials.
    """
    for match in _matches(material):
        empty = (match.ratio.over == 0) & np.isfinite(match.reported)
        if not empty.any():
            continue
        cases = match.ratio.over > 0
        value = np.unique(match.reported[empty])
        means = tuple(float(np.nanmean(match.reported[rows])) for rows in (empty | cases, cases))
        yield DataFinding(
            "zero_by_zero",
            f"“{match.name}” equals {match.ratio.words}, but it is "
            f"{' or '.join(map(plain, value))} for {counted(int(empty.sum()), 'row')} of "
            f"{int(np.isfinite(match.reported).sum())} in which there is no such case, so that the "
            f"ratio is 0 divided by 0. Its mean is {means[0]:.3g} with them and {means[1]:.3g} "
            "without them.",
            "Leave these cells empty: a ratio without cases is missing and not zero.",
            columns=(match.name, *match.ratio.columns),
            outcomes=material.outcomes_with(columns=[match.name]),
        )


def cut_percentages(material: Material) -> Iterator[DataFinding]:
    """Yield percentages that equal the recomputed ones only if their last digits are cut off."""
    for match in _matches(material):
        if not match.cut:
            continue
        example = _example(match)
        yield DataFinding(
            "cut_percentages",
            f"“{match.name}” equals {match.ratio.words} if its decimals are cut, not if they are "
            f"rounded: {counted(match.differ, 'value')} of "
            f"{int(np.isfinite(match.reported).sum())} are too low in the last digit{example}.",
            "Compute the percentages again from the counts, and round only for print.",
            columns=(match.name, *match.ratio.columns),
            outcomes=material.outcomes_with(columns=[match.name]),
        )


def _example(match: _Match) -> str:
    if match.ratio.counted is None:
        return ""
    exact = (
        match.scale * match.ratio.counted / np.where(match.ratio.over > 0, match.ratio.over, np.nan)
    )
    wrong = np.flatnonzero(exact - match.reported > 0.5 * 10.0**-match.decimals + 1e-9)
    if not len(wrong):
        return ""
    row = wrong[0]
    return (
        f", for instance {plain(match.reported[row])} for {plain(match.ratio.counted[row])} of "
        f"{plain(match.ratio.over[row])}"
    )


def _matches(material: Material) -> list[_Match]:
    """Return at most one match by reported column: a recomputation with a known numerator first."""
    found: dict[str, _Match] = {}
    for numbers, ratios in _tables(material):
        reported = {name: values for name, values in numbers.items() if _is_ratio(values)}
        if not reported:
            continue
        for ratio in ratios:
            for name, values in reported.items():
                known = found.get(name)
                if name in ratio.columns or (known and known.ratio.counted is not None):
                    continue
                match = _match(name, values, ratio)
                if match and (known is None or ratio.counted is not None):
                    found[name] = match
    return list(found.values())


def _is_ratio(values: Numbers) -> bool:
    cells = values[np.isfinite(values)]
    if len(cells) < SOME or cells.min() < 0 or cells.max() > 100:
        return False
    return len(np.unique(cells)) > 2 and (bool((cells % 1 != 0).any()) or cells.max() > 20)


def _tables(material: Material) -> Iterator[tuple[Mapping[str, Numbers], list[_Ratio]]]:
    """Yield the tables with a row per participant or trial, and the ratios that each allows."""
    people = material.people["participant"]
    ratios = list(_of_trials(material, people))
    for numbers in (material.person_numbers, material.trial_numbers):
        pairs = list(_of_counts(numbers))
        if numbers is material.person_numbers:
            yield numbers, [*pairs, *ratios, *_denominators(numbers, ratios)]
        else:
            yield numbers, [*pairs, *_denominators(numbers, [])]
            yield from _constant_columns(material, numbers, ratios)


def _constant_columns(
    material: Material, numbers: Mapping[str, Numbers], ratios: list[_Ratio]
) -> Iterator[tuple[Mapping[str, Numbers], list[_Ratio]]]:
    """Yield trial columns that hold one value per participant, as a table of participants."""
    groups = material.trials["participant"]
    own = {
        name: pd.Series(values).groupby(groups.to_numpy())
        for name, values in numbers.items()
        if _is_ratio(values)
    }
    by_person: dict[str, Numbers] = {
        name: np.asarray(group.first().reindex(material.people["participant"]), dtype=np.float64)
        for name, group in own.items()
        if (group.nunique() <= 1).all()
    }
    if by_person and groups.duplicated().any():
        yield by_person, [*ratios, *_denominators({}, ratios)]


def _of_counts(numbers: Mapping[str, Numbers]) -> Iterator[_Ratio]:
    """Yield the pairs of counts in a table of which one never exceeds the other."""
    counts = {
        name: values
        for name, values in numbers.items()
        if (values[np.isfinite(values)] % 1 == 0).all() and np.nanmin(values) >= 0
    }
    for (part, first), (whole, second) in permutations(counts.items(), 2):
        both = np.isfinite(first) & np.isfinite(second)
        if both.sum() >= SOME and (first[both] <= second[both]).all():
            yield _Ratio(f"“{part}” divided by “{whole}”", (part, whole), second, first)
    for (part, first), (rest, second) in combinations(counts.items(), 2):
        yield _Ratio(
            f"“{part}” divided by “{part}” + “{rest}”", (part, rest), first + second, first
        )
        yield _Ratio(
            f"“{rest}” divided by “{part}” + “{rest}”", (rest, part), first + second, second
        )


def _denominators(numbers: Mapping[str, Numbers], ratios: list[_Ratio]) -> Iterator[_Ratio]:
    """Yield possible denominators whose numerator is unknown."""
    for name, values in numbers.items():
        cells = values[np.isfinite(values)]
        if (cells % 1 == 0).all() and cells.min() >= 0 and 1 < cells.max() <= 200:
            yield _Ratio(f"a count divided by “{name}”", (name,), values, None)
    for ratio in ratios:
        words = ratio.words.partition(" among ")[2]
        yield _Ratio(
            f"a count divided by the number of {words}", ratio.columns[1:], ratio.over, None
        )


def _of_trials(material: Material, people: pd.Series) -> Iterator[_Ratio]:
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
            yield _Ratio(
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


def _match(name: str, reported: Numbers, ratio: _Ratio) -> _Match | None:
    rows = np.isfinite(reported) & np.isfinite(ratio.over) & (ratio.over > 0)
    if ratio.counted is not None:
        rows &= np.isfinite(ratio.counted)
    values = reported[rows]
    if len(values) < SOME:
        return None
    decimals = _decimals(values)
    scale = 100.0 if values.max() > 1 else 1.0
    over = ratio.over[rows]
    unit = 10.0**-decimals
    if ratio.counted is not None:
        exact = scale * ratio.counted[rows] / over
    else:
        if (over + 1).mean() > 0.3 * scale / unit or len(np.unique(over)) < 2:
            return None  # nearly every value would be a fraction of such a denominator
        exact = _nearest(values, over, scale, unit)
    tolerance = 1e-6 if decimals <= 6 else 1e-9
    rounded = np.abs(values - exact) <= 0.5 * unit + tolerance * scale / 100 + 1e-9
    cut = (exact - values > -1e-9) & (exact - values < unit - 1e-9)
    # At a tie, tools round up or to the even digit, so that an odd digit was cut.
    tie = np.abs(exact - values - 0.5 * unit) < 1e-9
    differ = int((cut & (~rounded | (tie & (np.round(values / unit) % 2 == 1)))).sum())
    is_cut = decimals <= 4 and bool(cut.mean() >= AGREE) and differ >= 2
    agrees = is_cut or bool(rounded.mean() >= AGREE)
    if not agrees or not _telling(values, exact, ratio.counted is not None):
        return None
    return _Match(name, reported, ratio, scale, decimals, is_cut, differ)


def _telling(values: Numbers, exact: Numbers, known: bool) -> bool:
    """Return whether so many rows would not agree by chance.

    The chance is that of pairing the values and the ratios at random, over all candidates.
    """
    inner = values[(values > 0) & (values != 1) & (values != 100)]
    if len(np.unique(inner)) < (1 if known else 3):
        return False
    _, counts = np.unique(np.round(exact, 6), return_counts=True)
    chance = float(((counts / counts.sum()) ** 2).sum())
    return chance < 1 and -len(values) * np.log(max(chance, 1e-12)) > CERTAIN


def _nearest(values: Numbers, over: Numbers, scale: float, unit: float) -> Numbers:
    """Return the fraction of `over` that rounds to the value, else the one that is cut to it."""
    fraction = np.round(values * over / scale)
    exact = scale * fraction / over
    above = scale * np.ceil((values - 1e-9) * over / scale) / over
    cut = (above - values < unit - 1e-9) & (np.abs(exact - values) > 0.5 * unit + 1e-9)
    return np.where(cut, above, exact)


def _decimals(values: Numbers) -> int:
    """Return the number of decimals of the values, at most 12."""
    for decimals in range(12):
        if np.abs(values - np.round(values, decimals)).max() < 1e-9:
            return decimals
    return 12
