"""Ratios and percentages that the source computed, compared with their recomputation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

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
from analysis.sections.data_checks.rate_differences import rate_differences
from analysis.sections.data_checks.ratios import (
    MOST_CONDITIONS,
    Ratio,
    decimals_of,
    denominators,
    is_ratio,
    nearly,
    of_counts,
    of_trials,
)
from analysis.sections.data_checks.shares import cut_fractions, cut_wholes
from analysis.study_data.other_studies.file_columns import FILE, FileColumns

AGREE = 0.98  # share of rows in which a recomputation must give the reported value
CERTAIN = 25.0
"""Natural logarithm of the odds against a recomputation that agrees by chance in all rows."""
MOST_FILES = 12  # of a table, of which each is looked at for itself
EMPTY = "Leave these cells empty: a ratio without cases is missing and not zero."
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Match:
    """A reported column whose values are a recomputed ratio, times `scale`."""

    name: str
    reported: Numbers
    ratio: Ratio
    scale: float
    decimals: int
    too_low: Flags  # rows with a cut value that rounding would have made higher
    in_file: bool = False  # whether the rows are those of files, with columns that are not mapped
    files: tuple[str, ...] = ()  # the file of each row, if there are several
    part: str = ""  # the only file of several that the ratio explains


def zero_by_zero(material: Material) -> Iterator[DataFinding]:
    """Yield ratios with a value in rows where their denominator is 0.

    A column is a ratio if it equals two counts divided by one another, in all rows with cases, or
    two differences of columns, as the weight of advice does. The counts are columns of the table
    or counts of the participant's trials.
    """
    yield from _differences(material)
    yield from rate_differences(material)
    for match in (*_matches(material), *_matches_in_files(material)):
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
            f"ratio is 0 divided by 0{_in_files(match, empty)}. Its mean is {means[0]:.3g} with "
            f"them and {means[1]:.3g} "
            "without them.",
            EMPTY,
            columns=(match.name, *match.ratio.columns),
            outcomes=_outcomes(material, match),
        )


def _tells_cases(without: Numbers, over: Numbers) -> bool:
    """Return whether a denominator with an unknown numerator can be that of the ratio.

    Its values without cases are then one value, and it varies: the number of all trials would
    divide every share of trials.
    """
    return len(np.unique(without)) == 1 and len(np.unique(over[np.isfinite(over)])) > 1


def cut_percentages(material: Material) -> Iterator[DataFinding]:
    """Yield percentages that equal the recomputed ones only if their last digits are cut off.

    Without counts, shares of a whole are looked at together, and the other values as fractions.
    """
    matches = [*_matches(material), *_matches_in_files(material)]
    explained = {match.name for match in matches}
    for finding in cut_wholes(material):
        explained |= set(finding.columns)
        yield finding
    yield from cut_fractions(material, explained)
    for match in matches:
        if not match.too_low.any():
            continue
        arms = _arms_of(material, match)
        inside = f" in the arm {listed(material.data.labels[arm] for arm in arms)}" if arms else ""
        inside += _in_files(match, match.too_low)
        yield DataFinding(
            "cut_percentages",
            f"“{match.name}” equals {match.ratio.words} if its decimals are cut, not if they are "
            f"rounded: {counted(int(match.too_low.sum()), 'value')} of "
            f"{int(np.isfinite(match.reported).sum())} are too low in the last digit{inside}"
            f"{_example(match)}.",
            "Compute the percentages again from the counts, and round only for print.",
            columns=(match.name, *match.ratio.columns),
            arms=arms,
            outcomes=_outcomes(material, match),
        )


def _outcomes(material: Material, match: _Match) -> dict[str, str]:
    """Return the outcomes of the column, or all if it is one of several columns of a wide file."""
    outcomes = material.outcomes_with(columns=[match.name])
    return outcomes or (material.all_outcomes if match.in_file else {})


def _in_files(match: _Match, rows: Flags) -> str:
    """Return in words the files with these rows, if they are not all files."""
    if match.part:
        return f" in the file “{match.part}”"
    files = dict.fromkeys(np.asarray(match.files)[rows]) if match.files else {}
    if not files or len(files) == len(set(match.files)):
        return ""
    return f" in the {'file' if len(files) == 1 else 'files'} {listed(files)}"


def _arms_of(material: Material, match: _Match) -> tuple[str, ...]:
    """Return the arms with values that are too low, if they are not all of them."""
    if match.in_file:
        return ()
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
        unit = 10.0 ** -decimals_of(values[rows])
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
        reported = {name: values for name, values in numbers.items() if is_ratio(values)}
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


def _matches_in_files(material: Material) -> list[_Match]:
    """Return matches with counts or conditions in columns of the files that are not mapped.

    Files of the same table and columns are looked at together, and each of them only for columns
    that no ratio explains in all of them.
    """
    known = {match.name for match in _matches(material)}
    matches: list[_Match] = []
    for file in material.files:
        whole = {match.name: match for match in _matches_in(material, file, known)}
        explained = known | set(whole)
        for found in (whole, *(_of_part(material, part, explained) for part in _parts(file))):
            matches += [match for match in found.values() if not _is_inverse(match, found)]
        # A participant's share of trials is explained by one table.
        known |= {match.name for match in whole.values() if not match.in_file}
    return matches


def _of_part(material: Material, part: FileColumns, known: set[str]) -> dict[str, _Match]:
    found = {match.name: match for match in _matches_in(material, part, known)}
    return {name: replace(match, part=part.file) for name, match in found.items()}


def _matches_in(material: Material, file: FileColumns, known: set[str]) -> Iterator[_Match]:
    unmapped = set(file.unmapped)
    if not unmapped:
        return
    numbers = file.numbers(material.people["participant"])
    reported = {
        name: values
        for name, values in numbers.items()
        if name not in known | unmapped and is_ratio(values)
    }
    if reported:
        counts = [ratio for ratio in of_counts(numbers) if unmapped & set(ratio.columns)]
        others = list(denominators({one: numbers[one] for one in unmapped & set(numbers)}, []))
        files: tuple[str, ...] = ()
        if FILE in file.table:
            there = file.table["participant"].isin(material.people["participant"])
            files = tuple(file.table.loc[there, FILE])
        for name, values in reported.items():
            near = nearly(counts, values, 10.0 ** -decimals_of(values[np.isfinite(values)]))
            match = _first_match(name, values, [*near, *others])
            if match is not None:
                yield replace(match, files=files)
    yield from _of_unmapped_trials(material, file, known)


def _parts(file: FileColumns) -> Iterator[FileColumns]:
    """Yield the files that were stacked, each for itself, unless they are many."""
    if not file.unmapped or FILE not in file.table or file.table[FILE].nunique() > MOST_FILES:
        return
    for name, table in file.table.groupby(FILE, sort=False):
        rows = table.drop(columns=FILE).reset_index(drop=True)
        yield FileColumns(str(name), file.into, rows, file.unmapped)


def _first_match(name: str, values: Numbers, ratios: list[Ratio]) -> _Match | None:
    for ratio in ratios:
        match = None if name in ratio.columns else _match(name, values, ratio)
        if match is not None:
            return replace(match, in_file=True)
    return None


def _of_unmapped_trials(material: Material, file: FileColumns, known: set[str]) -> Iterator[_Match]:
    """Yield values by participant that are shares of trials, by columns that are not mapped."""
    conditions = [
        name for name in file.unmapped if 2 <= file.table[name].nunique() <= MOST_CONDITIONS
    ]
    if file.into != "trials" or not conditions:
        return
    people = material.people["participant"]
    reported = {
        name: values
        for name, values in {**material.person_numbers, **_computed_items(material)}.items()
        if name not in known and is_ratio(values)
    }
    if not reported:
        return
    # The file may contain the trials of some participants only.
    there = people.isin(file.table["participant"]).to_numpy()
    reported = {name: np.where(there, values, np.nan) for name, values in reported.items()}
    trials = Material(replace(material.data, trials=file.table), material.level)
    ratios = [
        ratio
        for ratio in of_trials(trials, people)
        if any(name in part for part in ratio.columns for name in conditions)
    ]
    for name, values in reported.items():
        near = nearly(ratios, values, 10.0 ** -decimals_of(values[np.isfinite(values)]))
        match = _first_match(name, values, near)
        if match is not None:
            yield replace(match, in_file=False)


def _is_inverse(match: _Match, found: Mapping[str, _Match]) -> bool:
    """Return whether the column is the denominator of another match, of which this is the inverse.

    A count equals its part divided by the percentage, too. The percentage has decimals or is the
    larger of the two.
    """
    if not match.ratio.columns:  # a count among all trials
        return False
    other = found.get(match.ratio.columns[-1])
    if other is None or match.name not in other.ratio.columns:
        return False
    sizes = [(one.decimals > 0, float(np.nanmax(one.reported))) for one in (match, other)]
    return sizes[0] < sizes[1]


def _tables(material: Material) -> Iterator[tuple[Mapping[str, Numbers], list[Ratio]]]:
    """Yield the tables with a row per participant or trial, and the ratios that each allows."""
    people = material.people["participant"]
    ratios = list(of_trials(material, people))
    for numbers in (material.person_numbers, material.trial_numbers):
        pairs = list(of_counts(numbers))
        if numbers is material.person_numbers:
            shares = {**numbers, **_computed_items(material)}
            yield shares, [*pairs, *ratios, *denominators(numbers, ratios)]
        else:
            yield numbers, [*pairs, *denominators(numbers, [])]
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
        if is_ratio(rows[item].to_numpy(dtype=float))
    }


def _constant_columns(
    material: Material, numbers: Mapping[str, Numbers], ratios: list[Ratio]
) -> Iterator[tuple[Mapping[str, Numbers], list[Ratio]]]:
    """Yield trial columns that hold one value per participant, as a table of participants."""
    groups = material.trials["participant"]
    own = {
        name: pd.Series(values).groupby(groups.to_numpy())
        for name, values in numbers.items()
        if is_ratio(values)
    }
    by_person: dict[str, Numbers] = {
        name: np.asarray(group.first().reindex(material.people["participant"]), dtype=np.float64)
        for name, group in own.items()
        if (group.nunique() <= 1).all()
    }
    if by_person and groups.duplicated().any():
        yield by_person, [*ratios, *denominators({}, ratios)]


def _match(name: str, reported: Numbers, ratio: Ratio) -> _Match | None:
    rows = np.isfinite(reported) & np.isfinite(ratio.over) & (ratio.over > 0)
    if ratio.counted is not None:
        rows &= np.isfinite(ratio.counted)
    values = reported[rows]
    if len(values) < SOME:
        return None
    decimals = decimals_of(values)
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
