"""Mediation: effects of the arms on an outcome, decomposed over ordered mediators.

The paths are products of least-squares coefficients, computed for the sample and for all bootstrap
samples at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Outcome
from analysis.plan.tables import MediationPlan
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.statistics.requirements import arm_name
from analysis.study_data.study_data import StudyData

Array = npt.NDArray[np.float64]
Through = tuple[int, ...]  # indices of the mediators on a path, in order
FEWEST = 10  # participants per arm; with fewer, bootstrap samples repeat a handful of them


@dataclass(frozen=True)
class Paths:
    """Effects for B weightings of the rows and k arms against the reference.

    `indirect` contains (B, k) by mediators on the path; `direct` and `total` are (B, k); `critical`
    (B, mediators) is the correlation of errors at which the path from a mediator to the outcome
    vanishes.
    """

    indirect: Mapping[Through, Array]
    direct: Array
    total: Array
    critical: Array


def paths(arms: Array, mediators: Array, outcome: Array, weights: Array) -> Paths:
    """Estimate all paths by least squares.

    Each mediator is regressed on the arms and the earlier mediators, the outcome on all of them.
    `arms` (n, k) is 0/1 without the reference, `mediators` (n, m), `outcome` (n,); `weights` (B, n)
    contains how often each row counts. Total = direct + all indirect effects, exactly (linear
    models). Raises NotEstimableError if a regression has no unique solution.
    """
    n, k = arms.shape
    m = mediators.shape[1]
    rows = np.column_stack([np.ones(n), arms, mediators, outcome])
    width = rows.shape[1]
    # Every regression is solved from weighted cross products, computed once for all weightings.
    products = (rows[:, :, None] * rows[:, None, :]).reshape(n, width * width)
    moments = (weights @ products).reshape(-1, width, width)
    base = list(range(k + 1))
    to_mediator = [
        _coefficients(moments, base + _columns(k, range(j)), k + 1 + j) for j in range(m)
    ]
    to_outcome = _coefficients(moments, base + _columns(k, range(m)), k + 1 + m)
    indirect = {
        through: _product(through, to_mediator, to_outcome, k)
        for size in range(1, m + 1)
        for through in combinations(range(m), size)
    }
    return Paths(
        indirect,
        to_outcome[:, 1 : k + 1],
        _coefficients(moments, base, k + 1 + m)[:, 1:],
        np.stack([_critical(moments, k, j, m) for j in range(m)], axis=1),
    )


def _columns(k: int, mediators: range) -> list[int]:
    return [k + 1 + j for j in mediators]


def _product(through: Through, to_mediator: list[Array], to_outcome: Array, k: int) -> Array:
    value = to_mediator[through[0]][:, 1 : k + 1]
    for before, after in pairwise(through):
        value = value * to_mediator[after][:, [k + 1 + before]]
    return value * to_outcome[:, [k + 1 + through[-1]]]


def _coefficients(moments: Array, given: list[int], target: int) -> Array:
    """Return the coefficients (B, given) of the regression of `target` on `given`."""
    left = moments[:, given][:, :, given]
    try:
        coefficients = np.linalg.solve(left, moments[:, given, target][..., None])[..., 0]
    except np.linalg.LinAlgError:
        coefficients = np.full((len(moments), len(given)), np.nan)
    if not np.isfinite(coefficients).all() or np.linalg.cond(left[0]) > 1e12:
        raise NotEstimableError(
            "a regression of the paths has no unique solution because a mediator is constant or "
            "determined by the arms and the other mediators"
        )
    return np.asarray(coefficients, dtype=np.float64)


def _critical(moments: Array, k: int, mediator: int, m: int) -> Array:
    """Return the correlation of the errors of mediator and outcome.

    The errors are the residuals given arms and earlier mediators. An unmeasured common cause that
    correlates the errors by this ρ would explain the entire path from the mediator to the outcome
    (Imai, Keele & Yamamoto, 2010, section 5: the effect is zero where ρ equals that correlation).
    """
    given = list(range(k + 1)) + _columns(k, range(mediator))
    pair = [k + 1 + mediator, k + 1 + m]
    cross = moments[:, given][:, :, pair]
    left = moments[:, given][:, :, given]
    rest = moments[:, pair][:, :, pair] - np.swapaxes(cross, 1, 2) @ np.linalg.solve(left, cross)
    spread = np.sqrt(np.clip(rest[:, 0, 0] * rest[:, 1, 1], 0, None))
    if not (spread > 1e-12).all():
        raise NotEstimableError("a mediator or the outcome does not vary within the arms")
    return np.asarray(np.clip(rest[:, 0, 1] / spread, -1, 1))


@dataclass(frozen=True)
class IndirectEffect:
    """The part of a difference from the control that passes through a given path.

    It is in the outcome's units.
    """

    through: tuple[str, ...]
    effect: Estimate


@dataclass(frozen=True)
class ArmPaths:
    """An arm against the control: total = direct + all indirect effects."""

    arm: str
    label: str
    total: Estimate
    direct: Estimate
    indirect: Estimate
    by_path: tuple[IndirectEffect, ...]


@dataclass(frozen=True)
class CriticalCorrelation:
    """The correlation of errors of mediator and outcome that would fully explain their path."""

    mediator: str
    rho: Estimate


@dataclass(frozen=True)
class Mediation:
    """Results of the plan's mediation analysis.

    `left_out` counts participants of the compared arms with a missing score.
    """

    outcome: str
    mediators: tuple[str, ...]
    control: str
    participants: int
    left_out: int
    runs: int
    seed: int
    arms: tuple[ArmPaths, ...]
    sensitivity: tuple[CriticalCorrelation, ...]


def mediation(data: StudyData, scores: pd.DataFrame) -> Mediation | NotEstimable:
    """Decompose the arms' effects on the outcome over the plan's mediators, in their order.

    There is one row per participant, whatever the number of trials, and the bootstrap resamples
    whole participants within each arm, so that trials of a participant stay together.
    """
    plan = data.plan.mediation or MediationPlan("", ())
    return attempt("mediation", partial(_mediation, data, scores, plan))


def _mediation(data: StudyData, scores: pd.DataFrame, plan: MediationPlan) -> Mediation:
    outcomes = {outcome.key: outcome for outcome in data.plan.outcomes}
    outcome, mediators = outcomes[plan.outcome], [outcomes[key] for key in plan.mediators]
    arms = _compared(data, [outcome, *mediators])
    # Only complete cases enter, because total = direct + indirect holds only for the same rows.
    asked = scores[scores["arm"].isin(arms)]
    table = asked.dropna(subset=[plan.outcome, *plan.mediators])
    sizes = table["arm"].value_counts()
    few = [
        f"{arm_name(arm, data.labels)} has {sizes.get(arm, 0)}"
        for arm in arms
        if sizes.get(arm, 0) < FEWEST
    ]
    if few:
        raise NotEstimableError(
            f"at least {FEWEST} participants per arm are needed, but {'; '.join(few)}"
        )
    names = tuple(mediator.label for mediator in mediators)
    effects = _drawn(table, arms, plan)
    estimate = partial(_estimate, level=data.plan.level, n=len(table), runs=plan.runs)
    return Mediation(
        outcome.label,
        names,
        data.labels[arms[0]],
        len(table),
        len(asked) - len(table),
        plan.runs,
        plan.seed,
        tuple(
            ArmPaths(
                arm,
                data.labels[arm],
                estimate("total effect", effects.total[:, place]),
                estimate("direct effect", effects.direct[:, place]),
                estimate("indirect effect", _sum(effects, place)),
                tuple(
                    _path(effects, through, names, place, estimate) for through in effects.indirect
                ),
            )
            for place, arm in enumerate(arms[1:])
        ),
        tuple(
            CriticalCorrelation(name, estimate("critical ρ", effects.critical[:, place]))
            for place, name in enumerate(names)
        ),
    )


def _compared(data: StudyData, outcomes: list[Outcome]) -> list[str]:
    """Return the control and every other arm that was asked about all of the outcomes."""
    asked = [set(data.plan.arms_of(outcome)) for outcome in outcomes]
    arms = [arm for arm in data.plan.arms if all(arm in some for some in asked)]
    if data.plan.control not in arms or len(arms) < 2:
        raise NotEstimableError(
            "the control and another arm must have been asked about outcome and mediators"
        )
    return [data.plan.control, *(arm for arm in arms if arm != data.plan.control)]


def _drawn(table: pd.DataFrame, arms: list[str], plan: MediationPlan) -> Paths:
    """Return paths whose row 0 is the sample and whose other rows are `runs` bootstrap samples."""
    # A bootstrap sample is a row of weights, so that all samples share their cross products.
    arm = table["arm"].to_numpy()
    rng = np.random.default_rng(plan.seed)
    weights = np.ones((plan.runs + 1, len(table)))
    for name in arms:
        rows = np.flatnonzero(arm == name)
        shares = np.full(len(rows), 1 / len(rows))
        weights[1:, rows] = rng.multinomial(len(rows), shares, size=plan.runs)
    dummies = np.stack([arm == name for name in arms[1:]], axis=1).astype(float)
    mediators = table[list(plan.mediators)].to_numpy(float)
    return paths(dummies, mediators, table[plan.outcome].to_numpy(float), weights)


def _path(
    effects: Paths,
    through: Through,
    names: tuple[str, ...],
    place: int,
    estimate: Callable[[str, Array], Estimate],
) -> IndirectEffect:
    effect = estimate("indirect effect", effects.indirect[through][:, place])
    return IndirectEffect(tuple(names[j] for j in through), effect)


def _sum(effects: Paths, place: int) -> Array:
    parts = [values[:, place] for values in effects.indirect.values()]
    return np.asarray(np.sum(parts, axis=0))


def _estimate(name: str, values: Array, *, level: float, n: int, runs: int) -> Estimate:
    """Return the sample's value with percentiles of the bootstrap samples."""
    value = float(values[0])
    low, high = np.quantile(values[1:], [(1 - level) / 2, (1 + level) / 2])
    method = f"percentiles of {runs} bootstrap samples of participants"
    return Estimate(name, value, min(value, float(low)), max(value, float(high)), level, n, method)
