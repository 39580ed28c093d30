"""What would change the conclusions of page one: other people, other checks, close decisions."""

from collections.abc import Callable, Iterator

from analysis.apa_numbers import p_value
from analysis.outcomes.likelihood_ratio import LikelihoodRatio
from analysis.outcomes.one_way import OneWay
from analysis.outcomes.trial_models import TrialModel
from analysis.plan.plan import Outcome, family_of
from analysis.report.allocation import set_names
from analysis.report.level_sentences import assumes_sphericity
from analysis.report.signals import changes
from analysis.results import OutcomeResult, Results, is_shown
from analysis.sections.multiverse import ArmCurve
from analysis.sections.signals.section import SignsOfPrograms
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.multiplicity import benjamini_hochberg, holm

CLOSE = 2.0
"""A decision is close if the adjusted p lies within this factor of alpha, on either side."""


def what_would_change(results: Results) -> list[str]:
    """Return a sentence for each thing that would change a conclusion, or that was looked at."""
    parts = (
        _other_people,
        _images,
        _other_models,
        _second_factor,
        _turning,
        _arms_alone,
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
    steps = results.study_flow.steps
    if not steps:
        yield "Exclusions: the plan excludes nobody, so there is no other set to compare."
        return
    tested = [one for one in results.confirmatory if one.sensitivity is not None]
    compared = [one for one in tested if _other_participants(one)]
    excluded = sum(sum(step.excluded.values()) for step in steps)
    everywhere = sum(sum(step.excluded.values()) for step in steps if step.scope == "all")
    who = "nobody" if not excluded else f"{excluded} participants"
    if excluded == 1:
        who = "1 participant"
    were = "were" if excluded > 1 else "was"
    if not compared:
        if tested:
            of_every_set = ", from every set" if everywhere else ""
            yield f"Exclusions: {who}{of_every_set}, so there is no other set to compare."
        return
    names = {field: name.lower() for name, field in set_names(results.plan)}
    names["randomised"] = names["intention_to_treat"]
    sets = {names.get(one.sensitivity.population, "other") for one in compared if one.sensitivity}
    others = " or ".join(f"“{name}”" for name in sorted(sets))
    elsewhere = decisions_elsewhere(results)
    turned = [
        one
        for one in compared
        if one.outcome.key in elsewhere and elsewhere[one.outcome.key] != is_shown(one, results)
    ]
    # People in no set are not part of any comparison, so their number must not suggest it.
    in_none = f", {everywhere} of them from every set" if everywhere else ""
    start = f"Exclusions: {who} {were} excluded by the plan's rules{in_none}. "
    if turned:
        labels = ", ".join(f"“{one.outcome.label}”" for one in turned)
        yield f"{start}In the set {others} the decision changes for {labels}."
    else:
        yield f"{start}The set {others} leads to the same decisions."


def _other_participants(result: OutcomeResult) -> bool:
    """Return whether the other set contains other participants than the planned set.

    One set always contains the other, so equal numbers are the same people.
    """
    if result.sensitivity is None:
        return False
    planned = sum(arm.n for arm in result.found.arms)
    return sum(arm.n for arm in result.sensitivity.arms) != planned


def _images(results: Results) -> Iterator[str]:
    """Say that a difference between arms may be one between images, where images are fixed."""
    shown = results.stimuli_shown
    if shown is None or shown.same_images or sum(arm.images > 0 for arm in shown.arms) < 2:
        return
    fixed = [
        one
        for one in results.confirmatory
        if one.summary.images is not None and not _has_random_images(one)
    ]
    if fixed:
        labels = ", ".join(f"“{one.outcome.label}”" for one in fixed)
        of = "the tests" if len(fixed) == len(results.confirmatory) else f"the tests of {labels}"
        yield (
            f"Images: the arms saw different images, which {of} treat as fixed: a difference "
            "between arms may be one between images."
        )


def _has_random_images(result: OutcomeResult) -> bool:
    of_trials = isinstance(result.decisive, TrialModel | LikelihoodRatio)
    return of_trials and "image" in result.outcome.random


def _other_models(results: Results) -> Iterator[str]:
    """Name exploratory analyses of the answers of a confirmatory outcome that decide otherwise."""
    for one in results.confirmatory:
        for other in results.exploratory:
            if _score_of(one.outcome) != _score_of(other.outcome) or other.p_adjusted is None:
                continue
            if is_shown(one, results) != is_shown(other, results):
                verb = "shows a" if is_shown(other, results) else "shows no"
                model = other.decisive
                rough = isinstance(model, TrialModel) and model.is_rough
                by = ", by a rough approximation" if rough else ""
                yield (
                    f"Another model: “{other.outcome.label}” (exploratory) {verb} difference in "
                    f"“{one.outcome.label}” (adjusted p {p_value(other.p_adjusted)}{by})."
                )


def _score_of(outcome: Outcome) -> tuple[object, ...]:
    """Return what decides which answers an outcome is about, without its analysis."""
    where = tuple(sorted((column, str(value)) for column, value in outcome.where.items()))
    return (outcome.kind, outcome.column, outcome.scale, outcome.item, outcome.measure, where)


def _second_factor(results: Results) -> Iterator[str]:
    """Name outcomes whose difference between arms may change over the levels of `within`."""
    for one in results.confirmatory:
        found, within = one.decisive, one.outcome.within
        term = found.terms.get(f"arm:{within}") if isinstance(found, TrialModel) else None
        if term is not None and term.p < results.plan.alpha:
            yield (
                f"Second factor: the difference in “{one.outcome.label}” may depend on "
                f"“{within}” (p {p_value(term.p)}, not adjusted{_corrected(one)}); page one "
                "averages over it."
            )


def _corrected(one: OutcomeResult) -> str:
    """Return the p of the interaction corrected for sphericity, if the model's p assumes it."""
    test = None if one.by_level is None else one.by_level.interaction
    if not assumes_sphericity(one) or not isinstance(test, HypothesisTest):
        return ""
    return f"; p {p_value(test.p)} with Greenhouse and Geisser's correction"


def _turning(results: Results) -> Iterator[str]:
    """Name the outcomes whose test is close, or turns without one participant or with ranks.

    Outcomes for which all of these agree are told in one sentence.
    """
    alike: dict[tuple[bool, tuple[str, ...]], list[str]] = {}
    for one in results.confirmatory:
        close = _is_close(one, results.plan.alpha)
        ways = tuple(_ways_to_turn(one, results.plan.alpha))
        if close or ways:
            p = f" (adjusted p {p_value(one.p_adjusted)})" if close and one.p_adjusted else ""
            alike.setdefault((close, ways), []).append(f"“{one.outcome.label}”{p}")
    for (close, ways), labels in alike.items():
        turn = f"{' and '.join(ways).capitalize()} {'turns' if len(ways) == 1 else 'each turn'}"
        if close:
            it = "it" if len(labels) == 1 else "them"
            yield (
                f"Close decisions, which a few more people could turn: {', '.join(labels)}."
                f"{f' {turn} {it}, too.' if ways else ''}"
            )
        else:
            yield f"{turn} the test of {', '.join(labels)}."
    checks = [_verdict_on_influence(one) for one in results.confirmatory]
    tried = [verdict for verdict in checks if verdict]
    if tried and "doubtful" not in tried:
        number = "the test" if len(tried) == 1 else f"any of {len(tried)} tests"
        yield f"Single participants: leaving one out does not turn {number}."


def _is_close(one: OutcomeResult, alpha: float) -> bool:
    return one.p_adjusted is not None and alpha / CLOSE <= one.p_adjusted < alpha * CLOSE


def _ways_to_turn(one: OutcomeResult, alpha: float) -> Iterator[str]:
    if _verdict_on_influence(one) == "doubtful":
        yield "leaving one participant out"
    found = one.decisive
    if (
        isinstance(found, OneWay)
        and isinstance(found.kruskal_wallis, HypothesisTest)
        and isinstance(one.test, HypothesisTest)
        and (found.kruskal_wallis.p < alpha) != (one.test.p < alpha)
    ):
        yield "ranks instead of means"


def _verdict_on_influence(one: OutcomeResult) -> str | None:
    return next((check.verdict for check in one.assumptions if check.key == "influence"), None)


def _arms_alone(results: Results) -> Iterator[str]:
    """Name arms whose interval excludes no difference although the outcome's test shows none."""
    for one in results.confirmatory:
        answer = one.answer
        if answer is None or is_shown(one, results):
            continue
        alone = [
            f"“{arm.label}”"
            for arm in answer.differences
            if isinstance(arm.estimate, Estimate)
            and not arm.estimate.low <= answer.null <= arm.estimate.high
        ]
        if alone:
            verb = "excludes" if len(alone) == 1 else "exclude"
            what = "interval" if len(alone) == 1 else "intervals"
            yield (
                f"Single arms: the {what} of {', '.join(alone)} in “{one.outcome.label}” {verb} no "
                "difference; the outcome's test does not."
            )


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
