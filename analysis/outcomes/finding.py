"""The interface that the family, the report and the sensitivity check need from every analysis."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from analysis.statistics.descriptives import ArmSummary
from analysis.statistics.estimate import HypothesisTest, NotEstimable


@runtime_checkable  # so that results_schema can name it
class OutcomeFinding(Protocol):
    """Results of an analysis in plan.ANALYSES, as a frozen dataclass."""

    @property
    def arms(self) -> tuple[ArmSummary, ...]:
        """Return the scores by arm, or by condition in a within-subjects analysis."""

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test that enters the outcome's family."""


FAULT = "analysis"
"""Name of the missing test of an analysis that failed with an unexpected error."""


@dataclass(frozen=True)
class Failed:
    """Replaces the results of an analysis that failed with an error.

    The name of its test is FAULT if the error is a fault of the software and not of the data.
    """

    arms: tuple[ArmSummary, ...]
    test: NotEstimable


def is_fault(found: OutcomeFinding) -> bool:
    """Check whether the analysis failed with an unexpected error, by a fault of the software."""
    return isinstance(found, Failed) and found.test.name == FAULT


def p_of(found: OutcomeFinding) -> float | None:
    """Return the p that enters the outcome's family, or None if the test could not be computed."""
    return found.test.p if isinstance(found.test, HypothesisTest) else None
