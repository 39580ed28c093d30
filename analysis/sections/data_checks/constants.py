"""Items and columns of outcomes that do not vary, overall or in an arm."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import special

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    plain,
)


def constant(material: Material) -> Iterator[DataFinding]:
    """Yield columns and items with a single value throughout, or throughout an arm.

    In an arm it must not be explained by chance: the exact probability that all of its participants
    have the same value if the arms were drawn from everyone, corrected for columns and arms.
    """
    columns = list(_columns(material))
    tests = max(1, len(columns) * len(material.arms))
    for name, kind, values in columns:
        if len(values) < SOME:
            continue
        if values.nunique() == 1:
            yield _finding(material, name, kind, float(values.iloc[0]), (), None, len(values))
            continue
        people, own = _own_values(values)
        arm = material.arm.reindex(people).to_numpy()
        for one in material.arms:
            inside = own[arm == one]
            if len(inside) < SOME or not (inside == inside[0]).all():
                continue
            p = _p_all_alike(own, len(inside)) * tests
            if p < material.level:
                rows = int((material.arm.reindex(values.index) == one).sum())
                yield _finding(material, name, kind, float(inside[0]), (one,), p, rows)


def _own_values(values: pd.Series) -> tuple[pd.Index, Numbers]:
    """Return the participants and the value of each, missing if their own values differ."""
    cells = values.to_numpy(dtype=float)
    person, people = pd.factorize(values.index, sort=True)
    own = cells[np.unique(person, return_index=True)[1]]
    # A participant whose own values differ has none that an arm could share.
    own[person[cells != own[person]]] = np.nan
    return people, own


def _columns(material: Material) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each column and item with its values, indexed by participant."""
    for rows in material.raw.values():
        for item in rows.columns:
            yield str(item), "item", rows[item].droplevel("page").dropna()
    seen = set()
    for outcome in material.data.plan.outcomes:
        key = (outcome.column, tuple(sorted(outcome.where.items())))
        if outcome.column is None or key in seen:
            continue
        seen.add(key)
        rows = material.trials_of(outcome)
        yield outcome.column, "column", rows.set_index("participant")["value"]
    for name in material.data.plan.covariates:
        if name in material.person_numbers:
            values = pd.Series(
                material.person_numbers[name], index=material.people["participant"], name=name
            )
            yield name, "column", values.dropna()


def _p_all_alike(own: Numbers, n: int) -> float:
    """Return the probability that n people drawn at random all have one and the same value."""
    known = own[~np.isnan(own)]
    counts: Numbers = np.sort(np.unique(known, return_counts=True)[1])[::-1].astype(np.float64)
    counts = counts[counts >= n]
    logs = _log_choose(counts, n) - _log_choose(np.array([float(len(own))]), n)
    return float(np.exp(logs).sum())


def _log_choose(total: Numbers, n: int) -> Numbers:
    result: Numbers = (
        special.gammaln(total + 1) - special.gammaln(n + 1) - special.gammaln(total - n + 1)
    )
    return result


def _finding(
    material: Material,
    name: str,
    kind: str,
    value: float,
    arms: tuple[str, ...],
    p: float | None,
    rows: int,
) -> DataFinding:
    where = f"in the arm {listed(material.data.labels[arm] for arm in arms)}" if arms else "overall"
    return DataFinding(
        "constant",
        f"The {kind} “{name}” is constant {where}: all {counted(rows, 'value')} are "
        f"{plain(value)}.",
        "Check the export and the coding of this column. A column without spread measures nothing, "
        "and an item without spread lowers the reliability of its scale.",
        columns=(name,),
        arms=arms,
        outcomes=material.outcomes_with(columns=[name]),
        p=p,
    )
