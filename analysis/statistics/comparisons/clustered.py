"""Yes-or-no trials, several per participant: shares whose error is that between participants."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest


@dataclass(frozen=True)
class ClusteredShare:
    """Share of yes over all trials of an arm, its variance between participants, their number.

    `share` = Σ yes / Σ trials. `variance` = m/(m-1) Σ (yesᵢ - share · trialsᵢ)² / (Σ trials)², the
    sandwich of a logistic regression with independence as working correlation (Liang & Zeger,
    1986), on the scale of shares.
    """

    share: float
    variance: float
    participants: int
    trials: int


def clustered_share(yes: pd.Series, participants: pd.Series) -> ClusteredShare:
    """From one row per trial: 1 or 0, and whose trial it is."""
    counts = yes.astype(float).groupby(participants.to_numpy()).agg(["sum", "count"])
    m, trials = len(counts), int(counts["count"].sum())
    if m < 2:
        raise NotEstimableError(f"at least 2 participants per arm are needed, there are {m}")
    share = float(counts["sum"].sum() / trials)
    residual = counts["sum"] - share * counts["count"]
    variance = float(m / (m - 1) * (residual**2).sum() / trials**2)
    return ClusteredShare(share, variance, m, trials)


def odds_ratio(a: ClusteredShare, b: ClusteredShare, level: float = 0.95) -> Estimate:
    """Odds of yes in a over those in b; the interval is made on the logarithm.

    df: Satterthwaite's over the two arms. statistic and p test log odds ratio = 0.
    """
    for one in (a, b):
        _require_log_odds(one)
    parts = np.array([_log_odds_variance(one) for one in (a, b)])
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
    """Share in a minus share in b: what the odds ratio means in trials, averaged over people."""
    parts = np.array([a.variance, b.variance])
    if parts.sum() <= 1e-24:
        raise NotEstimableError(
            f"participants do not vary within the arms: shares {a.share:g} and {b.share:g}"
        )
    value = a.share - b.share
    error, df = _error_and_df(parts, (a, b))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    t = value / error
    return Estimate(
        "risk difference", value, max(-1.0, value - half), min(1.0, value + half), level,
        a.participants + b.participants, "cluster-robust, t", t, df,
        float(2 * stats.t.sf(abs(t), df)),
    )  # fmt: skip


def equal_odds(arms: Mapping[str, ClusteredShare]) -> HypothesisTest:
    """Wald's F of equal log odds in all arms, each arm with its own between-people variance.

    Welch's weights and second df, as in the Welch ANOVA, on log odds.
    """
    if len(arms) < 2:
        raise NotEstimableError(f"{len(arms)} arm(s), at least 2 are needed")
    for one in arms.values():
        _require_log_odds(one)
    k = len(arms)
    values = np.array([special.logit(one.share) for one in arms.values()])
    weights = 1 / np.array([_log_odds_variance(one) for one in arms.values()])
    centre = float(weights @ values / weights.sum())
    df_each = np.array([one.participants - 1 for one in arms.values()])
    imbalance = float(((1 - weights / weights.sum()) ** 2 / df_each).sum())
    between = float(weights @ (values - centre) ** 2) / (k - 1)
    f = between / (1 + 2 * (k - 2) / (k**2 - 1) * imbalance)
    df = (float(k - 1), (k**2 - 1) / (3 * imbalance))
    n = sum(one.participants for one in arms.values())
    return HypothesisTest("Equal odds, cluster-robust", "F", f, df, float(stats.f.sf(f, *df)), n)


def _require_log_odds(one: ClusteredShare) -> None:
    if one.share in (0.0, 1.0):
        answer = "yes" if one.share else "no"
        raise NotEstimableError(
            f"all {one.trials} answers of an arm are {answer} (perfect separation): odds are "
            "infinite; the risk difference remains"
        )
    if one.variance <= 1e-24:
        raise NotEstimableError("participants of an arm do not vary, so its odds have no error")


def _log_odds_variance(one: ClusteredShare) -> float:
    return one.variance / (one.share * (1 - one.share)) ** 2


def _error_and_df(
    parts: np.ndarray, arms: tuple[ClusteredShare, ClusteredShare]
) -> tuple[float, float]:
    df_each = np.array([one.participants - 1 for one in arms])
    return float(np.sqrt(parts.sum())), float(parts.sum() ** 2 / (parts**2 / df_each).sum())
