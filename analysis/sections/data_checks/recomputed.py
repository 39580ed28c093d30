"""Ratios and percentages that the source computed, compared with their recomputation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    once,
    plain,
)

AGREE = 0.98  # share of rows in which a recomputation must give the reported value
CERTAIN = 25.0
"""Natural logarithm of the odds against a recomputation that agrees by chance in all rows."""
EMPTY = "Leave these cells empty: a ratio without cases is missing and not zero."
Flags = npt.NDArray[np.bool_]
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
    too_low: Flags  # rows with a cut value that rounding would have made higher


def zero_by_zero(material: Material) -> Iterator[DataFinding]:
    """Yield ratios with a value in rows where their denominator is 0.

    A column is a ratio if it equals two counts divided by one another, in all rows with cases, or
    two differences of columns, as the weight of advice does. The counts are columns of the table
    or counts of the participant's trials.
    """
    yield from _differences(material)
    for match in _matches(material):
        empty = (match.ratio.over == 0) & np.isfinite(match.reported)
        if not empty.any():
            continue
        cases = match.ratio.over > 0
        known = match.ratio.counted is not None
        if not known and not _tells_cases(match.reported[empty], match.ratio.over[cases]):
            continue
        means = tuple(float(np.nanmean(match.reported[rows])) for rows in (empty | cases, cases))
        yield DataFinding(
            "zero_by_zero",
            f"“{match.name}” equals {match.ratio.words}, but it is "
            f"{listed_values(match.reported[empty])} for {counted(int(empty.sum()), 'row')} of "
            f"{int(np.isfinite(match.reported).sum())} in which there is no such case, so that the "
            f"ratio is 0 divided by 0. Its mean is {means[0]:.3g} with them and {means[1]:.3g} "
            "without them.",
            EMPTY,
            columns=(match.name, *match.ratio.columns),
            outcomes=material.outcomes_with(columns=[match.name]),
        )


def _tells_cases(without: Numbers, over: Numbers) -> bool:
    """Return whether a denominator with an unknown numerator can be that of the ratio.

    Its values without cases are then one value, and it varies: the number of all trials would
    divide every share of trials.
    """
    return len(np.unique(without)) == 1 and len(np.unique(over[np.isfinite(over)])) > 1


def cut_percentages(material: Material) -> Iterator[DataFinding]:
    """Yield percentages that equal the recomputed ones only if their last digits are cut off."""
    for match in _matches(material):
        if not match.too_low.any():
            continue
        arms = _arms_of(material, match)
        inside = f" in the arm {listed(material.data.labels[arm] for arm in arms)}" if arms else ""
        yield DataFinding(
            "cut_percentages",
            f"“{match.name}” equals {match.ratio.words} if its decimals are cut, not if they are "
            f"rounded: {counted(int(match.too_low.sum()), 'value')} of "
            f"{int(np.isfinite(match.reported).sum())} are too low in the last digit{inside}"
            f"{_example(match)}.",
            "Compute the percentages again from the counts, and round only for print.",
            columns=(match.name, *match.ratio.columns),
            arms=arms,
            outcomes=material.outcomes_with(columns=[match.name]),
        )


def _arms_of(material: Material, match: _Match) -> tuple[str, ...]:
    """Return the arms with values that are too low, if they are not all of them."""
    for table in (material.people, material.trials):
        if len(table) == len(match.too_low):
            arms = set(table["arm"][match.too_low])
            named = tuple(arm for arm in material.arms if arm in arms)
            return named if len(named) < len(material.arms) else ()
    return ()


def _differences(material: Material) -> Iterator[DataFinding]:
    """Yield trial columns that equal (a - b) / (c - b), with a value where c equals b."""
    trials = material.trial_numbers
    wholes = {
        name: values
        for name, values in trials.items()
        if len(np.unique(values[np.isfinite(values)])) > SOME and not _is_share(values)
    }
    names = list(wholes)[:MOST_CONDITIONS]
    reported = {
        name: values
        for name, values in trials.items()
        if (values[np.isfinite(values)] % 1 != 0).any()
    }
    for name, values in reported.items():
        for final, first, advice in permutations([one for one in names if one != name], 3):
            way, most = wholes[final] - wholes[first], wholes[advice] - wholes[first]
            cases = np.isfinite(values) & np.isfinite(way) & (np.abs(most) > 0)
            if cases.sum() < 4 * SOME or not _equals(values, way, most, cases):
                continue
            empty = (most == 0) & np.isfinite(values)
            if not empty.any():
                continue
            value = listed_values(values[empty])
            both = float(values[empty | cases].mean())
            yield DataFinding(
                "zero_by_zero",
                f"“{name}” equals (“{final}” − “{first}”) divided by (“{advice}” − “{first}”), but "
                f"it is {value} for {counted(int(empty.sum()), 'row')} of "
                f"{int(np.isfinite(values).sum())} in which “{advice}” equals “{first}”, so that "
                f"the ratio is divided by 0. Its mean is {both:.3g} with them and "
                f"{values[cases].mean():.3g} without them.",
                EMPTY,
                columns=(name, final, first, advice),
                outcomes=material.outcomes_with(columns=[name]),
            )
            break


def _is_share(values: Numbers) -> bool:
    cells = values[np.isfinite(values)]
    return bool((cells % 1 != 0).any() and cells.min() >= -1 and cells.max() <= 1)


def _equals(values: Numbers, way: Numbers, most: Numbers, cases: Flags) -> bool:
    """Return whether the values are the ratio, as such or cut to 0 and 1."""
    some = np.flatnonzero(cases)[: 4 * SOME]  # nearly all candidates differ in the first rows
    for rows in (some, np.flatnonzero(cases)):
        unit = 10.0 ** -_decimals(values[rows])
        exact = way[rows] / most[rows]
        near = np.abs(values[rows] - exact) <= 0.5 * unit + 1e-9
        near |= np.abs(values[rows] - np.clip(exact, 0, 1)) <= 0.5 * unit + 1e-9
        if near.mean() < AGREE or len(np.unique(values[rows])) < SOME:
            return False
    return True


def listed_values(values: Numbers) -> str:
    """Return up to three different values as 0 or 1."""
    return " or ".join(map(plain, np.unique(values)[:3]))


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


@once
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
    return [match for match in found.values() if not _is_inverse(match, found)]


def _is_inverse(match: _Match, found: Mapping[str, _Match]) -> bool:
    """Return whether the column is the denominator of another match, of which this is the inverse.

    A count equals its part divided by the percentage, too. The percentage has decimals or is the
    larger of the two.
    """
    other = found.get(match.ratio.columns[-1])
    if other is None or match.name not in other.ratio.columns:
        return False
    sizes = [(one.decimals > 0, float(np.nanmax(one.reported))) for one in (match, other)]
    return sizes[0] < sizes[1]


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
            shares = {**numbers, **_computed_items(material)}
            yield shares, [*pairs, *ratios, *_denominators(numbers, ratios)]
        else:
            yield numbers, [*pairs, *_denominators(numbers, [])]
            yield from _constant_columns(material, numbers, ratios)


def _computed_items(material: Material) -> dict[str, Numbers]:
    """Return by participant the items that a program may have computed, such as percentages."""
    people = material.people["participant"]
    return {
        str(item): np.asarray(
            rows[item].groupby(level="participant").first().reindex(people), dtype=np.float64
        )
        for rows in material.raw.values()
        for item in rows.columns
        if _is_ratio(rows[item].to_numpy(dtype=float))
    }


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
        if (over + 1).mean() > 0.3 * scale / unit:
            return None  # nearly every value would be a fraction of such a denominator
        exact = _nearest(values, over, scale, unit)
    tolerance = 1e-6 if decimals <= 6 else 1e-9
    rounded = np.abs(values - exact) <= 0.5 * unit + tolerance * scale / 100 + 1e-9
    cut = (exact - values > -1e-9) & (exact - values < unit - 1e-9)
    # At a tie, tools round up or to the even digit, so that an odd digit was cut.
    tie = np.abs(exact - values - 0.5 * unit) < 1e-9
    odd = np.round(values / unit) % 2 == 1
    low = cut & (~rounded | (tie & odd)) if cut.mean() >= AGREE else cut & ~rounded
    # Values of one arm or part of the file may be cut. A known ratio proves it row by row.
    fits = cut.mean() >= AGREE or (ratio.counted is not None and (cut | rounded).mean() >= AGREE)
    is_cut = decimals <= 4 and bool(fits) and low.sum() >= 2
    agrees = is_cut or bool(rounded.mean() >= AGREE)
    width = (over + 1) * unit / scale if ratio.counted is None else None
    if not agrees or not _telling(values, exact, width):
        return None
    too_low = np.zeros(len(reported), dtype=bool)
    if is_cut:
        too_low[rows] = low
    return _Match(name, reported, ratio, scale, decimals, too_low)


def _telling(values: Numbers, exact: Numbers, width: Numbers | None) -> bool:
    """Return whether so many rows would not agree by chance.

    With a known numerator, the chance is that of pairing the values and the ratios at random, over
    all candidates. Without it, each pair of value and denominator fits with probability `width`,
    the share of the values that are near a fraction.
    """
    inner = (values > 0) & (values != 1) & (values != 100)
    if width is not None:
        pairs = np.unique(np.column_stack([values[inner], width[inner]]), axis=0)
        chance = np.clip(2 * pairs[:, 1], None, 1)
        return len(pairs) >= 3 and -float(np.log(chance).sum()) > CERTAIN
    if not inner.any():
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
