"""Items whose key runs against their scale, and what turning them does to the outcomes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import comb

import numpy as np
import pandas as pd
from scipy import stats

from analysis.outcomes.finding import p_of
from analysis.plan.plan import Outcome, analysis_of, resolve
from analysis.sections.data_checks.groups import Grouping
from analysis.sections.data_checks.material import DataFinding, Material, listed, signed
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.statistics.reliability import cronbach_alpha
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import StudyData

FEWEST_PEOPLE = 10


def reversed_key(material: Material) -> Iterator[DataFinding]:
    """Yield scales with items whose correlation with the other items is below 0 for certain.

    The items are the smallest set whose reversal makes the scale coherent. Each must correlate
    negatively with the other items, as they are after the reversal, by Fisher's z, one-sided,
    corrected for every set of that size. A scale that is coherent over all participants is examined
    in each arm and in other groups, because one version of the questionnaire, such as that in
    another language, may have been worded or stored differently.
    """
    for scale, rows in material.scales:
        values = material.keyed(rows).dropna()
        values = values.loc[:, values.nunique() > 1]
        if values.shape[1] < 2 or len(values) < FEWEST_PEOPLE:
            continue
        against = _against(values.corr().to_numpy())
        items = [str(item) for item in values.columns[against]]
        sets = 2 * comb(values.shape[1], len(items)) * len(material.scales)
        p = 1.0
        if items:
            p = min(1.0, sets * max(_p_negative(values, against, item) for item in items))
        if p < material.level:
            yield _finding(material, scale, rows, items, p)
        else:
            yield from _in_a_group(material, scale, values)


@dataclass(frozen=True)
class _Turned:
    """Items that run against the others in a group, with its answers and the others' answers."""

    grouping: Grouping
    level: str
    items: list[str]
    inside: pd.DataFrame
    elsewhere: pd.DataFrame
    p: float


def _in_a_group(material: Material, scale: str, values: pd.DataFrame) -> Iterator[DataFinding]:
    """Yield items that run against the others in a group, such as an arm or a language.

    Groups overlap, so that only the grouping with the smallest p is reported.
    """
    groups = [*material.groupings, *_times(values)]
    tests = 2 * len(material.scales) * sum(len(grouping.large) for grouping in groups)
    found = [
        turned
        for grouping in groups
        for turned in _turned_in(grouping, values, tests)
        if turned.p < material.level
    ]
    if found:
        strongest = min(found, key=lambda turned: turned.p).grouping
        for turned in found:
            if turned.grouping is strongest:
                yield _group_finding(material, scale, turned)


def _times(values: pd.DataFrame) -> Iterator[Grouping]:
    """Yield the times at which a scale was asked, if there are several."""
    times = values.index.get_level_values("page").astype("object")
    if times.nunique() > 1:
        yield Grouping("time", pd.Series(times, index=values.index), True)


def _turned_in(grouping: Grouping, values: pd.DataFrame, tests: int) -> Iterator[_Turned]:
    by_time = isinstance(grouping.levels.index, pd.MultiIndex)
    index = values.index if by_time else values.index.get_level_values("participant")
    levels = grouping.levels.reindex(index).to_numpy()
    for level in grouping.large:
        own, others = values[levels == level], values[levels != level]
        if min(len(own), len(others)) < FEWEST_PEOPLE or (own.nunique() < 2).any():
            continue
        against = _against(own.corr().to_numpy())
        items = [str(item) for item in values.columns[against]]
        # In half of the items, the group does not tell which half is wrong.
        if not items or 2 * len(items) == values.shape[1]:
            continue
        sets = comb(values.shape[1], len(items)) * tests
        p = min(1.0, sets * max(_p_negative(own, against, item) for item in items))
        yield _Turned(grouping, level, items, own, others, p)


def _group_finding(material: Material, scale: str, turned: _Turned) -> DataFinding:
    inside, elsewhere = turned.grouping.inside(turned.level), turned.grouping.elsewhere
    ties = " and ".join(
        f"“{item}” correlates {signed(_item_rest(turned.inside, item))} with the mean of the other "
        f"items {inside}, and {signed(_item_rest(turned.elsewhere, item))} {elsewhere}"
        for item in turned.items
    )
    word = "item" if len(turned.items) == 1 else "items"
    labels = material.data.labels
    arms = [arm for arm in material.arms if labels[arm] == turned.level]
    return DataFinding(
        "reversed_key",
        f"In “{scale}”, {ties}. Cronbach's alpha is {_alpha(turned.inside)} {inside}, and "
        f"{_alpha(turned.elsewhere)} {elsewhere}.",
        f"Find out whether the version of the questionnaire that was used {inside} worded or "
        f"stored the {word} the other way round. If so, turn these values in the file.",
        columns=tuple(turned.items),
        scales=(scale,),
        arms=tuple(arms) if turned.grouping.name == "arm" else (),
        outcomes=material.outcomes_with(scale=scale),
        p=turned.p,
    )


def _against(correlation: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> np.ndarray:
    """Flag the smaller set of items whose reversal makes every item agree with the rest."""
    signs = np.sign(np.linalg.eigh(correlation)[1][:, -1])
    signs[signs == 0] = 1
    for _ in range(2 * len(signs)):
        # An item that disagrees with the sum of the others, as turned so far, turns, too.
        rest = signs * (correlation @ signs - signs)
        if rest.min() >= 0:
            break
        signs[rest.argmin()] *= -1
    turned = signs < 0
    fewer: np.ndarray = ~turned if turned.sum() > len(signs) / 2 else turned
    return fewer


def _p_negative(values: pd.DataFrame, against: np.ndarray, item: str) -> float:
    signs = np.where(against, -1.0, 1.0)
    rest = (values * signs).drop(columns=item).mean(axis=1)
    if rest.nunique() < 2:
        return 1.0
    r = float(np.corrcoef(values[item], rest)[0, 1])
    z = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12)) * np.sqrt(len(values) - 3)
    return float(stats.norm.cdf(z))


def _finding(
    material: Material, scale: str, rows: pd.DataFrame, items: list[str], p: float
) -> DataFinding:
    before = material.keyed(rows)
    turned_rows = _turned(rows, items)
    after = material.keyed(turned_rows)
    ties = " and ".join(
        f"“{item}” correlates {signed(_item_rest(before, item))} with the mean of the other items"
        for item in items
    )
    outcomes = material.outcomes_with(scale=scale)
    if len(items) * 2 == len(before.columns):
        whose = f"The items of “{scale}” fall into two halves that run against each other: {ties}"
    else:
        whose = f"In “{scale}”, {ties}"
    word = "item" if len(items) == 1 else "items"
    return DataFinding(
        "reversed_key",
        f"{whose}, although the plan treats all of them as keyed in the same direction. Cronbach's "
        f"alpha is {_alpha(before)} as keyed, and {_alpha(after)} with the {word} turned.",
        f"Compare the wording of {listed(items)} with the plan's key and with the answer options "
        f"that participants saw. Correct `reversed` of the {word} if the key is wrong.",
        columns=tuple(items),
        scales=(scale,),
        outcomes={key: _consequence(material, key, before, after, rows, items) for key in outcomes},
        p=p,
    )


def _turned(rows: pd.DataFrame, items: list[str]) -> pd.DataFrame:
    turned = rows["item"].isin(items)
    flipped = 1 - rows["reversed"].fillna(0).astype(int)
    return rows.assign(reversed=rows["reversed"].fillna(0).astype(int).where(~turned, flipped))


def _item_rest(values: pd.DataFrame, item: str) -> float:
    complete = values.dropna()
    return float(np.corrcoef(complete[item], complete.drop(columns=item).mean(axis=1))[0, 1])


def _alpha(values: pd.DataFrame) -> str:
    alpha = attempt("alpha", lambda: cronbach_alpha(values))
    return signed(alpha.value) if isinstance(alpha, Estimate) else "not estimable"


def _consequence(
    material: Material,
    key: str,
    before: pd.DataFrame,
    after: pd.DataFrame,
    rows: pd.DataFrame,
    items: list[str],
) -> str:
    """Return what turning the items does to the scale's mean and to the outcome's test."""
    data = material.data
    outcome = next(one for one in data.plan.outcomes if one.key == key)
    book = data.codebook
    same = book["questionnaire"].eq(rows["questionnaire"].iloc[0]).fillna(False)
    turned = same & book["item"].isin(items).fillna(False)
    flipped = (1 - book["reversed"].fillna(0)).astype("Int64")
    changed = replace(data, codebook=book.assign(reversed=book["reversed"].mask(turned, flipped)))
    planned, other = (_p(one, outcome) for one in (data, changed))
    means = tuple(float(values.mean(axis=1).mean()) for values in (before, after))
    return (
        f"Turning {listed(items)} moves the mean of the items from {means[0]:.2f} to "
        f"{means[1]:.2f} and the p of this outcome's test from {planned} to {other}."
    )


def _p(data: StudyData, outcome: Outcome) -> str:
    plan = replace(data.plan, outcomes=(outcome,))
    alone = replace(data, plan=plan)
    analysis = analysis_of(outcome)
    run = partial(resolve(analysis.check or analysis.path), alone, score_table(alone), outcome)
    found = attempt(outcome.key, run)
    p = None if isinstance(found, NotEstimable) else p_of(found)
    if p is None:
        return "not estimable"
    return "less than .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")
