"""What data must offer before a statistic on groups exists; each check raises NotEstimableError."""

from collections.abc import Iterable

import numpy as np

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Groups, Scores

CURE_FOR_FEW = "collect more, or take the arm out of the study and its plan"


def require_arms(groups: Groups, minimum: int = 2) -> None:
    """At least `minimum` arms."""
    if len(groups) < minimum:
        raise NotEstimableError(f"{len(groups)} arm(s) in the plan, at least {minimum} are needed")


def require_scores(groups: Groups, minimum: int = 2) -> None:
    """At least `minimum` scores in every arm."""
    few = [f"{arm} has {len(scores)}" for arm, scores in groups.items() if len(scores) < minimum]
    if few:
        raise NotEstimableError(
            f"at least {minimum} scores per arm are needed, but {_list(few)}; {CURE_FOR_FEW}"
        )


def require_some_spread(groups: Groups) -> None:
    """Not every score of all arms together equal."""
    pooled = np.concatenate(list(groups.values()))
    if is_constant(pooled):
        raise NotEstimableError(f"all {len(pooled)} scores equal {pooled[0]:g}")


def require_spread_in_every_arm(groups: Groups) -> None:
    """Scores that vary within every arm."""
    constant = [
        f"all {len(scores)} scores of {arm} equal {scores[0]:g}"
        for arm, scores in groups.items()
        if is_constant(scores)
    ]
    if constant:
        raise NotEstimableError(f"an arm without spread has no weight: {_list(constant)}")


def is_constant(scores: Scores) -> bool:
    """Whether scores do not vary, up to the rounding of a mean of a few ratings."""
    return bool(np.ptp(scores) <= 1e-12 * max(1.0, float(np.abs(scores).max())))


def _list(parts: Iterable[str]) -> str:
    return "; ".join(parts)
