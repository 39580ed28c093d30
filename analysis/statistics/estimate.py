"""Results of a statistic: an estimate with its interval, a test, or the reason for neither."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from analysis.errors import NoTestError, NotEstimableError

T = TypeVar("T")

Scores = npt.NDArray[np.float64]
Groups = Mapping[str, Scores]  # arm key → the scores of its participants, without missing ones


class LabelledGroups(dict[str, Scores]):
    """Groups whose arms have labels, by which a reason names them in place of their keys."""

    def __init__(self, scores: Groups, labels: Mapping[str, str]) -> None:
        super().__init__(scores)
        self.labels = labels

    def only(self, arms: Iterable[str]) -> "LabelledGroups":
        """Return the groups of some arms."""
        return LabelledGroups({arm: self[arm] for arm in arms}, self.labels)


@dataclass(frozen=True)
class Estimate:
    """An unrounded quantity with its confidence interval from `low` to `high` at `level` (0 to 1).

    `n` counts the participants (or pairs) it is based on; `statistic`, `df` and `p` belong to the
    test of "equals zero", where the interval comes with a test. `method` names the method of the
    interval. Raises ValueError if a number is not finite or the interval does not contain the
    value.
    """

    name: str
    value: float
    low: float
    high: float
    level: float
    n: int
    method: str
    statistic: float | None = None
    df: float | None = None
    p: float | None = None

    def __post_init__(self) -> None:
        _check_finite(self.name, self.value, self.low, self.high, self.statistic, self.df, self.p)
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"{self.name}: the interval {self.low} to {self.high} must contain {self.value}"
            )
        if not 0 < self.level < 1:
            raise ValueError(f"{self.name}: level must be between 0 and 1, got {self.level}")


@dataclass(frozen=True)
class Bound:
    """A ratio estimated as 0 or infinite, with the only limit of its interval at `level`.

    An infinite ratio has a lower limit, a ratio of 0 an upper limit. `statistic` is the signed root
    of the likelihood ratio, whose p is that of z; `n` counts the participants.
    """

    name: str
    value: Literal["0", "infinite"]
    limit: float
    level: float
    n: int
    method: str
    statistic: float
    p: float
    df: None = None

    def __post_init__(self) -> None:
        _check_finite(self.name, self.limit, self.statistic, self.p)


@dataclass(frozen=True)
class HypothesisTest:
    """A test: `symbol` = `statistic` on `df` degrees of freedom, its `p`, and its `n` scores.

    `df_method` names the approximation of the denominator's degrees of freedom, such as
    "Satterthwaite", and is empty where they are known or need no name of their own.
    """

    name: str
    symbol: str
    statistic: float
    df: tuple[float, ...]
    p: float
    n: int
    df_method: str = ""

    def __post_init__(self) -> None:
        _check_finite(self.name, self.statistic, self.p, *self.df)


@dataclass(frozen=True)
class NotEstimable:
    """The reason why a statistic could not be computed, in place of its result."""

    name: str
    reason: str


@dataclass(frozen=True)
class NoTest(NotEstimable):
    """The reason for a missing test of groups that another method can compare (NoTestError)."""


def attempt(name: str, statistic: Callable[[], T]) -> T | NotEstimable:
    """Return the statistic's result, or NotEstimable with the reason if it is not estimable."""
    try:
        return statistic()
    except NoTestError as error:
        return NoTest(name, str(error))
    except NotEstimableError as error:
        return NotEstimable(name, str(error))


def _check_finite(name: str, *numbers: float | None) -> None:
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise ValueError(f"{name}: every number must be finite, got {numbers}")
