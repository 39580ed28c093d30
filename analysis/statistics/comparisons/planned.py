"""Planned contrasts, which are weighted sums of the arms' means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.plan.tables import PlannedContrast
from analysis.statistics.estimate import Estimate, Groups, LabelledGroups, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.statistics.requirements import arm_names, is_constant, labels_of, require_scores


@dataclass(frozen=True)
class ContrastResult:
    """A planned contrast.

    `p_adjusted` is Holm's over the outcome's planned contrasts.
    """

    key: str
    label: str
    weights: Mapping[str, float]
    difference: Estimate | NotEstimable
    p_adjusted: float | None


def planned_contrasts(
    groups: Groups, contrasts: Sequence[PlannedContrast], level: float = 0.95
) -> tuple[ContrastResult, ...]:
    """Estimate each contrast of the plan.

    A contrast with an arm that was not asked about the outcome is NotEstimable.
    """
    differences = {
        contrast.key: attempt("contrast", partial(contrast_of_means, groups, contrast, level))
        for contrast in contrasts
    }
    # A contrast that cannot be estimated still counts in Holm's procedure.
    adjusted = holm(
        {
            key: difference.p if isinstance(difference, Estimate) else None
            for key, difference in differences.items()
        }
    )
    return tuple(
        ContrastResult(c.key, c.label, c.weights, differences[c.key], adjusted[c.key])
        for c in contrasts
    )


def contrast_of_means(groups: Groups, contrast: PlannedContrast, level: float = 0.95) -> Estimate:
    """Estimate Σ wᵢ x̄ᵢ with Welch's error, √Σ wᵢ² sᵢ²/nᵢ, and Satterthwaite's df."""
    labels = labels_of(groups)
    absent = [arm for arm in contrast.weights if arm not in groups]
    if absent:
        raise NotEstimableError(f"the outcome was not measured in {arm_names(absent, labels)}")
    # Arms with weight 0 do not contribute and may have too few scores.
    arms = LabelledGroups(groups, labels).only(
        a for a, weight in contrast.weights.items() if weight
    )
    require_scores(arms)
    if all(is_constant(scores) for scores in arms.values()):
        raise NotEstimableError("the scores do not vary within any arm of the contrast")
    weights = np.array([contrast.weights[arm] for arm in arms])
    sizes = np.array([len(scores) for scores in arms.values()])
    parts = weights**2 * np.array([scores.var(ddof=1) for scores in arms.values()]) / sizes
    value = float(weights @ np.array([scores.mean() for scores in arms.values()]))
    error, df = (
        float(np.sqrt(parts.sum())),
        float(parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()),
    )
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    t = value / error
    return Estimate(
        contrast.label, value, value - half, value + half, level, int(sizes.sum()),
        "Welch contrast", t, df, float(2 * stats.t.sf(abs(t), df)),
    )  # fmt: skip
