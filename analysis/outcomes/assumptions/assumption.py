"""What an analysis takes for granted, and what the data say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.statistics.estimate import HypothesisTest, NotEstimable

Verdict = Literal["met", "doubtful", "cannot be told", "not needed", "not met"]


@dataclass(frozen=True)
class Assumption:
    """One of them: `key` names its words (report/assumptions.py), `of` the part that it is about.

    No verdict changes an analysis: what is done about a doubt was planned before the data. `values`
    are the numbers behind the verdict, `detail` a reason in words where there is one.
    """

    key: str
    verdict: Verdict
    values: Mapping[str, float]
    of: str = ""
    test: HypothesisTest | NotEstimable | None = None
    detail: str = ""
