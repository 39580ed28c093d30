"""Percentages whose counts are not in the files, cut instead of rounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.sections.data_checks.groups import Grouping
from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    plain,
)

AGREE = 0.98
Integers = npt.NDArray[np.int64]
MOST_PARTS, MOST_COLUMNS, SAMPLE = 6, 14, 40
MOST_CASES, MOST_MIXED, MOST_ROUNDED = 60, 20, 100
"""Largest denominators: of all rows, of rows with different ones, and of rounded alternatives."""
MOST_DISTINCT = 150
MOST_COVERED = 0.5
"""Share of all values that may be cut fractions of a denominator, so that agreement tells."""
DIGITS = ("in whole numbers", "with a decimal", "with two decimals", "with three decimals")
ADVICE = "Compute the percentages again from the counts, and round only for print."


# ---- Shares that make up a whole ----
def cut_wholes(material: Material) -> Iterator[DataFinding]:
    """Yield shares of a whole whose sums lie below it, as if each share had been cut.

    Sums of rounded shares deviate from the whole in both directions alike. If none of n different
    rows lies above it, their probability is 2⁻ⁿ, corrected for the sets of columns and the groups.
    """
    tables: list[tuple[Mapping[str, Numbers], pd.Series]] = [
        (material.trial_numbers, material.trials["participant"]),
        (material.person_numbers, material.people["participant"]),
    ]
    for file in material.files:
        kept = file.table["participant"].isin(material.people["participant"])
        people = file.table.loc[kept, "participant"]
        tables.append((file.numbers(material.people["participant"]), people))
    seen: set[str] = set()
    for number, (numbers, people) in enumerate(tables):
        unmapped = set() if number < 2 else set(material.files[number - 2].unmapped)
        for names, whole, unit, tests in _wholes(numbers):
            # A file is looked at for the sake of the columns that are not mapped.
            if seen & set(names) or (number >= 2 and not len(unmapped & set(names)) > 0):
                continue
            cells = np.column_stack([numbers[name] for name in names])
            found = _below(material, cells, people, whole, unit, tests)
            if found is not None:
                seen |= set(names)
                yield _whole_finding(material, names, cells, whole, found)


def _wholes(numbers: Mapping[str, Numbers]) -> Iterator[tuple[list[str], float, float, int]]:
    """Yield sets of columns that sum to 1 or 100 up to their last digits, the largest first."""
    parts = {
        name: values
        for name, values in numbers.items()
        if np.isfinite(values).sum() >= SOME
        and np.nanmin(values) >= 0
        and np.nanmax(values) <= 100
        and len(np.unique(values[np.isfinite(values)])) > 2
    }
    names = list(parts)[:MOST_COLUMNS]
    if len(names) < 2:
        return
    cells = np.column_stack([parts[name] for name in names])
    head = cells[np.isfinite(cells).all(axis=1)][:SAMPLE]
    if len(head) < SOME:
        return
    decimals = np.array([_decimals(parts[name]) for name in names])
    sizes = range(min(MOST_PARTS, len(names)), 1, -1)
    sets = [chosen for size in sizes for chosen in combinations(range(len(names)), size)]
    for chosen in sets:
        columns = list(chosen)
        unit = 10.0 ** -int(decimals[columns].max())
        sums = head[:, columns].sum(axis=1)
        whole = 100.0 if sums.mean() > 2 else 1.0
        if unit >= whole or np.abs(sums - whole).max() >= len(columns) * unit:
            continue
        yield [names[one] for one in columns], whole, unit, len(sets)


def _below(
    material: Material, cells: Numbers, people: pd.Series, whole: float, unit: float, tests: int
) -> tuple[Grouping, str, float] | tuple[None, str, float] | None:
    """Return the group whose sums lie below the whole, None for all rows, with p."""
    known = np.isfinite(cells).all(axis=1)
    groups = [(grouping, level) for grouping in material.groupings for level in grouping.large]
    tests *= 1 + len(groups)
    p = _p_below(cells[known], whole, unit) * tests
    if p < material.level:
        return None, "", p
    for grouping, level in groups:
        inside = known & (people.map(grouping.levels) == level).to_numpy()
        p = _p_below(cells[inside], whole, unit) * tests
        if p < material.level:
            return grouping, level, p
    return None


def _p_below(cells: Numbers, whole: float, unit: float) -> float:
    """Return the p of sums of rounded shares; 1 if they are not those of cut shares."""
    rows = np.unique(np.round(cells, 6), axis=0)
    gap = np.round((rows.sum(axis=1) - whole) / unit).astype(int)
    parts = cells.shape[1]
    usual = (1 - parts) / 2
    if len(gap) < SOME or (gap > 0).any() or (gap <= -parts).mean() > 1 - AGREE:
        return 1.0
    # A small part that is not among the columns would lower the sums by other amounts.
    if not 1.35 * usual <= gap.mean() <= 0.5 * usual:
        return 1.0
    return float(0.5 ** (gap < 0).sum())


def _whole_finding(
    material: Material,
    names: list[str],
    cells: Numbers,
    whole: float,
    found: tuple[Grouping | None, str, float],
) -> DataFinding:
    grouping, level, p = found
    sums = np.round(cells[np.isfinite(cells).all(axis=1)].sum(axis=1), 6)
    inside = "" if grouping is None else f" {grouping.inside(level)}"
    spread = "" if grouping else f"lie between {plain(sums.min())} and {plain(sums.max())} and "
    return DataFinding(
        "cut_percentages",
        f"{listed(names)} make up a whole, but their sums{inside} {spread}never exceed "
        f"{plain(whole)}. Rounded shares would sum to more than {plain(whole)} as often as to "
        "less: their decimals seem to be cut.",
        ADVICE,
        columns=tuple(names),
        outcomes=material.outcomes_with(columns=names),
        p=p,
    )


# ---- Shares of a number of cases that is not in the files ----
@dataclass(frozen=True)
class _Lattice:
    """Values of all fractions of a number of cases, cut and rounded, in units of the last digit."""

    words: str
    cut: Integers
    rounded: Integers
    cost: float  # natural logarithm of the number of lattices that are as simple


def cut_fractions(material: Material, known: set[str]) -> Iterator[DataFinding]:
    """Yield columns whose values are cut fractions of a number of cases that is not in the files.

    A lattice of fractions that covers a share c of all values contains n different values by chance
    with probability cⁿ. It must be so improbable, corrected for lattices, columns and groups, and
    that much more than for any rounded fractions. Columns in `known` are explained by counts.
    """
    columns = [one for one in _share_columns(material) if one[0] not in known]
    groups = [(grouping, level) for grouping in material.groupings for level in grouping.large]
    least = -np.log(material.level) + np.log(max(1, len(columns)))
    for name, values in columns:
        found = _cut_fractions(values.to_numpy(), least)
        if found is not None:
            yield _fraction_finding(material, name, values.to_numpy(), found, None, "")
            continue
        for grouping, level in groups:
            own = values[(grouping.levels.reindex(values.index) == level).to_numpy()]
            found = _cut_fractions(own.to_numpy(), least + np.log(len(groups)))
            if found is not None:
                yield _fraction_finding(material, name, own.to_numpy(), found, grouping, level)
                break


def _share_columns(material: Material) -> Iterator[tuple[str, pd.Series]]:
    """Yield by participant the columns that may be shares: few values from 0 to 1 or 100."""
    columns = [
        (name, pd.Series(values, index=table["participant"]))
        for numbers, table in (
            (material.trial_numbers, material.trials),
            (material.person_numbers, material.people),
        )
        for name, values in numbers.items()
    ]
    columns += [
        (str(item), rows[item].droplevel("page"))
        for rows in material.raw.values()
        for item in rows.columns
    ]
    for name, values in columns:
        cells = values.dropna().astype(float)
        if len(cells) < 2 * SOME or cells.min() < 0 or cells.max() > 100:
            continue
        distinct: Numbers = np.unique(cells.to_numpy(dtype=float))
        fraction = bool((distinct % 1 != 0).any()) or cells.max() > 20
        if fraction and 3 <= len(distinct) <= MOST_DISTINCT and _decimals(distinct) < len(DIGITS):
            yield name, cells


def _cut_fractions(values: Numbers, least: float) -> tuple[str, int, int, float] | None:
    """Return the lattice in words, the cut values, its unit's decimals, and p."""
    if len(values) < 2 * SOME:
        return None
    decimals = _decimals(values)
    size = (100 if values.max() > 1 else 1) * 10**decimals
    units, counts = np.unique(np.round(values * 10**decimals).astype(np.int64), return_counts=True)
    inner = (units > 0) & (units < size)
    distinct = units[inner]
    if len(distinct) < 2 or size < 20:
        return None
    best: tuple[float, _Lattice] | None = None
    for lattice in _lattices(size, MOST_CASES, MOST_MIXED):
        inside = np.isin(units, lattice.cut)
        covered = len(lattice.cut) / (size + 1)
        if covered > MOST_COVERED or counts[inside].sum() < AGREE * counts.sum():
            continue
        only_cut = np.isin(distinct, lattice.cut) & ~np.isin(distinct, lattice.rounded)
        if only_cut.sum() < 2:
            continue
        nats = -np.log(covered) * np.isin(distinct, lattice.cut).sum() - lattice.cost
        if best is None or nats > best[0]:
            best = nats, lattice
    if best is None or best[0] <= least:
        return None
    gain = best[0] - _rounded(units, counts, distinct, size)
    if gain <= least:
        return None
    changed = np.isin(units, best[1].cut) & ~np.isin(units, best[1].rounded)
    return best[1].words, int(counts[changed].sum()), decimals, float(np.exp(least - gain))


def _rounded(units: Integers, counts: Integers, distinct: Integers, size: int) -> float:
    """Return how improbable the agreement with rounded fractions is, in the best of lattices."""
    best = 0.0
    for lattice in _lattices(size, MOST_ROUNDED, MOST_MIXED):
        inside = np.isin(units, lattice.rounded)
        covered = len(lattice.rounded) / (size + 1)
        if covered < 1 and counts[inside].sum() >= AGREE * counts.sum():
            agreeing = np.isin(distinct, lattice.rounded).sum()
            best = max(best, -np.log(covered) * agreeing - lattice.cost)
    return float(best)


@cache
def _lattices(size: int, most: int, most_mixed: int) -> tuple[_Lattice, ...]:
    lattices = []
    mixed_cut: set[int] = set()
    mixed_rounded: set[int] = set()
    for cases in range(2, most + 1):
        exact = size * np.arange(cases + 1)
        cut = exact // cases
        # At a tie, tools round up or to the even digit: both are rounded.
        rounded = np.unique(
            np.concatenate(
                [(2 * exact + cases) // (2 * cases), -((cases - 2 * exact) // (2 * cases))]
            )
        )
        cost = float(np.log(cases * (cases + 1)))
        lattices.append(_Lattice(f"{cases} cases", np.unique(cut), rounded, cost))
        mixed_cut |= set(cut.tolist())
        mixed_rounded |= set(rounded.tolist())
        if 3 <= cases <= most_mixed:
            cut_values, rounded_values = (
                np.array(sorted(values)) for values in (mixed_cut, mixed_rounded)
            )
            lattices.append(_Lattice(f"up to {cases} cases", cut_values, rounded_values, cost))
    return tuple(lattices)


def _fraction_finding(
    material: Material,
    name: str,
    values: Numbers,
    found: tuple[str, int, int, float],
    grouping: Grouping | None,
    level: str,
) -> DataFinding:
    words, changed, decimals, p = found
    inside = "" if grouping is None else f" {grouping.inside(level)}"
    scale = "percentages" if values.max() > 1 else "shares"
    return DataFinding(
        "cut_percentages",
        f"The values of “{name}”{inside} are {scale} of {words} "
        f"{DIGITS[decimals]} if the rest is cut off, not if they are rounded: "
        f"{counted(changed, 'value')} of {len(values)} would be higher if rounded.",
        ADVICE,
        columns=(name,),
        outcomes=material.outcomes_with(columns=[name]),
        p=p,
    )


def _decimals(values: Numbers) -> int:
    cells = values[np.isfinite(values)]
    for decimals in range(6):
        if np.abs(cells - np.round(cells, decimals)).max(initial=0) < 1e-9:
            return decimals
    return 6
