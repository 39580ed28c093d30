"""Decisions that the plan left to the data: simpler models and fallbacks, by the plan's rules."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.outcomes.finding import is_fault
from analysis.outcomes.random_terms import is_left_out
from analysis.plan.plan import analysis_of, analysis_with, fallbacks_of
from analysis.results import OutcomeResult, Results

ZERO_VARIANCE = "Random terms estimated at zero variance are removed"
COVARIANCE = "A covariance that the data do not support is simplified"


@dataclass(frozen=True)
class PlanDecision:
    """A rule of the plan that the data of an outcome have triggered, and the result."""

    label: str
    rule: str
    decided: str


def plan_decisions(results: Results) -> tuple[PlanDecision, ...]:
    """Return the decisions in the order of the outcomes, at most one for each rule and outcome."""
    return tuple(one for result in results.outcomes for one in _of_outcome(result))


def _of_outcome(result: OutcomeResult) -> Iterator[PlanDecision]:
    label = result.outcome.label
    if is_fault(result.found):
        return  # a deviation
    if result.refused:
        yield PlanDecision(label, _rule_without_test(result), _without_test(result))
        return  # the log of a model that was not fitted repeats the reason
    # Slopes that are left out although the plan names them are deviations.
    log = [entry for entry in getattr(result.found, "log", ()) if not is_left_out(entry)]
    removed = [entry for entry in log if "zero variance" in entry]
    simpler = [entry for entry in log if entry not in removed]
    for rule, entries in ((ZERO_VARIANCE, removed), (COVARIANCE, simpler)):
        if entries:
            yield PlanDecision(label, rule, "; ".join(entries))


def _rule_without_test(result: OutcomeResult) -> str:
    planned = _capital(analysis_of(result.outcome).label)
    others = [analysis_with(key).label for key in fallbacks_of(result.outcome)]
    if not others:
        return planned
    return f"{planned}; if it has no test for the data: {'; if not that: '.join(others)}"


def _without_test(result: OutcomeResult) -> str:
    """Return why there is no test, each reason once, and the analysis that supplies one."""
    reasons = dict.fromkeys(refusal.reason for refusal in result.refused)
    if result.fallback is None:
        return f"No test: {'; '.join(reasons)}"
    return f"Tested by the {result.fallback.label}, because {'; '.join(reasons)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
