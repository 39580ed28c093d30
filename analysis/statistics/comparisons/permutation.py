"""Permutation tests, which need neither a variance within arms nor a distribution.

Under the null hypothesis the arms do not matter, so every assignment of the participants to arms of
these sizes was as likely as the assignment that was made. p is the proportion of the assignments
whose arms are at least as far apart as the observed arms (Fisher, 1935). It is exact with all
assignments, and valid with random assignments because the observed assignment counts as one of them
(Phipson & Smyth, 2010, doi 10.2202/1544-6115.1585).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Groups, HypothesisTest, LabelledGroups, Scores
from analysis.statistics.requirements import (
    NO_LABELS,
    require_arms,
    require_scores,
    require_some_spread,
)

SEED = 20261129
DRAWS = 99_999  # random assignments; as many are enumerated if there are no more
FEWEST_DRAWS = 9_999
MOST_CELLS = 50_000_000  # numbers drawn per test, which limits the assignments of large samples
CHUNK = 5_000_000  # numbers held at once
TIES = 1e-9  # relative tolerance, so that rounding loses no assignment that is as far apart


def permute_arms(groups: Groups) -> HypothesisTest:
    """Test that the arms do not matter, by the share η² of the variance between their means.

    All assignments are enumerated for two small arms. Raises NotEstimableError for fewer than two
    arms or scores per arm, or if all scores are equal.
    """
    require_arms(groups)
    require_scores(groups)
    require_some_spread(groups)
    scores = np.concatenate(list(groups.values()))
    sizes = [len(group) for group in groups.values()]
    return _tested([scores], [sizes], "permutation of the arms over participants")


def permute_arms_within(
    table: pd.DataFrame, labels: Mapping[str, str] = NO_LABELS
) -> HypothesisTest:
    """Test that the arms `a` do not matter at any level of `b`, by scores centred at each level.

    Participants keep their level. Raises NotEstimableError for fewer than two arms or scores per
    arm, or if no level's scores vary.
    """
    arms = sorted(table["a"].unique())
    groups = {arm: table.loc[table["a"] == arm, "score"].to_numpy(float) for arm in arms}
    require_arms(groups)
    require_scores(LabelledGroups(groups, labels))
    scores, sizes = [], []
    for _, rows in table.sort_values(["b", "a"], kind="stable").groupby("b"):
        values = rows["score"].to_numpy(float)
        scores.append(values - values.mean())
        sizes.append([int((rows["a"] == arm).sum()) for arm in arms])
    if np.ptp(np.concatenate(scores)) <= 1e-12 * max(1.0, float(table["score"].abs().max())):
        raise NotEstimableError(
            "the scores do not vary at any level of the second factor, so there is nothing to "
            "compare"
        )
    return _tested(scores, sizes, "permutation of the arms over participants, within levels")


def permute_conditions(wide: pd.DataFrame) -> HypothesisTest:
    """Test that the conditions do not matter: (participants, conditions), without missing values.

    The conditions are permuted within each participant. η² is the share of the conditions in the
    variance within participants. Raises NotEstimableError for fewer than two conditions or
    participants, or no variation within participants.
    """
    values = wide.to_numpy(float)
    n, k = values.shape
    if k < 2 or n < 2:
        raise NotEstimableError(
            "two conditions and two participants with scores in every condition are needed, but "
            f"the data have {k} and {n}"
        )
    if (np.ptp(values, axis=1) == 0).all():
        raise NotEstimableError("no participant's scores differ between the conditions")
    centred = values - values.mean(axis=1, keepdims=True)
    total = float((centred**2).sum())

    def between(rows: Scores) -> Scores:
        return np.asarray((rows.sum(axis=1) ** 2).sum(axis=-1) / n)

    if k == 2 and n <= 16:  # every pattern of signs of the differences
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        assignments: Iterator[Scores] = iter([signs[:, :, None] * centred])
        exact = True
    else:
        assignments, exact = _within_rows(centred), False
    observed = float(between(centred[None])[0])
    p, draws = _proportion((between(block) for block in assignments), observed, exact)
    name = _named("permutation of the conditions within participants", draws, exact)
    return HypothesisTest(name, "η²", min(1.0, observed / total), (), p, n)


def _tested(scores: list[Scores], sizes: list[list[int]], name: str) -> HypothesisTest:
    """Test the arms' sums of scores, which are permuted within each stratum separately."""
    grand = [values - values.mean() for values in scores]
    counts = np.sum(sizes, axis=0)
    total = float(sum((values**2).sum() for values in grand))

    def between(sums: Scores) -> Scores:
        return np.asarray((sums**2 / counts).sum(axis=-1))

    own = np.sum([_sums(v[None], s) for v, s in zip(grand, sizes, strict=True)], axis=0)
    observed = float(between(own)[0])
    exact = len(scores) == 1 and _number_of_assignments(sizes[0]) <= DRAWS
    drawn = _all_sums(grand[0], sizes[0]) if exact else _random_sums(grand, sizes)
    p, draws = _proportion((between(sums) for sums in drawn), observed, exact)
    n = sum(map(len, scores))
    statistic = min(1.0, observed / total)
    return HypothesisTest(_named(name, draws, exact), "η²", statistic, (), p, n)


def _proportion(blocks: Iterator[Scores], observed: float, exact: bool) -> tuple[float, int]:
    """Return p, and the number of assignments that it is based on."""
    limit = observed * (1 - TIES)
    at_least = count = 0
    for block in blocks:
        at_least += int((block >= limit).sum())
        count += len(block)
    return (at_least / count, count) if exact else ((at_least + 1) / (count + 1), count)


def _named(name: str, draws: int, exact: bool) -> str:
    return f"{name}, {'all' if exact else 'random'} {draws:,} assignments"


def _sums(rows: Scores, sizes: Sequence[int]) -> Scores:
    """Return (rows, arms): the sums of consecutive blocks of columns; an arm may be empty."""
    ends = np.cumsum(sizes)
    cumulated = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    sums: Scores = cumulated[:, ends] - cumulated[:, ends - np.asarray(sizes)]
    return sums


def _random_sums(scores: list[Scores], sizes: list[list[int]]) -> Iterator[Scores]:
    n = sum(map(len, scores))
    rng = np.random.default_rng(SEED)
    for rows in _chunks(n):
        yield np.asarray(
            sum(
                _sums(rng.permuted(np.tile(values, (rows, 1)), axis=1), own)
                for values, own in zip(scores, sizes, strict=True)
            )
        )


def _within_rows(centred: Scores) -> Iterator[Scores]:
    rng = np.random.default_rng(SEED)
    for rows in _chunks(centred.size):
        yield rng.permuted(np.broadcast_to(centred, (rows, *centred.shape)), axis=2)


def _chunks(cells: int) -> Iterator[int]:
    left = min(DRAWS, max(FEWEST_DRAWS, MOST_CELLS // cells))
    while left:
        rows = min(left, max(1, CHUNK // cells))
        yield rows
        left -= rows


def _number_of_assignments(sizes: Sequence[int]) -> float:
    """Return the number of assignments if they are enumerated, which is for two arms only."""
    return math.comb(sum(sizes), sizes[0]) if len(sizes) == 2 else math.inf


def _all_sums(scores: Scores, sizes: Sequence[int]) -> Iterator[Scores]:
    chosen = np.array(list(combinations(range(len(scores)), sizes[0])))
    first = scores[chosen].sum(axis=1)
    yield np.column_stack([first, scores.sum() - first])
