"""Columns that were moved by a row, and rows whose cells were moved by a column."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    percent,
    signed,
)

Codes = NDArray[np.int64]
LAGS = (-3, -2, -1, 1, 2, 3)
FEWEST_ROWS = 20
SELDOM = 0.1
"""Share of empty cells of a column up to which an empty cell hints at moved cells."""
ADVICE = (
    "Compare the column with the original file, from the first row on, and move its cells back to "
    "their rows."
)


def shifted(material: Material) -> Iterator[DataFinding]:
    """Yield columns that fit the others only after a move by rows, and rows moved by a column.

    An item is moved if it correlates with its scale in another row and not in its own (difference
    of Fisher's z, corrected for items and moves). A trial column is moved if, in another row and
    not in its own, it is determined by its image or by two other columns, or its image explains it
    (F test).
    """
    yield from _items(material)
    found = [*_by_image(material), *_by_identity(material)]
    yield from found
    if not found:
        yield from _by_image_means(material)
    yield from _moved_rows(material)


def _items(material: Material) -> Iterator[DataFinding]:
    tests = len(LAGS) * max(1, len(material.items))
    for scale, rows in material.scales:
        values = material.keyed(rows)
        if values.shape[1] < 3 or len(values) < FEWEST_ROWS:
            continue
        for item in values.columns:
            rest = values.drop(columns=item).mean(axis=1).to_numpy()
            cells = values[item].to_numpy()
            own = _correlation(cells, rest)
            lags = {lag: _lagged(cells, rest, lag) for lag in LAGS}
            lag = max(lags, key=lambda one: lags[one])
            gap = np.arctanh(lags[lag]) - np.arctanh(own)
            p = float(special.ndtr(-gap * np.sqrt((len(values) - 4) / 2))) * tests
            z = np.arctanh(lags[lag]) * np.sqrt(len(values) - 4)
            alone = float(special.ndtr(-z)) * tests
            if max(p, alone) < material.level:
                yield _moved(
                    material,
                    str(item),
                    -lag,
                    f"In “{scale}”, “{item}” correlates {signed(own)} with the other items of the "
                    f"same participant, but {signed(lags[lag])} with those",
                    max(p, alone),
                )


def _lagged(cells: Numbers, rest: Numbers, lag: int) -> float:
    """Return the correlation of the cells, moved down by `lag` rows, with the rest."""
    if lag > 0:
        return _correlation(cells[:-lag], rest[lag:])
    return _correlation(cells[-lag:], rest[:lag])


def _correlation(first: Numbers, second: Numbers) -> float:
    both = ~(np.isnan(first) | np.isnan(second))
    first, second = first[both], second[both]
    if len(first) < FEWEST_ROWS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.clip(np.corrcoef(first, second)[0, 1], -0.999, 0.999))


def _moved(material: Material, name: str, lag: int, words: str, p: float | None) -> DataFinding:
    rows = counted(abs(lag), "row")
    return DataFinding(
        "shifted",
        f"{words} {rows} {'below' if lag < 0 else 'above'}: the column seems to be moved by "
        f"{rows}.",
        ADVICE,
        columns=(name,),
        outcomes=material.outcomes_with(columns=[name]) or material.all_outcomes,
        p=p,
    )


def _candidates(material: Material) -> list[str]:
    trials = material.trials
    return [
        str(name)
        for name in trials.columns
        if name not in ADMINISTRATIVE
        and name not in ("participant", "arm", "image", "image_set", "decision_correct")
        and not pd.api.types.is_datetime64_any_dtype(trials[name])
        and trials[name].nunique() >= 2
    ]


def _by_image(material: Material) -> Iterator[DataFinding]:
    """Yield columns that an image determines in another row and not in its own."""
    trials = material.trials
    if trials["image"].nunique() < 3:
        return
    images, sources = _codes(trials["image"]), _sources(trials["participant"])
    for name in _candidates(material):
        values = _codes(trials[name])
        own = _constancy(values, images)
        if own is None or own > 0.9:
            continue
        for lag in LAGS:
            there = _constancy(_taken(values, sources[lag]), images)
            if there is not None and there >= 0.985 and there - own > 0.1:
                yield _moved(
                    material,
                    name,
                    -lag,
                    f"“{name}” agrees with the image of its own row in {percent(own)} of the rows, "
                    f"but in {percent(there)} with the image",
                    None,
                )
                break


def _codes(column: pd.Series) -> Codes:
    """Return a number from 0 on for each different cell, and -1 for missing cells."""
    return pd.factorize(column.astype("object"))[0]


def _sources(participants: pd.Series) -> dict[int, Codes]:
    """Return by lag the row from which each row takes its cell: of the same participant, or -1."""
    rows = pd.Series(np.arange(len(participants)), index=participants.index)
    own = rows.groupby(participants)
    return {lag: own.shift(lag).fillna(-1).to_numpy(dtype=np.int64) for lag in LAGS}


def _taken(codes: Codes, source: Codes) -> Codes:
    return np.where(source >= 0, codes[source], -1)


def _constancy(values: Codes, images: Codes) -> float | None:
    """Return the share of rows with the image's most frequent value, of images shown repeatedly."""
    known = (values >= 0) & (images >= 0)
    if not known.any():
        return None
    width = int(values.max()) + 1
    pairs, counts = np.unique(images[known] * width + values[known], return_counts=True)
    first = np.flatnonzero(np.diff(pairs // width, prepend=-1))  # of each image
    most, total = np.maximum.reduceat(counts, first), np.add.reduceat(counts, first)
    repeated = total >= 3
    if total[repeated].sum() < FEWEST_ROWS or len(np.unique(pairs % width)) < 2:
        return None
    return float(most[repeated].sum() / total[repeated].sum())


def _by_identity(material: Material) -> Iterator[DataFinding]:
    """Yield yes-or-no columns that state the equality of two others, of another row."""
    trials = material.trials
    names = _candidates(material)
    flags = {
        name: values
        for name, values in material.trial_numbers.items()
        if name in names and set(np.unique(values[np.isfinite(values)])) == {0.0, 1.0}
    }
    sources = _sources(trials["participant"])
    reported: set[str] = set()
    for one, two in _comparable(trials, names, flags):
        both = _codes(pd.concat([trials[one], trials[two]], ignore_index=True))
        first, second = both[: len(trials)], both[len(trials) :]
        for name, values in flags.items():
            if name in (one, two) or name in reported or {one, two} & reported:
                continue
            flag = np.where(np.isfinite(values), values, -1).astype(np.int64)
            own = _agreement(flag, first, second)
            if own >= 0.95 or own <= 0.05:
                continue
            for number, moved in enumerate((name, one, two)):
                lag = _identity_lag((flag, first, second), number, sources)
                if lag is None:
                    continue
                reported.add(moved)
                yield _moved(
                    material,
                    moved,
                    -lag,
                    f"“{name}” states whether “{one}” equals “{two}” in {percent(own)} of the rows "
                    f"as they are, but in nearly all rows if “{moved}” is taken from the row",
                    None,
                )
                break


def _comparable(
    trials: pd.DataFrame, names: list[str], flags: dict[str, Numbers]
) -> Iterator[tuple[str, str]]:
    for one, two in combinations(names, 2):
        if (one in flags) != (two in flags):
            continue
        if pd.api.types.is_numeric_dtype(trials[one]) != pd.api.types.is_numeric_dtype(trials[two]):
            continue
        if max(trials[one].nunique(), trials[two].nunique()) <= 40:
            shared = set(trials[one].dropna().unique()) & set(trials[two].dropna().unique())
            if len(shared) >= 2:
                yield one, two


def _identity_lag(
    columns: tuple[Codes, Codes, Codes], number: int, sources: dict[int, Codes]
) -> int | None:
    """Return the lag of one of the columns at which the flag agrees with the equality, if any."""
    for lag in (-1, 1):
        moved = list(columns)
        moved[number] = _taken(columns[number], sources[lag])
        if _agreement(*moved) >= 0.985:
            return lag
    return None


def _agreement(flag: Codes, first: Codes, second: Codes) -> float:
    """Return the share of rows in which the flag is 1 exactly if the two cells are equal."""
    known = (flag >= 0) & (first >= 0) & (second >= 0)
    if known.sum() < FEWEST_ROWS:
        return 0.5
    return float((flag[known] == (first[known] == second[known])).mean())


def _by_image_means(material: Material) -> Iterator[DataFinding]:
    """Yield numeric columns that the image explains in another row and not in its own."""
    trials = material.trials
    if trials["image"].nunique() < 3 or not trials["participant"].duplicated().any():
        return
    candidates = _candidates(material)
    names = [name for name in material.trial_numbers if name in candidates]
    tests = len(LAGS) * max(1, len(names))
    images, sources = _codes(trials["image"]), _sources(trials["participant"])
    # In a Latin square, the image tells the condition of the rows before it, too.
    within = {outcome.within for outcome in material.data.plan.outcomes} & set(trials.columns)
    levels = [trials[name] for name in sorted(filter(None, within))]
    for name in names:
        values = pd.Series(material.trial_numbers[name], index=trials.index)
        deviations = values - values.groupby(trials["participant"]).transform("mean")
        for level in levels:
            deviations -= deviations.groupby(level).transform("mean")
        centred = deviations.to_numpy()
        if _p_image(centred, images) < 0.01:
            continue
        p = {lag: _p_image(_moved_by(centred, sources[lag]), images) * tests for lag in LAGS}
        lag = min(p, key=lambda one: p[one])
        if p[lag] < material.level:
            yield _moved(
                material,
                name,
                -lag,
                f"“{name}” does not depend on the image of its own row, but clearly on the image",
                p[lag],
            )


def _moved_by(values: Numbers, source: Codes) -> Numbers:
    return np.where(source >= 0, values[source], np.nan)


def _p_image(values: Numbers, images: Codes) -> float:
    """Return the p of the F test of the values by image."""
    known = ~np.isnan(values) & (images >= 0)
    values, images = values[known], images[known]
    counts = np.bincount(images)
    sizes, k, n = counts[counts > 0], int((counts > 0).sum()), len(values)
    if k < 3 or n - k < FEWEST_ROWS or sizes.mean() < 3:
        return 1.0
    total = float(((values - values.mean()) ** 2).sum())
    means = np.bincount(images, weights=values)[counts > 0] / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum())
    if total - between <= 1e-12 * max(total, 1.0):
        return 0.0 if total > 0 else 1.0
    f = between / (k - 1) / ((total - between) / (n - k))
    return float(special.fdtrc(k - 1, n - k, f))


def _moved_rows(material: Material) -> Iterator[DataFinding]:
    """Yield rows with several cells that fit the neighbouring column and not their own."""
    for numbers, table in (
        (material.person_numbers, material.people),
        (material.trial_numbers, material.trials),
    ):
        names = [name for name in table.columns if name in numbers]
        if len(names) < 3 or len(table) < FEWEST_ROWS:
            continue
        cells = np.column_stack([numbers[name] for name in names])
        for step in (1, -1):
            bad = _rows_moved(cells, step)
            if not bad.any():
                continue
            who = table.loc[bad, "participant"]
            yield DataFinding(
                "shifted",
                f"In {counted(int(bad.sum()), 'row')} ({listed(who)}), several cells are far "
                f"outside the other values of their column and inside those of the column to the "
                f"{'left' if step == 1 else 'right'}: the cells of {listed(names)} seem to be "
                "moved by a column.",
                "Compare these rows with the original file: a separator or a quotation mark inside "
                "a cell moves the cells after it.",
                columns=tuple(map(str, names)),
                outcomes=material.outcomes_with(columns=map(str, names)) or material.all_outcomes,
            )


def _rows_moved(cells: Numbers, step: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    low, high = np.nanquantile(cells, [0.1, 0.9], axis=0)
    spread = np.maximum(high - low, 1e-9)
    # A cell moved to the right is compared with the column on its left, and the reverse.
    theirs = np.roll(np.arange(cells.shape[1]), step)
    alien = (cells < low - 1.5 * spread) | (cells > high + 1.5 * spread)
    at_home = (cells >= (low - spread)[theirs]) & (cells <= (high + spread)[theirs])
    fits = alien & at_home
    end = 0 if step == 1 else -1
    fits[:, end] = False
    # A column that is often empty, such as a check after some trials, says nothing by being empty.
    empty = np.isnan(cells[:, end])
    emptied = empty & (empty.mean() < SELDOM)
    rows: np.ndarray = (fits.sum(axis=1) >= 2) | ((fits.sum(axis=1) >= 1) & emptied)
    return rows if rows.mean() < 0.3 else np.zeros(len(cells), bool)
