"""Different, equivalent, neither or both: several arms against one, p adjusted over the arms."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from analysis.statistics.comparisons.equivalence import Equivalence, verdict
from analysis.statistics.estimate import NotEstimable
from analysis.statistics.multiplicity import holm

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

C = TypeVar("C", bound="DataclassInstance")


def with_verdicts(
    contrasts: tuple[C, ...],
    found: Mapping[str, Equivalence | NotEstimable],
    p_differences: Mapping[str, float | None],
    alpha: float,
) -> tuple[C, ...]:
    """The contrasts with `equivalence`, its p by Holm as `p_equivalence`, and `verdict`.

    `found` holds the arms in the order of the contrasts, `p_differences` the p of the differences,
    adjusted over the arms already. No verdict where one of the two p is missing.
    """
    adjusted = holm(
        {arm: one.p if isinstance(one, Equivalence) else None for arm, one in found.items()}
    )
    judged = []
    for one, arm in zip(contrasts, found, strict=True):
        different, alike = p_differences[arm], adjusted[arm]
        both = None
        if different is not None and alike is not None:
            both = verdict(different, alike, alpha)
        judged.append(replace(one, equivalence=found[arm], p_equivalence=alike, verdict=both))
    return tuple(judged)
