"""Measures of behaviour other than ratios, per participant.

Each function takes the table of behaviour.trials and returns value, numerator (empty here) and
denominator (the number of trials behind the value) per participant.
"""

import numpy as np
import pandas as pd
from scipy import stats


def weight_of_advice(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the median of (l - f) / (a - f) over a participant's trials.

    Yaniv & Kleinberger (2000). It is not clipped: below 0 means moving away from the advice, above
    1 moving beyond it.
    """
    return _summary(trials["weight_of_advice"], trials, "median")


def clipped_weight_of_advice(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the mean weight of advice, each clipped to 0..1 as many studies report it."""
    return _summary(trials["weight_of_advice"].clip(0, 1), trials, "mean")


def d_prime(trials: pd.DataFrame) -> pd.DataFrame:
    """Return z(H) - z(F), which measures how well right and wrong advice are discriminated.

    H is the rate of accepting right advice, F of accepting wrong advice. Hautus's (1995) log-linear
    correction, (k + 1/2) / (n + 1), keeps both rates away from 0 and 1.
    """
    hits, false_alarms, n = _rates(trials)
    return _frame(stats.norm.ppf(hits) - stats.norm.ppf(false_alarms), n)


def criterion(trials: pd.DataFrame) -> pd.DataFrame:
    """Return -(z(H) + z(F)) / 2: above 0 the participant tends to reject, below 0 to accept."""
    hits, false_alarms, n = _rates(trials)
    return _frame(-(stats.norm.ppf(hits) + stats.norm.ppf(false_alarms)) / 2, n)


def brier(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of (stated probability - right)².

    0 is best.
    """
    return _summary((trials["probability"] - trials["final_right"]) ** 2, trials, "mean")


def overconfidence(trials: pd.DataFrame) -> pd.DataFrame:
    """Return mean stated probability minus share of right answers, over trials that have both."""
    return _summary(trials["probability"] - trials["final_right"], trials, "mean")


def log_response_time(trials: pd.DataFrame) -> pd.DataFrame:
    """Return the mean logarithm of the response time in milliseconds."""
    return _summary(np.log(trials["response_time"]), trials, "mean")


def guess_above_chance(trials: pd.DataFrame) -> pd.DataFrame:
    """Return (share predicted - chance) / (1 - chance): 0 is guessing, 1 is always right."""
    return _summary(trials["guess_above_chance"], trials, "mean")


def _rates(trials: pd.DataFrame) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return H and F per participant, missing without right or without wrong advice."""
    answered = trials[trials["accepted"].notna() & trials["advice_right"].notna()]
    by = answered.groupby(["participant", "advice_right"])["accepted"].agg(["sum", "count"])
    people = pd.Index(trials["participant"].unique(), name="participant")
    sums = by["sum"].unstack("advice_right").reindex(index=people, columns=[0.0, 1.0])
    counts = by["count"].unstack("advice_right").reindex(index=people, columns=[0.0, 1.0])
    rates = (sums + 0.5) / (counts + 1)
    return rates[1.0], rates[0.0], counts.sum(axis=1)


def _summary(values: pd.Series, trials: pd.DataFrame, how: str) -> pd.DataFrame:
    frame = values.groupby(trials["participant"], sort=False).agg([how, "count"])
    return _frame(frame[how], frame["count"])


def _frame(value: pd.Series, trials: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"value": value, "numerator": np.nan, "denominator": trials.astype("float64")}
    )
