"""Participants whose arm contradicts another column."""

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.material import (
    ADMINISTRATIVE,
    SOME,
    DataFinding,
    Material,
    counted,
    listed,
)

USUAL = 0.8  # share of an arm that has the arm's value of a column
NOTHING = "nothing"


def mislabelled_arm(material: Material) -> Iterator[DataFinding]:
    """Yield columns whose value goes with the arm, except for participants with another arm's.

    The column must have one usual value in four fifths of each arm, not the same in all arms, which
    chance does not bring about (χ² test of the column by arm, corrected for columns).
    """
    columns = list(_columns(material))
    seen: set[tuple[str, ...]] = set()
    for name, values in columns:
        known = values.dropna()
        arm = material.arm.reindex(known.index)
        usual = {
            one: known[arm == one].mode().iloc[0]
            for one in material.arms
            if (arm == one).sum() >= SOME
        }
        if len(set(usual.values())) < 2 or len(usual) < 2:
            continue
        expected = arm.map(usual)
        fits = known == expected
        if (fits.groupby(arm).mean() < USUAL).any():
            continue
        other = ~fits & known.isin(set(usual.values()))
        if not other.any():
            continue
        table = pd.crosstab(arm, known)
        p = float(stats.chi2_contingency(table).pvalue) * len(columns)
        people = tuple(map(str, known.index[other]))
        if p >= material.level or people in seen:
            continue
        seen.add(people)
        yield _finding(material, name, usual, known[other], p)


def _finding(
    material: Material, name: str, usual: dict[str, object], other: pd.Series, p: float
) -> DataFinding:
    labels = material.data.labels
    rule = ", ".join(f"“{value}” in {listed([labels[arm]])}" for arm, value in usual.items())
    arms = material.arm.reindex(other.index)
    return DataFinding(
        "mislabelled_arm",
        f"“{name}” is usually {rule}. {counted(len(other), 'participant')} "
        f"{'has' if len(other) == 1 else 'have'} the value of another arm: {listed(other.index)}.",
        "Find out from the allocation which arm these participants were in, and correct their arm "
        "or their rows. Analyse them in the arm to which they were randomised.",
        columns=(name,),
        arms=tuple(arm for arm in material.arms if (arms == arm).any()),
        outcomes=material.all_outcomes,
        p=p,
    )


def _columns(material: Material) -> Iterator[tuple[str, pd.Series]]:
    """Yield by participant the columns that may tell the arm: words, presence, and zero or not."""
    people = material.people.set_index("participant")
    trials = material.trials
    prefix = people.index.to_series().astype(str).str.extract(r"^([A-Za-z]+)")[0]
    yield "participant (letters of the identifier)", prefix
    for name in map(str, people.columns):
        if name in ADMINISTRATIVE and name != "arm_label":
            continue
        column = people[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            continue
        if 2 <= column.nunique() <= 12:
            yield name, column.astype("object")
        yield from _presence(name, column)
    groups = trials["participant"]
    for name in map(str, trials.columns):
        if name in ADMINISTRATIVE or name in ("participant", "arm", "image"):
            continue
        column = trials[name]
        if pd.api.types.is_datetime64_any_dtype(column):
            continue
        if 2 <= column.nunique() <= 12:
            yield name, _usual(column, groups)
        if not pd.api.types.is_numeric_dtype(column):
            yield from _stems(name, column, groups)
        yield from _presence(name, column, groups)


def _usual(column: pd.Series, groups: pd.Series) -> pd.Series:
    """Return the most frequent value by participant, if it is in four fifths of their trials."""
    person, people = pd.factorize(groups, sort=True)
    value, values = pd.factorize(column.astype("object"), sort=True)
    known = (person >= 0) & (value >= 0)
    pairs, n = np.unique(person[known] * len(values) + value[known], return_counts=True)
    order = np.argsort(n)
    pairs, n = pairs[order], n[order]
    owner = pairs // max(1, len(values))
    # The last pair of each participant is the most frequent one.
    last = len(owner) - 1 - np.unique(owner[::-1], return_index=True)[1]
    last.sort()
    total = np.bincount(owner, weights=n)[owner[last]]
    most = values[pairs[last] % max(1, len(values))]
    usual = pd.Series(most, index=pd.Index(people[owner[last]], name="participant"), dtype="object")
    return usual.where(n[last] >= USUAL * total)


def _stems(name: str, column: pd.Series, groups: pd.Series) -> Iterator[tuple[str, pd.Series]]:
    """Yield the first word of file names and other codes, such as gradcam in gradcam_017.png."""
    if column.nunique() <= 12:
        return
    stem = column.astype("string").str.extract(re.compile(r"^([A-Za-z]+)[-_/ .]"))[0]
    if 2 <= stem.nunique() <= 12:
        yield f"{name} (first word)", _usual(stem, groups)


def _presence(
    name: str, column: pd.Series, groups: pd.Series | None = None
) -> Iterator[tuple[str, pd.Series]]:
    """Yield whether the column is filled, and whether its number is 0."""
    tests = [(f"{name} (filled)", column.notna())]
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        tests.append((f"{name} (0 or not)", pd.Series(values == 0, index=column.index)))
    for words, flag in tests:
        if flag.nunique() == 2:
            shown = flag.map({True: "yes", False: "no"})
            yield words, shown if groups is None else _usual(shown, groups)
