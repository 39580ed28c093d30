"""Assumption checks for between-subjects analyses with one score per participant."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption, normality
from analysis.outcomes.factorial import two_factor_table
from analysis.outcomes.finding import OutcomeFinding, p_of
from analysis.outcomes.one_way import scores_by_arm
from analysis.outcomes.ranks import Ranked
from analysis.outcomes.repeated import Repeated
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.estimate import Groups, HypothesisTest, attempt
from analysis.statistics.requirements import is_constant
from analysis.study_data.study_data import StudyData

TRIED = 10  # number of the most influential participants, each left out in turn


def of_one_way(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check residuals, variances and the influence of single participants."""
    groups = scores_by_arm(scores, outcome, data)
    if p_of(found) is None:
        return ()
    influential = attempt("influence", lambda: influence(groups, data.plan.alpha))
    return (
        normality("residuals", standardised(groups)),
        spread(groups),
        *((influential,) if isinstance(influential, Assumption) else ()),
    )


def of_ranks(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Report the number of different answers, which shows how many ties there are.

    Rank tests do not assume a shape.
    """
    if not isinstance(found, Ranked) or p_of(found) is None:
        return ()
    values = np.concatenate(list(scores_by_arm(scores, outcome, data).values()))
    return (Assumption("shapes", "not needed", {"answers": len(np.unique(values))}),)


def of_repeated(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check that every participant has every condition, as Friedman's test needs."""
    if not isinstance(found, Repeated):
        return ()
    values = {
        "complete": found.arms[0].n if found.arms else 0,
        "incomplete": found.incomplete,
    }
    return (Assumption("complete", "doubtful" if found.incomplete else "met", values),)


def of_permutation(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Report that the assignment itself, or the order of conditions, justifies the test."""
    if p_of(found) is None:
        return ()
    return (Assumption("exchangeable", "not needed", {"n": sum(arm.n for arm in found.arms)}),)


def of_factorial(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Check residuals and variances over the cells."""
    if p_of(found) is None:
        return ()
    table = two_factor_table(data, scores, outcome)
    cells = {
        " × ".join(map(str, names)): rows["score"].to_numpy(dtype=float)
        for names, rows in table.groupby(["a", "b"])
    }
    return normality("residuals", standardised(cells)), spread(cells)


def standardised(groups: Groups) -> npt.NDArray[np.float64]:
    """Return each score minus its arm's mean, in the arm's SDs.

    Arms whose scores do not vary are left out.
    """
    parts = [
        (scores - scores.mean()) / scores.std(ddof=1)
        for scores in groups.values()
        if len(scores) > 1 and not is_constant(scores)
    ]
    return np.concatenate(parts) if parts else np.array([])


def spread(groups: Groups) -> Assumption:
    """Return the ratio of the largest to the smallest variance, and Brown and Forsythe's test.

    The verdict is "not needed" because Welch's and Dunnett's methods here allow unequal variances
    (Brown & Forsythe, 1974).
    """
    variances = [float(scores.var(ddof=1)) for scores in groups.values() if len(scores) > 1]
    values: Mapping[str, float] = {}
    if variances and min(variances) > 0:
        values = {"variance_ratio": max(variances) / min(variances)}
    return Assumption(
        "spread",
        "not needed",
        values,
        test=attempt("Brown-Forsythe", lambda: brown_forsythe(groups)),
    )


def brown_forsythe(groups: Groups) -> HypothesisTest:
    """Test equal variances with the F of absolute deviations from the arms' medians."""
    if len(groups) < 2 or min(map(len, groups.values())) < 2:
        raise NotEstimableError("two arms with two scores each are needed")
    # Deviations that do not vary give 0 / 0, which is refused below.
    with np.errstate(invalid="ignore", divide="ignore"):
        result = stats.levene(*groups.values(), center="median")
    if not np.isfinite(result.statistic):
        raise NotEstimableError("the deviations from the medians do not vary")
    n = sum(map(len, groups.values()))
    df = (float(len(groups) - 1), float(n - len(groups)))
    return HypothesisTest(
        "Brown-Forsythe", "F", float(result.statistic), df, float(result.pvalue), n
    )


def influence(groups: Groups, alpha: float) -> Assumption:
    """Check whether the result depends on a single participant.

    Welch's p is recomputed without each of the most influential participants. Influence is Cook's
    distance in the model of arm means: eᵢ² / (k s²) · h / (1 - h)², h = 1 / n.
    """
    k, n = len(groups), sum(map(len, groups.values()))
    residuals = {arm: scores - scores.mean() for arm, scores in groups.items()}
    square = sum(float((errors**2).sum()) for errors in residuals.values()) / (n - k)
    # An arm of two would be left with a single score, which has no variance for Welch's test.
    cook = [
        (float(errors[i]) ** 2 / (k * square) / len(errors) / (1 - 1 / len(errors)) ** 2, arm, i)
        for arm, errors in residuals.items()
        for i in range(len(errors))
        if len(errors) > 2
    ]
    if not cook:
        raise NotEstimableError("no arm has three scores")
    whole = welch_anova(groups).p
    tried = [
        welch_anova({**groups, arm: np.delete(groups[arm], place)}).p
        for _, arm, place in sorted(cook, reverse=True)[:TRIED]
    ]
    sides = {p < alpha for p in [whole, *tried]}
    values = {
        "cook": max(cook)[0],
        "p_least": min(tried),
        "p_most": max(tried),
        "tried": len(tried),
    }
    return Assumption("influence", "met" if len(sides) == 1 else "doubtful", values)
