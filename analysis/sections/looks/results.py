"""p, estimate and interval of an outcome that was looked at before the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import Outcome
from analysis.plan.tables import LooksKind, LooksPlan
from analysis.sections.looks.deciding import (
    Held,
    anytime_p,
    bounded_evidence,
    design_of,
    looks_held,
)
from analysis.sections.looks.estimating import Difference, difference
from analysis.sequential.mixture import always_valid, evidence
from analysis.sequential.stagewise import stagewise
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.study_data.study_data import StudyData

STAGEWISE = "stagewise ordering, median-unbiased"


@dataclass(frozen=True)
class Looked:
    """Results of the outcome of [looks] that allow for every look that was held.

    `estimate` has p, and replaces the `ordinary` estimate, which ignores the looks. `e_value` is
    the evidence against no difference, for looks that are valid at any time. `participants` have a
    score, of the planned `sample`.
    """

    kind: LooksKind
    sample: int
    participants: int
    held: tuple[Held, ...]
    estimate: Estimate | NotEstimable
    ordinary: Estimate | NotEstimable
    e_value: float | None

    @property
    def stopped(self) -> bool:
        """Return whether a look told to stop."""
        return any(look.told == "stop" for look in self.held)

    @property
    def p(self) -> float | None:
        """Return the p that enters the outcome's family, or None without a result."""
        return self.estimate.p if isinstance(self.estimate, Estimate) else None


def looked(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Looked | None:
    """Return the results of an outcome of [looks], and None for any other outcome."""
    looks = data.plan.looks
    if looks is None or looks.outcome != outcome.key:
        return None
    held = looks_held(data.manifest)
    found = attempt("difference", lambda: difference(data, scores, outcome))
    if isinstance(found, NotEstimable):
        return Looked(looks.kind, looks.sample, 0, held, found, found, None)
    e_value = None
    if looks.kind == "anytime_bounded":
        e_value = bounded_evidence(data, scores, outcome).e
    elif looks.kind == "anytime_mean":
        e_value = evidence(found.z, found.people / looks.sample, data.plan.alpha)
    estimate = (
        _always_valid(data, scores, outcome, looks, found)
        if looks.is_anytime
        else _stagewise(looks, held, found, data.plan.alpha)
    )
    return Looked(looks.kind, looks.sample, found.people, held, estimate, found.estimate, e_value)


def _stagewise(looks: LooksPlan, held: Sequence[Held], found: Difference, alpha: float) -> Estimate:
    """Return the median-unbiased estimate of the study's last analysis.

    People who were under way when a look told to stop are part of the data, so that the stopping
    look is replaced by the last analysis (Whitehead, Controlled Clinical Trials 13, 1992).
    """
    going_on = [look for look in held if look.told == "go_on" and look.people < found.people]
    fractions = [look.people / looks.sample for look in going_on]
    earlier = design_of(looks, alpha).at(fractions) if fractions else ()
    result = stagewise(earlier, found.people / looks.sample, found.z, 1 - alpha)
    ends = [found.at(limit - found.z) for limit in (result.low, result.median, result.high)]
    return _estimate(found, ends[1], ends[0], ends[2], 1 - alpha, STAGEWISE, result.p)


def _always_valid(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, looks: LooksPlan, found: Difference
) -> Estimate:
    """Return the ordinary estimate with the interval that holds at every look."""
    alpha = data.plan.alpha
    p = anytime_p(data, scores, outcome, found)
    if looks.kind == "anytime_bounded":
        bets = bounded_evidence(data, scores, outcome)
        low, high, method = bets.low, bets.high, "betting, valid at every participant"
    else:
        half = always_valid(found.people / looks.sample, alpha)
        low, high, method = found.at(-half), found.at(half), "normal mixture, valid at every look"
    value = found.estimate.value
    return _estimate(found, value, min(low, value), max(high, value), 1 - alpha, method, p)


def _estimate(
    found: Difference, value: float, low: float, high: float, level: float, method: str, p: float
) -> Estimate:
    # Without a statistic nobody recomputes p from the statistic of a single test.
    return Estimate(
        found.estimate.name, value, low, high, level, found.people, method, None, None, min(p, 1.0)
    )
