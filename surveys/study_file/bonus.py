"""The bonus of a study, which a rule computes from a person's trials."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from annotated_types import Ge, Le

from analysis.toml.value_types import OneOf, Stripped, Words

RULES = ("accuracy", "calibration")
MOST = 1000
WITHOUT_CENTS = frozenset(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"))
"""Currencies that have no smaller unit (ISO 4217)."""


@dataclass(frozen=True)
class Judged:
    """A trial as the bonus sees it: whether the decision was right, whether the classifier was, and
    the probability that the person gave its answer. None stands for a missing answer.
    """

    decided_right: bool | None
    prediction_correct: bool
    probability: float | None = None


@dataclass(frozen=True)
class Bonus:
    """The table [bonus].

    ``rule`` is "accuracy", which pays ``per_right`` for each right decision, or "calibration",
    which pays by the quadratic score of the probabilities that people give the classifier's
    answers. The amount lies between ``minimum`` and ``maximum`` in the ``currency`` and is rounded
    to its smallest unit. ``parts`` lists the trials that count, and is empty for all of them apart
    from practice.
    """

    rule: Annotated[str, OneOf(RULES)]
    maximum: Annotated[float, Ge(0), Le(MOST)]
    currency: Stripped = ""
    minimum: Annotated[float, Ge(0), Le(MOST)] = 0.0
    per_right: Annotated[float, Ge(0), Le(MOST)] = 0.0
    parts: tuple[Words, ...] = field(default_factory=tuple)

    @property
    def unit(self) -> Decimal:
        """Return the currency's smallest unit."""
        return Decimal(1) if self.currency in WITHOUT_CENTS else Decimal("0.01")

    def amount(self, trials: Sequence[Judged]) -> Decimal:
        """Return the bonus for the trials.

        A trial without an answer earns nothing. The quadratic score of a probability p is
        1 - (y - p)², with y = 1 if the classifier was right and 0 if not (Brier, 1950). Its
        expectation is highest for the probability that a person believes (a proper scoring rule).
        """
        low, high = _exact(self.minimum), _exact(self.maximum)
        if self.rule == "accuracy":
            right = sum(trial.decided_right is True for trial in trials)
            earned = low + _exact(self.per_right) * right
        else:
            scores = [_quadratic(trial) for trial in trials]
            mean = sum(scores, Decimal()) / len(scores) if scores else Decimal()
            earned = low + (high - low) * mean
        return min(max(earned, low), high).quantize(self.unit, ROUND_HALF_UP)


def _quadratic(trial: Judged) -> Decimal:
    if trial.probability is None:
        return Decimal()
    return 1 - (Decimal(trial.prediction_correct) - _exact(trial.probability)) ** 2


def _exact(number: float) -> Decimal:
    """Return the decimal that the file or the page says: 0.1 is a tenth, not the nearest float."""
    return Decimal(str(number))
