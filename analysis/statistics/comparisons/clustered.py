"""Binary trials, several per participant: shares with cluster-robust errors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest


@dataclass(frozen=True)
class ClusteredShare:
    """Share of "yes" over all trials of an arm, with its variance between participants.

    `share` = Σ yes / Σ trials. `variance` = m/(m-1) Σ (yesᵢ - share · trialsᵢ)² / (Σ trials)², the
    sandwich estimator of a logistic regression with an independence working correlation (Liang &
    Zeger, 1986), on the scale of shares.
    """

    share: float
    variance: float
    participants: int
    trials: int


def clustered_share(yes: pd.Series, participants: pd.Series) -> ClusteredShare:
    """Return an arm's share from one row per trial: the answer (1 or 0) and its participant.

    Raises NotEstimableError for fewer than two participants.
    """
    counts = yes.astype(float).groupby(participants.to_numpy()).agg(["sum", "count"])
    m, trials = len(counts), int(counts["count"].sum())
    if m < 2:
        raise NotEstimableError(f"at least 2 participants per arm are needed, but an arm has {m}")
    share = float(counts["sum"].sum() / trials)
    residual = counts["sum"] - share * counts["count"]
    variance = float(m / (m - 1) * (residual**2).sum() / trials**2)
    return ClusteredShare(share, variance, m, trials)


def odds_ratio(a: ClusteredShare, b: ClusteredShare, level: float = 0.95) -> Estimate:
    """Return the odds of "yes" in a divided by the odds in b.

    The interval is built on the log scale; df are Satterthwaite's over the two arms; statistic and
    p test log odds ratio = 0. Raises NotEstimableError if an arm's answers are all alike or its
    participants do not vary.
    """
    for arm in (a, b):
        _require_log_odds(arm)
    # The delta method gives the variance of a log odds from the variance of its share.
    parts = np.array([_log_odds_variance(arm) for arm in (a, b)])
    value = float(special.logit(a.share) - special.logit(b.share))
    error, df = _error_and_df(parts, (a, b))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    t = value / error
    low, middle, high = (float(np.exp(value + shift)) for shift in (-half, 0, half))
    return Estimate(
        "odds ratio", middle, low, high, level, a.participants + b.participants,
        "cluster-robust, t of the log", t, df, float(2 * stats.t.sf(abs(t), df)),
    )  # fmt: skip


def risk_difference(a: ClusteredShare, b: ClusteredShare, level: float = 0.95) -> Estimate:
    """Return the share in a minus the share in b, averaged over participants.

    Unlike the odds ratio it exists when all answers of an arm are alike. If participants do not
    vary within either arm there is no standard error, and the interval consists of exact bounds
    without a test.
    """
    # Satterthwaite's df, because the arms' variances between participants need not be equal.
    parts = np.array([a.variance, b.variance])
    if parts.sum() <= 1e-24:
        return _exact_difference(a, b, level)
    value = a.share - b.share
    error, df = _error_and_df(parts, (a, b))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    t = value / error
    return Estimate(
        "risk difference", value, max(-1.0, value - half), min(1.0, value + half), level,
        a.participants + b.participants, "cluster-robust, t", t, df,
        float(2 * stats.t.sf(abs(t), df)),
    )  # fmt: skip


def _exact_difference(a: ClusteredShare, b: ClusteredShare, level: float) -> Estimate:
    """Return the difference of two shares that do not vary between participants, with bounds.

    If a proportion q of an arm's population differed from the m participants observed, all of whom
    are alike, then (1 - q)^m ≥ α bounds q; these participants could have any share from 0 to 1. The
    error of the two-sided level is divided over both arms and sides (Bonferroni).
    """
    tail = (1 - level) / 4
    limits = []
    for arm in (a, b):
        others = 1 - tail ** (1 / arm.participants)
        limits.append((arm.share * (1 - others), arm.share * (1 - others) + others))
    (low_a, high_a), (low_b, high_b) = limits
    return Estimate(
        "risk difference", a.share - b.share, max(-1.0, low_a - high_b), min(1.0, high_a - low_b),
        level, a.participants + b.participants, "exact bounds, participants alike within the arms",
    )  # fmt: skip


def equal_odds(arms: Mapping[str, ClusteredShare]) -> HypothesisTest:
    """Test equal log odds in all arms with Wald's F, allowing unequal variances.

    Each arm has its own between-participant variance; weights and second df are Welch's, as in the
    Welch ANOVA, on the scale of log odds.
    """
    if len(arms) < 2:
        raise NotEstimableError(f"at least 2 arms are needed, but the comparison has {len(arms)}")
    for arm in arms.values():
        _require_log_odds(arm)
    # Welch's weights, because the arms' variances of log odds depend on their shares.
    k = len(arms)
    values = np.array([special.logit(arm.share) for arm in arms.values()])
    weights = 1 / np.array([_log_odds_variance(arm) for arm in arms.values()])
    centre = float(weights @ values / weights.sum())
    df_each = np.array([arm.participants - 1 for arm in arms.values()])
    imbalance = float(((1 - weights / weights.sum()) ** 2 / df_each).sum())
    between = float(weights @ (values - centre) ** 2) / (k - 1)
    f = between / (1 + 2 * (k - 2) / (k**2 - 1) * imbalance)
    df = (float(k - 1), (k**2 - 1) / (3 * imbalance))
    n = sum(arm.participants for arm in arms.values())
    return HypothesisTest("Equal odds, cluster-robust", "F", f, df, float(stats.f.sf(f, *df)), n)


def _require_log_odds(arm: ClusteredShare) -> None:
    if arm.share in (0.0, 1.0):
        answer = "yes" if arm.share else "no"
        raise NoTestError(
            f"all {arm.trials} answers of an arm are {answer} (perfect separation), so its odds "
            "are 0 or infinite; use the risk difference"
        )
    if arm.variance <= 1e-24:
        raise NoTestError(
            "the shares of an arm's participants do not vary, so its odds have no standard error"
        )


def _log_odds_variance(arm: ClusteredShare) -> float:
    return arm.variance / (arm.share * (1 - arm.share)) ** 2


def _error_and_df(
    parts: np.ndarray, arms: tuple[ClusteredShare, ClusteredShare]
) -> tuple[float, float]:
    df_each = np.array([arm.participants - 1 for arm in arms])
    return float(np.sqrt(parts.sum())), float(parts.sum() ** 2 / (parts**2 / df_each).sum())
