"""Conditions that data must meet before a statistic on arms is defined.

Each check raises NotEstimableError.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.estimate import Groups, LabelledGroups, Scores

NO_LABELS: Mapping[str, str] = MappingProxyType({})
CURE_FOR_FEW = "collect more data, or remove the arm from the study and its plan"


def require_arms(groups: Groups, minimum: int = 2) -> None:
    """Check that there are at least `minimum` arms."""
    if len(groups) < minimum:
        raise NotEstimableError(
            f"at least {minimum} arms are needed, but the comparison has {len(groups)}"
        )


def require_scores(groups: Groups, minimum: int = 2) -> None:
    """Check that every arm has at least `minimum` scores."""
    labels = labels_of(groups)
    few = [
        f"{arm_name(arm, labels)} has {len(scores)}"
        for arm, scores in groups.items()
        if len(scores) < minimum
    ]
    if few:
        raise NotEstimableError(
            f"at least {minimum} scores per arm are needed, but {_list(few)}; {CURE_FOR_FEW}"
        )


def require_some_spread(groups: Groups) -> None:
    """Check that the scores of all arms together are not all equal."""
    pooled = np.concatenate(list(groups.values()))
    if is_constant(pooled):
        raise NotEstimableError(
            f"all {len(pooled)} scores equal {pooled[0]:g}, so there is nothing to compare"
        )


def require_spread_in_every_arm(groups: Groups) -> None:
    """Check that scores vary within every arm."""
    labels = labels_of(groups)
    constant = [
        f"all {len(scores)} scores of {arm_name(arm, labels)} equal {scores[0]:g}"
        for arm, scores in groups.items()
        if is_constant(scores)
    ]
    if constant:
        raise NoTestError(f"the scores must vary within every arm, but {_list(constant)}")


def is_constant(scores: Scores) -> bool:
    """Return whether the scores are all equal, up to the rounding of a mean of a few ratings."""
    return bool(np.ptp(scores) <= 1e-12 * max(1.0, float(np.abs(scores).max())))


def labels_of(groups: Groups) -> Mapping[str, str]:
    """Return the labels of the arms, which bare groups do not have."""
    return groups.labels if isinstance(groups, LabelledGroups) else NO_LABELS


def arm_name(arm: str, labels: Mapping[str, str]) -> str:
    """Return the arm's label in quotation marks, or its key if the arms have no labels.

    A key such as "none" is easily read as a word of the sentence.
    """
    return f"“{labels[arm]}”" if arm in labels else arm


def arm_names(arms: Iterable[str], labels: Mapping[str, str]) -> str:
    """Return the names of several arms as a list."""
    return ", ".join(arm_name(arm, labels) for arm in arms)


def _list(parts: Iterable[str]) -> str:
    return "; ".join(parts)
