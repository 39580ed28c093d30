"""Mixed analysis of variance: arms between subjects, times or conditions within subjects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import HypothesisTest
from analysis.statistics.requirements import NO_LABELS, arm_names

Matrix = npt.NDArray[np.float64]
EFFECTS = ("arm", "time", "arm:time")


@dataclass(frozen=True)
class ArmByTime:
    """Tests of the effects in EFFECTS, and Greenhouse and Geisser's ε, which is 1 for two times."""

    effects: Mapping[str, HypothesisTest]
    epsilon: float


def arm_by_time(
    wide: pd.DataFrame, arm: pd.Series, arms: Sequence[str], labels: Mapping[str, str] = NO_LABELS
) -> ArmByTime:
    """Return the univariate tests of a mixed analysis of variance, type III.

    `wide` (participants, times) is complete, and `arm` is each participant's. With effect-coded
    arms the means of unequal arms are weighted equally. Both degrees of freedom of the tests within
    subjects are multiplied by ε (Greenhouse & Geisser, 1959), as in R's afex::aov_ez, because
    differences between times need not have equal variances. Raises NotEstimableError if an arm has
    fewer than two participants or the scores do not vary within participants.
    """
    scores = wide.to_numpy(float)
    n, times = scores.shape
    if times < 2:
        raise NotEstimableError(f"at least 2 times are needed, but the data have {times}")
    if len(arms) < 2:
        raise NotEstimableError(f"at least 2 arms are needed, but the comparison has {len(arms)}")
    counts = arm.value_counts()
    few = [name for name in arms if counts.get(name, 0) < 2]
    if few:
        raise NotEstimableError(
            f"at least 2 participants with all times are needed per arm, but "
            f"{arm_names(few, labels)} has fewer"
        )
    codes = np.vstack([np.eye(len(arms) - 1), -np.ones(len(arms) - 1)])
    design = np.column_stack([np.ones(n), codes[[list(arms).index(name) for name in arm]]])
    inverse = np.linalg.inv(design.T @ design)
    beta = inverse @ design.T @ scores
    residuals = scores - design @ beta
    df = n - len(arms)
    mean, contrasts = np.full((times, 1), times**-0.5), contrasts_of(times)
    rows = {"arm": np.eye(len(arms))[1:], "time": np.eye(len(arms))[:1]}
    rows["arm:time"] = rows["arm"]
    # Relative to the scores, so that rounding of constant differences does not count as variance.
    error = contrasts.T @ (residuals.T @ residuals) @ contrasts
    if float(np.trace(error)) <= 1e-20 * max(1.0, float((scores**2).sum())):
        raise NotEstimableError("the differences between the times do not vary within the arms")
    epsilon = float(np.trace(error) ** 2 / ((times - 1) * np.trace(error @ error)))
    tests = {}
    for name in EFFECTS:
        within = contrasts if "time" in name else mean
        correction = epsilon if "time" in name else 1.0
        tests[name] = effect_test(
            name, rows[name], within, beta, inverse, residuals, df, correction
        )
    return ArmByTime(tests, epsilon)


def effect_test(
    name: str, rows: Matrix, within: Matrix, beta: Matrix, inverse: Matrix, residuals: Matrix,
    df: int, epsilon: float,
) -> HypothesisTest:  # fmt: skip
    """Return the univariate F test of ``rows @ beta @ within`` = 0, with df multiplied by epsilon.

    `beta` (effects, times) has the residuals (participants, times) and `inverse`, the inverse of
    the cross-product of its design.
    """
    effect = rows @ beta @ within
    explained = np.trace(effect.T @ np.linalg.solve(rows @ inverse @ rows.T, effect))
    error = np.trace(within.T @ (residuals.T @ residuals) @ within)
    if error <= 0:
        raise NotEstimableError("the participants' means do not vary within the arms")
    width = within.shape[1]
    f = float((explained / (len(rows) * width)) / (error / (df * width)))
    dfs = (len(rows) * width * epsilon, df * width * epsilon)
    label = f"{name}, Greenhouse-Geisser" if width > 1 else name
    return HypothesisTest(label, "F", f, dfs, float(stats.f.sf(f, *dfs)), len(residuals))


def contrasts_of(times: int) -> Matrix:
    """Return orthonormal contrasts (times, times - 1) between the times."""
    helmert = np.array(
        [[1.0] * (k + 1) + [-(k + 1.0)] + [0.0] * (times - k - 2) for k in range(times - 1)]
    ).T
    return np.asarray(helmert / np.linalg.norm(helmert, axis=0))
