"""The analysis "binary_trials": a binary trial column, arms between subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.assumptions.trials import of_shares
from analysis.outcomes.finding import OutcomeFinding, p_of
from analysis.outcomes.one_way import scores_by_arm
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.clustered import (
    ClusteredShare,
    clustered_share,
    equal_odds,
    odds_ratio,
    risk_difference,
)
from analysis.statistics.comparisons.equivalence import (
    Equivalence,
    Verdict,
    equivalence_of,
    with_verdicts,
)
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.statistics.requirements import arm_name
from analysis.study_data.populations import members
from analysis.study_data.scoring import outcome_trials
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class OddsContrast:
    """An arm against the control.

    `p_adjusted` is Holm's over the arms' odds ratios. `equivalence` tests the risk difference, with
    its p adjusted by Holm; it and the `verdict` are None unless the plan declares a smallest
    effect.
    """

    arm: str
    label: str
    odds_ratio: Estimate | NotEstimable
    risk_difference: Estimate | NotEstimable
    p_adjusted: float | None
    equivalence: Equivalence | NotEstimable | None = None
    p_equivalence: float | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class BinaryTrials:
    """Shares by arm, the test of equal odds (which enters the outcome's family), and contrasts."""

    arms: tuple[ArmSummary, ...]  # summaries of the participants' shares
    test: HypothesisTest | NotEstimable
    contrasts: tuple[OddsContrast, ...]


def binary_trials(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> BinaryTrials:
    """Compare the arms' shares of "yes" over trials, clustered by participant."""
    plan = data.plan
    groups = scores_by_arm(scores, outcome, data)
    trials = population_trials(data, outcome)
    # A column that is not binary must be refused in every arm, not only where the value occurs.
    odd = sorted(set(trials["value"]) - {0.0, 1.0})
    shares = {
        arm: attempt("share", partial(_share, trials, arm, odd, data.labels)) for arm in groups
    }
    return BinaryTrials(
        tuple(summarise(arm, data.labels[arm], groups[arm], plan.level) for arm in groups),
        attempt("equal odds", lambda: equal_odds({arm: _there(shares[arm]) for arm in shares})),
        _judged(_against_control(shares, data), outcome.smallest_effect, plan.alpha),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check that there are enough participants and that both answers occur often enough."""
    if p_of(found) is None:
        return ()
    return of_shares(population_trials(data, outcome), data.plan.arms_of(outcome))


def population_trials(data: StudyData, outcome: Outcome) -> pd.DataFrame:
    """Return the outcome's trials in its arms by participants in its population."""
    there = members(data, outcome.population) & data.participants["arm"].isin(
        data.plan.arms_of(outcome)
    )
    people = data.participants["participant"][there.to_numpy()]
    trials = outcome_trials(data, outcome)
    return trials[trials["participant"].isin(people)]


def _share(
    trials: pd.DataFrame, arm: str, odd: list[float], labels: Mapping[str, str]
) -> ClusteredShare:
    if odd:
        raise NotEstimableError(
            "the column must contain only 0 and 1, but contains "
            f"{', '.join(f'{value:g}' for value in odd[:5])}"
        )
    arm_trials = trials[trials["arm"] == arm]
    if arm_trials.empty:
        raise NotEstimableError(f"{arm_name(arm, labels)} has no trials of this outcome")
    return clustered_share(arm_trials["value"], arm_trials["participant"])


def _against_control(
    shares: dict[str, ClusteredShare | NotEstimable], data: StudyData
) -> tuple[OddsContrast, ...]:
    control, level = data.plan.control, data.plan.level
    arms = [arm for arm in shares if arm != control]

    def both(statistic: object, arm: str) -> Estimate:
        return statistic(_there(shares[arm]), _there(shares[control]), level)  # type: ignore[operator, no-any-return]

    ratios = {arm: attempt("odds ratio", partial(both, odds_ratio, arm)) for arm in arms}
    # Only the odds ratios are tested: the risk difference restates them on another scale.
    adjusted = holm(
        {arm: ratio.p if isinstance(ratio, Estimate) else None for arm, ratio in ratios.items()}
    )
    return tuple(
        OddsContrast(
            arm,
            data.labels[arm],
            ratios[arm],
            attempt("risk difference", partial(both, risk_difference, arm)),
            adjusted[arm],
        )
        for arm in arms
    )


def _judged(
    contrasts: tuple[OddsContrast, ...], smallest: float | None, alpha: float
) -> tuple[OddsContrast, ...]:
    if smallest is None:
        return contrasts

    def tested(difference: Estimate | NotEstimable) -> Equivalence:
        if isinstance(difference, NotEstimable):
            raise NotEstimableError(difference.reason)
        return equivalence_of(difference, smallest, alpha)

    tests = {
        contrast.arm: attempt("equivalence", partial(tested, contrast.risk_difference))
        for contrast in contrasts
    }
    p_differences = {contrast.arm: contrast.p_adjusted for contrast in contrasts}
    return with_verdicts(contrasts, tests, p_differences, alpha)


def _there(share: ClusteredShare | NotEstimable) -> ClusteredShare:
    if isinstance(share, NotEstimable):
        raise NotEstimableError(share.reason)
    return share
