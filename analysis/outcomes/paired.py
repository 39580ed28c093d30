"""The analysis "paired": two times or conditions within subjects, compared by the paired t test."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption, normality
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.equivalence import (
    Equivalence,
    Verdict,
    equivalence_of,
    verdict,
)
from analysis.statistics.comparisons.two_samples import paired_t
from analysis.statistics.comparisons.within import cohens_dz, wilcoxon
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class Paired:
    """The later minus the earlier time, with times (or conditions) in place of arms.

    `equivalence` and `verdict` are None unless the plan declares a smallest effect. `incomplete`
    counts the participants who lack one of the times and are left out.
    """

    arms: tuple[ArmSummary, ...]
    test: HypothesisTest | NotEstimable
    difference: Estimate | NotEstimable
    dz: Estimate | NotEstimable
    wilcoxon: HypothesisTest | NotEstimable
    equivalence: Equivalence | NotEstimable | None
    verdict: Verdict | None
    incomplete: int


def paired(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> Paired:
    """Compare the two times over all arms together: every participant is their own control."""
    wide = condition_means(data, outcome)
    complete, plan = wide.dropna(), data.plan
    difference = attempt("mean of differences", partial(_difference, complete, plan.level))
    equivalence = None
    if outcome.smallest_effect is not None:
        equivalence = attempt(
            "equivalence",
            partial(_equivalence, difference, outcome.smallest_effect, plan.alpha),
        )
    both = isinstance(difference, Estimate) and isinstance(equivalence, Equivalence)
    return Paired(
        tuple(
            summarise(str(name), str(name), complete[name].to_numpy(float), plan.level)
            for name in complete
        ),
        attempt("paired t", partial(_test, difference)),
        difference,
        attempt("dz", partial(_dz, difference, plan.level)),
        attempt("Wilcoxon signed-rank", partial(_wilcoxon, complete)),
        equivalence,
        verdict(difference.p, equivalence.p, plan.alpha)  # type: ignore[union-attr, arg-type]
        if both
        else None,
        len(wide) - len(complete),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check that every participant has both times, and the shape of the differences."""
    if not isinstance(found, Paired):
        return ()
    values = {"complete": found.arms[0].n if found.arms else 0, "incomplete": found.incomplete}
    complete = Assumption("complete", "doubtful" if found.incomplete else "met", values)
    if isinstance(found.test, NotEstimable):
        return (complete,)
    wide = condition_means(data, outcome).dropna().to_numpy(float)
    return (complete, normality("differences", wide[:, 1] - wide[:, 0]))


def _difference(complete: pd.DataFrame, level: float) -> Estimate:
    _require_two(complete)
    first, second = (complete[name].to_numpy(float) for name in complete)
    return paired_t(second, first, level)


def _wilcoxon(complete: pd.DataFrame) -> HypothesisTest:
    _require_two(complete)
    return wilcoxon(complete)


def _require_two(complete: pd.DataFrame) -> None:
    if complete.shape[1] != 2:
        named = ", ".join(map(str, complete)) or "none"
        raise NotEstimableError(
            f"a paired test compares two times or conditions, but the data have "
            f"{complete.shape[1]} ({named}); use repeated for more than two"
        )


def _test(difference: Estimate | NotEstimable) -> HypothesisTest:
    known = _known(difference)
    if known.statistic is None or known.df is None or known.p is None:
        raise NotEstimableError("the difference has no test")
    return HypothesisTest("paired t", "t", known.statistic, (known.df,), known.p, known.n)


def _dz(difference: Estimate | NotEstimable, level: float) -> Estimate:
    return cohens_dz(_known(difference), level)


def _equivalence(difference: Estimate | NotEstimable, smallest: float, alpha: float) -> Equivalence:
    return equivalence_of(_known(difference), smallest, alpha)


def _known(difference: Estimate | NotEstimable) -> Estimate:
    if isinstance(difference, NotEstimable):
        raise NotEstimableError(difference.reason)
    return difference
