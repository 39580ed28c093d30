"""What every analysis of an outcome offers to the family, the report and the sensitivity check."""

from typing import Protocol

from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import HypothesisTest, NotEstimable


class OutcomeFinding(Protocol):
    """The results of an analysis in plan.ANALYSES, a frozen dataclass."""

    @property
    def arms(self) -> tuple[ArmSummary, ...]:
        """Scores by arm, or by condition where there are no arms to compare."""

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """The one test that stands for the outcome in its family."""


def p_of(found: OutcomeFinding) -> float | None:
    """The p that enters the outcome's family; None where the test could not be done."""
    return found.test.p if isinstance(found.test, HypothesisTest) else None
