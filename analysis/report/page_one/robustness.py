"""What would change the conclusions of page one: other people, other checks, close decisions."""

from collections.abc import Callable, Iterator

from analysis.apa_numbers import p_value
from analysis.outcomes.one_way import OneWay
from analysis.plan.plan import family_of
from analysis.report.allocation import set_names
from analysis.report.signals import changes
from analysis.results import OutcomeResult, Results, is_shown
from analysis.sections.multiverse import ArmCurve
from analysis.sections.signals.section import SignsOfPrograms
from analysis.statistics.estimate import HypothesisTest
from analysis.statistics.multiplicity import benjamini_hochberg, holm

CLOSE = 2.0
"""A decision is close if the adjusted p lies within this factor of alpha, on either side."""


def what_would_change(results: Results) -> list[str]:
    """Return a sentence for each thing that would change a conclusion, or that was looked at."""
    parts = (
        _other_people,
        _single_participants,
        _ranks,
        _close,
        _specifications,
        _signals,
        _faults,
    )
    return [sentence for part in parts for sentence in part(results)]


def decisions_elsewhere(results: Results) -> dict[str, bool]:
    """Return by outcome whether its test is shown in the other set, adjusted over its family.

    Outcomes without a test in the other set are left out, and count in their family with p = 1.
    """
    shown: dict[str, bool] = {}
    for family in {family_of(one.outcome): None for one in results.confirmatory}:
        members = [one for one in results.confirmatory if family_of(one.outcome) == family]
        adjust: Callable[..., dict[str, float | None]] = (
            benjamini_hochberg if members[0].adjustment == "Benjamini-Hochberg" else holm
        )
        p_values = {one.outcome.key: _p_elsewhere(one) for one in members}
        for key, p in adjust(p_values).items():
            if p is not None:
                shown[key] = p < results.plan.alpha
    return shown


def _p_elsewhere(result: OutcomeResult) -> float | None:
    test = None if result.sensitivity is None else result.sensitivity.test
    return test.p if isinstance(test, HypothesisTest) else None


def _other_people(results: Results) -> Iterator[str]:
    compared = [one for one in results.confirmatory if one.sensitivity is not None]
    excluded = sum(sum(step.excluded.values()) for step in results.study_flow.steps)
    if not compared:
        if not results.study_flow.steps:
            yield "Exclusions: the plan excludes nobody, so there is no other set to compare."
        return
    names = {field: name.lower() for name, field in set_names(results.plan)}
    names["randomised"] = names["intention_to_treat"]
    sets = {names.get(one.sensitivity.population, "other") for one in compared if one.sensitivity}
    others = " or ".join(sorted(sets))
    people = "nobody was" if not excluded else f"{excluded} participants were"
    if excluded == 1:
        people = "1 participant was"
    elsewhere = decisions_elsewhere(results)
    turned = [
        one
        for one in compared
        if one.outcome.key in elsewhere and elsewhere[one.outcome.key] != is_shown(one, results)
    ]
    start = f"Exclusions: {people} excluded by the plan's rules. "
    if turned:
        labels = ", ".join(f"“{one.outcome.label}”" for one in turned)
        yield f"{start}In the {others} set the decision changes for {labels}."
    else:
        yield f"{start}The {others} set leads to the same decisions."


def _single_participants(results: Results) -> Iterator[str]:
    checks = [
        (one, assumption)
        for one in results.confirmatory
        for assumption in one.assumptions
        if assumption.key == "influence"
    ]
    doubtful = [one for one, check in checks if check.verdict == "doubtful"]
    if doubtful:
        labels = ", ".join(f"“{one.outcome.label}”" for one in doubtful)
        yield f"Single participants: leaving one out would turn the test of {labels}."
    elif checks:
        number = "the test" if len(checks) == 1 else f"any of {len(checks)} tests"
        yield f"Single participants: leaving one out does not turn {number}."


def _ranks(results: Results) -> Iterator[str]:
    alpha = results.plan.alpha
    turned = [
        one
        for one in results.confirmatory
        if isinstance(one.decisive, OneWay)
        and isinstance(one.decisive.kruskal_wallis, HypothesisTest)
        and isinstance(one.test, HypothesisTest)
        and (one.decisive.kruskal_wallis.p < alpha) != (one.test.p < alpha)
    ]
    if turned:
        labels = ", ".join(f"“{one.outcome.label}”" for one in turned)
        yield f"Ranks instead of means: the test of {labels} falls on the other side of α."


def _close(results: Results) -> Iterator[str]:
    alpha = results.plan.alpha
    close = [
        f"“{one.outcome.label}” (adjusted p {p_value(one.p_adjusted)})"
        for one in results.confirmatory
        if one.p_adjusted is not None and alpha / CLOSE <= one.p_adjusted < alpha * CLOSE
    ]
    if close:
        yield f"Close decisions, which a few more people could turn: {', '.join(close)}."


def _specifications(results: Results) -> Iterator[str]:
    """Compare the planned decisions with the curves of the multiverse, if the plan asks for it."""
    curves = results.optional_sections.get("multiverse", ())
    by_key = {one.outcome.key: one for one in results.confirmatory}
    said = []
    for curve in curves if isinstance(curves, tuple) else ():
        answer = by_key[curve.outcome].answer if curve.outcome in by_key else None
        shown = {} if answer is None else {one.arm: one for one in answer.shown}
        said += [_one_side(arm, curve.label) for arm in curve.arms if arm.arm in shown]
    if said:
        yield f"Other ways to analyse: {'; '.join(said)}."


def _signals(results: Results) -> Iterator[str]:
    """Say whether participants with signs of programs decide, if the plan asks for it."""
    found = results.optional_sections.get("signals")
    if not isinstance(found, SignsOfPrograms):
        return
    flagged = len(found.participants)
    if not flagged:
        yield "Signs of programs: no participant has any."
        return
    people = "1 participant has some" if flagged == 1 else f"{flagged} participants have some"
    yield f"Signs of programs: {people}. {changes(found, results)}"


def _one_side(arm: ArmCurve, label: str) -> str:
    beyond = max(arm.above_zero, arm.below_zero)
    return (
        f"{beyond} of {arm.estimated} specifications show the difference of “{arm.label}” in "
        f"“{label}”"
    )


def _faults(results: Results) -> Iterator[str]:
    findings = results.data_checks.findings if results.data_checks else ()
    doubtful = {
        one.outcome.label
        for one in results.confirmatory
        for assumption in one.assumptions
        if assumption.verdict in ("doubtful", "not met", "not met as planned")
        and assumption.key != "influence"
    }
    if findings:
        number = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
        yield f"Data checks: {number}, which may concern a conclusion; see Data checks."
    if doubtful:
        labels = ", ".join(f"“{label}”" for label in sorted(doubtful))
        yield f"Assumptions: doubtful for {labels}; see Outcomes."
    if results.deviations:
        count = len(results.deviations)
        what = "1 deviation" if count == 1 else f"{count} deviations"
        yield f"Plan: {what} from it; see Deviations."
