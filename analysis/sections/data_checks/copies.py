"""Rows and columns that are in a table twice."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    percent,
)

FEWEST_ROWS = 20
TELLING = 0.01
"""Largest probability that two rows of a participant agree by chance, for them to be compared."""


def repeated_rows(material: Material) -> Iterator[DataFinding]:
    """Yield participants whose trials contain pairs of rows that are equal in every cell.

    The expected number of equal pairs is that of the participant's pairs (of the same image, if
    images are known) times the root of the product of the columns' probabilities of agreeing within
    participants. The root allows for columns that agree together (Poisson).
    """
    trials = material.trials
    names = [
        str(name)
        for name in trials.columns
        if name not in ADMINISTRATIVE | {"participant", "arm", "image", "image_set"}
        and trials[name].nunique() > 1
    ]
    if not names or trials.empty:
        return
    person = pd.factorize(trials["participant"])[0]
    chance = float(np.prod([_agreement(person, trials[name]) for name in names]))
    if chance > TELLING:
        return  # such rows may be equal by chance
    keys = ["participant", *(["image"] if trials["image"].notna().all() else [])]
    pairs = _pairs(trials.groupby(keys, observed=True, sort=False).size())
    cells = trials[[*keys, *names]].astype("string").fillna("")
    sizes = cells.groupby([*keys, *names], observed=True, sort=False).size()
    equal = _pairs(sizes)
    p = float(stats.poisson.sf(equal - 1, pairs * np.sqrt(chance)))
    if equal < 2 or p >= material.level:
        return
    rows = int((sizes[sizes > 1] - 1).sum())
    people = sizes[sizes > 1].index.get_level_values("participant").unique()
    yield DataFinding(
        "repeated_rows",
        f"{counted(rows, 'row')} of {len(trials)} in the trials repeat another row of the same "
        f"participant in every cell, for {counted(len(people), 'participant')}: {listed(people)}. "
        "They count twice in every outcome of these trials.",
        "Compare with the original log. If the rows were written twice, set repeats = "
        '"drop_identical" for this table in the plan\'s [source].',
        columns=("participant", *(["image"] if len(keys) > 1 else [])),
        outcomes=material.outcomes_with(any_trials=True),
        p=p,
    )


def _pairs(sizes: pd.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def _agreement(person: "np.ndarray[tuple[int], np.dtype[np.int64]]", column: pd.Series) -> float:
    """Return the probability that two rows of a participant agree in the column."""
    codes = pd.factorize(column)[0] + 1
    total = _pairs(pd.Series(np.bincount(person)))
    _, sizes = np.unique(person * (codes.max() + 1) + codes, return_counts=True)
    return _pairs(pd.Series(sizes)) / total if total else 1.0


def copied_column(material: Material) -> Iterator[DataFinding]:
    """Yield items of a questionnaire, and columns of outcomes, that are copies of one another.

    The probability that two columns agree in all rows is bounded by their agreement in one row,
    which is taken from the pair of the other columns that agrees most, but is at least a half.
    """
    for table, words in _tables(material):
        columns = [name for name in table.columns if table[name].nunique() > 2]
        values = table[columns].to_numpy(dtype=float)
        shares = {
            (one, two): _equal(values[:, one], values[:, two])
            for one, two in combinations(range(len(columns)), 2)
        }
        copies = [pair for pair, (share, rows) in shares.items() if share == 1 and rows]
        others = [share for pair, (share, _) in shares.items() if pair not in copies]
        usual = max(0.5, *others) if others else 0.5
        for pair in copies:
            p = usual ** shares[pair][1] * len(shares)
            if p < material.level:
                one, two = (str(columns[number]) for number in pair)
                yield _copy(material, one, two, shares[pair][1], words, usual, p)


def _equal(first: Numbers, second: Numbers) -> tuple[float, int]:
    """Return the share of equal rows and their number, or nothing of few rows."""
    both = np.isfinite(first) & np.isfinite(second)
    # A cell that is missing in one column only is not a copy of the other.
    if both.sum() < FEWEST_ROWS or (np.isfinite(first) ^ np.isfinite(second)).any():
        return 0.0, 0
    return float((first[both] == second[both]).mean()), int(both.sum())


def _tables(material: Material) -> Iterator[tuple[pd.DataFrame, str]]:
    for rows in material.raw.values():
        yield rows, "items"
    used = {one.column for one in material.data.plan.outcomes if one.column}
    for numbers, people in (
        (material.trial_numbers, material.trials["participant"]),
        (material.person_numbers, material.people["participant"]),
    ):
        own = {name: values for name, values in numbers.items() if name in used}
        # Participants are the units: the trials of one participant are not independent.
        yield (
            pd.DataFrame(own, index=people.to_numpy()).groupby(level=0).sum(min_count=1),
            "columns",
        )


def _copy(
    material: Material, one: str, two: str, rows: int, words: str, usual: float, p: float
) -> DataFinding:
    return DataFinding(
        "copied_column",
        f"The {words} “{one}” and “{two}” are equal in all {counted(rows, 'row')}, whereas no "
        f"other pair of them is equal in more than {percent(usual)}. One of them seems to be a "
        "copy of the other, so that it counts twice and the other is lost.",
        "Compare both with the original file, and map each to its own column.",
        columns=(one, two),
        outcomes=material.outcomes_with(columns=(one, two)),
        p=p,
    )
