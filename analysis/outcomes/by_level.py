"""Arms at each level of a factor within participants: means, differences, and their change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome, compares_times, level_factor
from analysis.statistics.comparisons.arm_by_time import ArmByTime, arm_by_time
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.descriptives import ArmSummary, mean, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, Scores, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.codebook_words import codewords
from analysis.study_data.rows_in_words import level_words
from analysis.study_data.study_data import StudyData

INTERACTION = "arm:time"
FEWEST_FOR_A_SLOPE = 3
"""Levels from which a slope tells more than the difference of two levels."""


@dataclass(frozen=True)
class LevelScores:
    """Scores of an arm at a level, whose name in print is `level`."""

    level: str
    scores: ArmSummary


@dataclass(frozen=True)
class LevelContrast:
    """An arm minus the control at a level, by Welch.

    The interval is not adjusted. `p_adjusted` is Holm's over all levels and arms.
    """

    level: str
    arm: str
    label: str
    difference: Estimate | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class Slope:
    """Mean of the participants' slopes in an arm: change of the score per unit of the factor.

    `difference` is the arm's mean slope minus the control's by Welch, None for the control.
    `p_adjusted` is Holm's over the arms.
    """

    arm: str
    label: str
    mean: Estimate | NotEstimable
    difference: Estimate | NotEstimable | None
    p_adjusted: float | None


@dataclass(frozen=True)
class ByLevel:
    """Arms at each level of `factor`, as exploratory follow-ups of their interaction.

    A participant's score at a level is a mean over trials, or the questionnaire's score. `levels`
    are their names in print, in order. `interaction` tests whether the differences between the
    arms change over the levels: univariate F of the participants with all levels, both df
    multiplied by Greenhouse and Geisser's `epsilon`. `incomplete` counts the participants without
    all levels. A model of trials has them in `scores` and `contrasts`, a mixed ANOVA has not.
    `slopes` is empty unless the levels are three or more numbers.
    """

    factor: str
    levels: tuple[str, ...]
    scores: tuple[LevelScores, ...]
    contrasts: tuple[LevelContrast, ...]
    interaction: HypothesisTest | NotEstimable
    epsilon: float | None
    slopes: tuple[Slope, ...]
    incomplete: int


def arms_by_level(data: StudyData, outcome: Outcome) -> ByLevel | None:
    """Compare the arms at each level, or return None if the outcome's analysis has no levels."""
    arms = data.plan.arms_of(outcome)
    factor, times = level_factor(outcome, data.plan), compares_times(outcome)
    if factor is None:
        return None
    wide = condition_means(data, outcome)
    complete = wide.dropna()
    # The means of a mixed ANOVA are those of its own participants; a model uses every trial.
    scores = complete if times else wide[ordered_levels(data, outcome, wide)]
    found = attempt(
        "interaction",
        partial(arm_by_time, complete, _arm_of(complete, data), arms, data.labels),
    )
    keys = list(map(str, scores))
    if len(keys) < 2:
        return None
    names = dict(zip(keys, _names(keys, outcome, data), strict=True))
    of_arm = {arm: scores[(_arm_of(scores, data) == arm).to_numpy()] for arm in arms}
    level = data.plan.level
    return ByLevel(
        factor,
        tuple(names.values()),
        tuple(
            LevelScores(names[key], summarise(arm, data.labels[arm], _scores(rows, key), level))
            for key in keys
            for arm, rows in of_arm.items()
        ),
        _contrasts(of_arm, names, data),
        found.effects[INTERACTION] if isinstance(found, ArmByTime) else found,
        found.epsilon if isinstance(found, ArmByTime) else None,
        _slopes(complete[keys], arms, data) if _are_numbers(data, outcome, keys) else (),
        len(wide) - len(complete),
    )


def ordered_levels(data: StudyData, outcome: Outcome, wide: pd.DataFrame) -> list[str]:
    """Return the columns of (participants, levels) as numbers, or as the codebook orders them."""
    keys = list(map(str, wide))
    if _are_numbers(data, outcome, keys):
        return sorted(keys, key=float)
    book = data.codebook
    words = book[(book["file"] == "trials.csv") & (book["column"] == outcome.within)]["values"]
    order = list(codewords(words.iloc[0] if len(words) else ""))
    return sorted(keys, key=lambda key: order.index(key) if key in order else len(order))


def individual_slopes(wide: pd.DataFrame, values: Sequence[float]) -> pd.Series:
    """Return each participant's least-squares slope over the levels' `values`.

    The linear trend as a summary measure (Matthews et al., 1990, BMJ, 300, 230-235): one number
    per participant, so that comparing arms needs no assumption on the covariance of the levels.
    """
    centred = np.asarray(values, float) - float(np.mean(values))
    slopes = wide.to_numpy(float) @ centred / float(centred @ centred)
    return pd.Series(slopes.round(12), index=wide.index)


def _are_numbers(data: StudyData, outcome: Outcome, keys: Sequence[str]) -> bool:
    """Return whether the levels are three or more numbers of a column of trials."""
    column = data.trials.get(str(outcome.within)) if outcome.column is not None else None
    return (
        column is not None
        and pd.api.types.is_numeric_dtype(column)
        and len(keys) >= FEWEST_FOR_A_SLOPE
    )


def _arm_of(wide: pd.DataFrame, data: StudyData) -> pd.Series:
    return data.participants.set_index("participant")["arm"].reindex(wide.index)


def _scores(rows: pd.DataFrame, key: str) -> Scores:
    return rows[key].dropna().to_numpy(float)


def _names(keys: Sequence[str], outcome: Outcome, data: StudyData) -> list[str]:
    """Return the names of the levels in print: a condition's label, or the value."""
    labels: Mapping[str, str] = data.labels if outcome.within == "condition" else {}
    return [labels.get(key, level_words(str(outcome.within), key)) for key in keys]


def _contrasts(
    of_arm: Mapping[str, pd.DataFrame], names: Mapping[str, str], data: StudyData
) -> tuple[LevelContrast, ...]:
    """Compare each arm with the control at each level, Holm over all of these comparisons.

    Welch's test of a level's scores has its own error, so that neither sphericity nor equal
    variances at the levels are assumed, which a pooled error would need.
    """
    control, level = data.plan.control, data.plan.level
    differences = {
        (key, arm): attempt(
            "mean difference",
            partial(welch_t, _scores(of_arm[arm], key), _scores(of_arm[control], key), level),
        )
        for key in names
        for arm in of_arm
        if arm != control
    }
    adjusted = _holm({f"{key} {arm}": one for (key, arm), one in differences.items()})
    return tuple(
        LevelContrast(names[key], arm, data.labels[arm], one, adjusted[f"{key} {arm}"])
        for (key, arm), one in differences.items()
    )


def _slopes(complete: pd.DataFrame, arms: Sequence[str], data: StudyData) -> tuple[Slope, ...]:
    control, level = data.plan.control, data.plan.level
    slopes = individual_slopes(complete, [float(str(key)) for key in complete])
    arm_of = _arm_of(complete, data).to_numpy()
    of_arm = {arm: slopes[arm_of == arm].to_numpy(float) for arm in arms}
    differences = {
        arm: attempt("difference of slopes", partial(welch_t, own, of_arm[control], level))
        for arm, own in of_arm.items()
        if arm != control
    }
    adjusted = _holm(differences)
    return tuple(
        Slope(
            arm,
            data.labels[arm],
            attempt("mean slope", partial(mean, of_arm[arm], level)),
            differences.get(arm),
            adjusted.get(arm),
        )
        for arm in arms
    )


def _holm(differences: Mapping[str, Estimate | NotEstimable]) -> dict[str, float | None]:
    return holm(
        {key: one.p if isinstance(one, Estimate) else None for key, one in differences.items()}
    )
