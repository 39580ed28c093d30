"""Rules of a plan beyond the types of its values, each of which reports the key concerned.

The plan may be incomplete, because faulty values are replaced. Rules that depend on them are
skipped.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields

from analysis.plan.looks_problems import check_looks
from analysis.plan.plan import (
    ANALYSES,
    EXPLORATORY,
    KINDS,
    NO_FALLBACK,
    RULES,
    SCORE_FIELDS,
    TIME_COLUMNS,
    Outcome,
    Plan,
    analysis_with,
    asked_items,
    compares_times,
    effect_names,
    has_a_curve,
)
from analysis.plan.source_problems import check_source
from analysis.plan.tables import (
    Behaviour,
    Exclusion,
    MapQualityPlan,
    MediationPlan,
    MultiversePlan,
    PlannedContrast,
    SampleGoal,
)
from analysis.toml.positions import Path
from analysis.toml.problems import Problems

KEY = re.compile(r"[a-z][a-z0-9_-]{0,60}")
SCORE_COLUMNS = ("participant", "arm", "state", "simulated")  # of scores.csv, besides the outcomes
OPTIONAL_FIELDS = ("within", "factor", "factors", "effect", "covariates")
"""Fields of an outcome that only some analyses read."""
COMPARISONS = ("below", "above", "equals", "other_than", "differs_from")
"""Fields of an exclusion that select values."""


def check_plan(plan: Plan, problems: Problems) -> None:
    """Report every rule that the plan breaks, as far as the plan alone can show it."""
    _check_arms(plan, problems)
    if not plan.outcomes:
        problems.add(("outcomes",), "a plan needs at least one table [[outcomes]]. Add it.")
    _check_repeated("outcome", [outcome.key for outcome in plan.outcomes], problems)
    for number, outcome in enumerate(plan.outcomes):
        _check_outcome(outcome, ("outcomes", number), problems)
        _check_asked(outcome, plan, ("outcomes", number), problems)
        if len(plan.arms) == 1:
            _check_one_arm(outcome, ("outcomes", number), problems)
    _check_repeated("exclusion", [exclusion.key for exclusion in plan.exclusions], problems)
    for number, exclusion in enumerate(plan.exclusions):
        _check_exclusion(exclusion, ("exclusions", number), problems)
        _check_states(exclusion, plan, ("exclusions", number), problems)
    _check_repeated("contrast", [contrast.key for contrast in plan.contrasts], problems)
    for number, contrast in enumerate(plan.contrasts):
        _check_contrast(contrast, plan, ("contrasts", number), problems)
    if plan.behaviour is not None:
        _check_behaviour(plan.behaviour, problems)
    if plan.sample_goal is not None:
        _check_sample_goal(plan.sample_goal, problems)
    if plan.looks is not None:
        check_looks(plan.looks, plan, problems)
    if plan.mediation is not None:
        _check_mediation(plan.mediation, plan, problems)
    if plan.multiverse is not None:
        _check_multiverse(plan.multiverse, plan, problems)
    if plan.map_quality is not None:
        _check_map_quality(plan.map_quality, plan, problems)
    if plan.signals is not None and not plan.signals.rules:
        said = (
            "signals: rules is empty. Name rules, or remove the key to use the rules that find "
            "programs."
        )
        problems.add(("signals", "rules"), said)
    if plan.source is not None:
        check_source(plan.source, problems)


def _check_arms(plan: Plan, problems: Problems) -> None:
    arms = list(plan.arms)
    if not arms or len(set(arms)) < len(arms):
        said = f"arms must list one or more different keys, but is {_listed(arms) or 'empty'}."
        problems.add(("arms",), said)
        return
    if len(arms) == 1:
        for key in ("mediation", "multiverse", "sample_goal"):
            if getattr(plan, key) is not None:
                said = f"{key} compares arms, but the plan has one. Remove [{key}]."
                problems.add((key,), said, ("arms",))
    for key in ("control", "ai_only", "human_alone"):
        arm = getattr(plan, key)
        if arm is not None and arm not in arms:
            said = f"{key} {arm!r} is not among the arms {_listed(arms)}. Name one."
            problems.add((key,), said, ("arms",))


def _check_outcome(outcome: Outcome, path: Path, problems: Problems) -> None:
    name = f"outcome {outcome.key!r}"
    _check_key(name, outcome.key, path, problems)
    needs = [("kind", kind.key, kind.needs) for kind in KINDS]
    needs += [("analysis", analysis.key, analysis.needs) for analysis in ANALYSES]
    for what, key, needed in needs:
        if getattr(outcome, what) == key:
            lacking = [field for field in needed if getattr(outcome, field) in (None, ())]
            for field in lacking:
                said = f"{name}: {what} {key!r} needs {field!r}. Add it."
                problems.add((*path, what), said, (*path, field))
    _check_analysis_of_kind(outcome, path, problems)
    _check_times(outcome, path, problems)
    _check_unused(outcome, path, problems)
    _check_slopes(outcome, path, problems)
    named = {outcome.analysis, *outcome.fallback}
    if named & {"factorial", "factorial_within"}:
        _check_factorial(outcome, path, problems, crosses_arms="factorial" in named)
    _check_unused_by_kind(outcome, path, problems)
    if outcome.without_logarithm != "refuse" and outcome.transform is None:
        said = f"{name}: without_logarithm needs transform. Add it, or remove without_logarithm."
        problems.add((*path, "without_logarithm"), said, (*path, "transform"))
    _check_fallback(outcome, name, path, problems)
    if outcome.role != EXPLORATORY and outcome.family == EXPLORATORY:
        said = f"{name}: the family {EXPLORATORY!r} needs role = {EXPLORATORY!r}. Add it."
        problems.add((*path, "family"), said, (*path, "role"))


def _check_analysis_of_kind(outcome: Outcome, path: Path, problems: Problems) -> None:
    """Check that an outcome without one score per participant has the analysis made for it."""
    name = f"outcome {outcome.key!r}"
    only = {kind.key: kind.analysis for kind in KINDS if kind.analysis}
    named_in = [("analysis", outcome.analysis), *(("fallback", key) for key in outcome.fallback)]
    for key, named in named_in:
        if outcome.kind in only and named not in (only[outcome.kind], NO_FALLBACK):
            said = (
                f"{name}: an outcome of the kind {outcome.kind!r} is analysed by "
                f"{only[outcome.kind]!r}, but its {key} is {named!r}. Write "
                f"{key} = {(only[outcome.kind] if key == 'analysis' else NO_FALLBACK)!r}."
            )
            problems.add((*path, key), said, (*path, "kind"))
        for kind, analysis in only.items():
            if named == analysis and outcome.kind != kind:
                said = (
                    f"{name}: the {key} {named!r} analyses outcomes of the kind {kind!r}, but the "
                    f"kind is {outcome.kind!r}. Use kind = {kind!r}, or another {key}."
                )
                problems.add((*path, key), said, (*path, "kind"))


def _check_slopes(outcome: Outcome, path: Path, problems: Problems) -> None:
    name = f"outcome {outcome.key!r}"
    for key in ("slopes", "within_slopes"):
        strays = sorted(set(getattr(outcome, key) or ()) - set(outcome.random or Outcome.random))
        if strays:
            problems.add(
                (*path, key),
                f"{name}: {key} contains {_listed(strays)}, not among the random factors. Add "
                "each of them to random.",
                (*path, "random"),
            )
    if outcome.within_slopes is not None and outcome.within is None:
        said = f"{name}: within_slopes needs 'within', the factor of the slopes. Add it."
        problems.add((*path, "within_slopes"), said, (*path, "within"))
    if outcome.degrees_of_freedom != "satterthwaite" and outcome.analysis != "linear_trials":
        said = (
            f"{name}: degrees_of_freedom = {outcome.degrees_of_freedom!r} is defined for "
            f"linear_trials, but the analysis is {outcome.analysis}. Remove it, or use "
            "linear_trials."
        )
        problems.add((*path, "degrees_of_freedom"), said, (*path, "analysis"))


def _check_times(outcome: Outcome, path: Path, problems: Problems) -> None:
    """Check the keys that say when a scale or item was asked, and how its times are used."""
    name, kind = f"outcome {outcome.key!r}", (*path, "kind")
    if asked_items(outcome) is None:
        _check_times_of_trials(outcome, path, problems)
        return
    for key in ("where", "before"):
        for column in getattr(outcome, key):
            if column not in TIME_COLUMNS:
                said = (
                    f"{name}: {key} of a questionnaire has no {column!r}. Name the time at which "
                    f"it was asked by {_listed(TIME_COLUMNS, ' or ')}."
                )
                problems.add((*path, key, column), said, kind)
    # Each rule is checked alone, so that one reading of the plan reports all of its faults.
    analysis = (*path, "analysis")
    if compares_times(outcome):
        if (outcome.within is None) == (not outcome.before):
            said = (
                f"{name}: {outcome.analysis!r} compares the times of a questionnaire. Give either "
                f"within = {_listed(map(repr, TIME_COLUMNS), ' or ')}, or both where and before."
            )
            problems.add(analysis, said, kind, (*path, "within"), (*path, "before"))
        elif outcome.within is not None and outcome.within not in TIME_COLUMNS:
            said = (
                f"{name}: within is {outcome.within!r}, but the times of a questionnaire are "
                f"compared by {_listed(TIME_COLUMNS, ' or ')}. Use one of these."
            )
            problems.add((*path, "within"), said, kind, analysis)
    if outcome.analysis == "ancova" and not (outcome.before or outcome.covariates):
        said = f"{name}: analysis 'ancova' needs before or covariates. Add one."
        problems.add(analysis, said, kind, (*path, "before"), (*path, "covariates"))
    if outcome.before and not outcome.where:
        said = f"{name}: before needs where, the time of the later measurement. Add it."
        problems.add((*path, "before"), said, kind, (*path, "where"))
    if outcome.before and not analysis_with(outcome.analysis).before:
        said = (
            f"{name}: the analysis {outcome.analysis!r} does not use before. Use one of "
            f"{_listed(entry.key for entry in ANALYSES if entry.before)}, or remove before."
        )
        problems.add((*path, "before"), said, kind, analysis)


def _check_times_of_trials(outcome: Outcome, path: Path, problems: Problems) -> None:
    name, kind = f"outcome {outcome.key!r}", (*path, "kind")
    if outcome.before:
        said = (
            f"{name}: only a scale or an item has an earlier measurement, but its kind is "
            f"{outcome.kind!r}. Remove before, and compare trials with an analysis of trials and "
            "within."
        )
        problems.add((*path, "before"), said, kind)
    if outcome.analysis == "ancova" and not outcome.covariates:
        said = f"{name}: analysis 'ancova' needs covariates. Add them."
        problems.add((*path, "analysis"), said, kind, (*path, "covariates"))
    if compares_times(outcome) and outcome.kind == "trial_mean" and outcome.within is None:
        said = f"{name}: analysis {outcome.analysis!r} needs 'within'. Add it."
        problems.add((*path, "analysis"), said, kind, (*path, "within"))


def _check_unused(outcome: Outcome, path: Path, problems: Problems) -> None:
    """Report a field that neither the analysis nor its fallbacks read."""
    keys = [outcome.analysis, *(key for key in outcome.fallback if key != NO_FALLBACK)]
    used = {field for key in keys for field in analysis_with(key).uses}
    for field in OPTIONAL_FIELDS:
        if field not in used and getattr(outcome, field) not in (None, ()):
            able = _listed(entry.key for entry in ANALYSES if field in entry.uses)
            said = (
                f"outcome {outcome.key!r}: the analysis {outcome.analysis!r} does not use "
                f"{field!r}. Remove it, or use one of {able}."
            )
            problems.add((*path, field), said, (*path, "analysis"), (*path, "fallback"))

    if any(analysis_with(key).random for key in keys):
        return
    for field in ("random", "slopes", "within_slopes"):
        value = getattr(outcome, field)
        if value not in (None, (), Outcome.random):
            able = _listed(entry.key for entry in ANALYSES if entry.random)
            said = (
                f"outcome {outcome.key!r}: {field} is {_listed(value)}, but the analysis "
                f"{outcome.analysis!r} has no random factors. Remove it, or use one of {able}."
            )
            problems.add((*path, field), said, (*path, "analysis"), (*path, "fallback"))


def _check_unused_by_kind(outcome: Outcome, path: Path, problems: Problems) -> None:
    """Report a field that does not enter the score of this kind of outcome."""
    used = next((kind.uses for kind in KINDS if kind.key == outcome.kind), SCORE_FIELDS)
    for field in SCORE_FIELDS:
        value = getattr(outcome, field)
        if value is None or field in used:
            continue
        able = _listed((repr(kind.key) for kind in KINDS if field in kind.uses), " or ")
        said = (
            f"outcome {outcome.key!r}: {field} is {value!r}, but an outcome of the kind "
            f"{outcome.kind!r} does not use it. Remove it, or use kind = {able}."
        )
        problems.add((*path, field), said, (*path, "kind"))


def _check_factorial(
    outcome: Outcome, path: Path, problems: Problems, *, crosses_arms: bool
) -> None:
    name, factors = f"outcome {outcome.key!r}", list(outcome.factors)
    if crosses_arms and (outcome.factor is None) == (not factors):
        problems.add(
            (*path, "analysis"),
            f"{name}: analysis 'factorial' needs either factor = \"…\", which is crossed with the "
            'arms, or factors = ["…", "…"], two factors of the arms. Give one of the two.',
            (*path, "factor"),
            (*path, "factors"),
        )
    elif factors and len(set(factors)) != 2:
        problems.add(
            (*path, "factors"),
            f"{name}: factors must name two different factors, but is {factors}. Correct it.",
        )
    elif outcome.effect is not None and outcome.effect not in effect_names(outcome).values():
        problems.add(
            (*path, "effect"),
            f"{name}: effect is {outcome.effect!r}. Name one of "
            f"{_listed(effect_names(outcome).values())}.",
            (*path, "factors"),
        )


def _check_one_arm(outcome: Outcome, path: Path, problems: Problems) -> None:
    """Check that the outcome compares something within participants, for lack of other arms."""
    name, arms = f"outcome {outcome.key!r}", ("arms",)
    able = _listed(entry.key for entry in ANALYSES if entry.one_arm)
    named_in = [("analysis", outcome.analysis), *(("fallback", key) for key in outcome.fallback)]
    for key, named in named_in:
        if named != NO_FALLBACK and not analysis_with(named).one_arm:
            said = (
                f"{name}: the {key} {named!r} compares arms, but the plan has one. Use one of "
                f"{able}, which compare times, conditions or maps within participants."
            )
            problems.add((*path, key), said, arms)
    if analysis_with(outcome.analysis).random and outcome.within is None:
        said = f"{name}: with one arm the analysis {outcome.analysis!r} needs 'within'. Add it."
        problems.add((*path, "analysis"), said, arms, (*path, "within"))
    if outcome.slopes:
        said = f"{name}: slopes are of the arms, but the plan has one arm. Remove slopes."
        problems.add((*path, "slopes"), said, arms)


def _check_fallback(outcome: Outcome, name: str, path: Path, problems: Problems) -> None:
    place = (*path, "fallback")
    if outcome.analysis in outcome.fallback:
        said = f"{name}: the fallback is the analysis itself. Name another analysis."
        problems.add(place, said, (*path, "analysis"))
    if NO_FALLBACK in outcome.fallback[:-1] or len(set(outcome.fallback)) < len(outcome.fallback):
        problems.add(
            place,
            f"{name}: fallback must name each analysis once, with {NO_FALLBACK!r} only at the end, "
            f"but is {_listed(outcome.fallback)}. Correct it.",
        )
    for analysis in ANALYSES:
        lacking = [field for field in analysis.needs if getattr(outcome, field) in (None, ())]
        for field in lacking if analysis.key in outcome.fallback else ():
            said = f"{name}: fallback {analysis.key!r} needs {field!r}. Add it."
            problems.add(place, said, (*path, field))


def _check_asked(outcome: Outcome, plan: Plan, path: Path, problems: Problems) -> None:
    name, asked, arms = f"outcome {outcome.key!r}", list(outcome.asked_in), list(plan.arms)
    place = (*path, "asked_in")
    if not asked:
        return
    if unknown := [arm for arm in asked if arm not in arms]:
        said = (
            f"{name}: asked_in names {_listed(unknown)}, but the arms are {_listed(arms)}. Name "
            "some of these."
        )
        problems.add(place, said, ("arms",))
    elif len(arms) > 1 and (plan.control not in asked or len(set(asked)) < 2):
        problems.add(
            place,
            f"{name}: asked_in must contain the control {plan.control!r} and another arm, "
            f"but is {_listed(asked)}. Add them.",
            ("control",),
        )


def _check_exclusion(exclusion: Exclusion, path: Path, problems: Problems) -> None:
    name = f"exclusion {exclusion.key!r}"
    _check_key(name, exclusion.key, path, problems)
    rule = next(rule for rule in RULES if rule.key == exclusion.rule)
    place = (*path, "rule")
    for field in rule.needs:
        if getattr(exclusion, field) in (None, ()):
            said = f"{name}: rule {rule.key!r} needs {field!r}. Add it."
            problems.add(place, said, (*path, field))
    given = [key for key in COMPARISONS if getattr(exclusion, key) is not None]
    if {"column", "item"} & set(rule.needs) and len(given) != 1:
        said = f"{name}: give one of {_listed(COMPARISONS)}; it has {_listed(given) or 'none'}."
        problems.add(place, said, *((*path, key) for key in COMPARISONS))
    allowed = {*rule.needs, *given, "key", "label", "rule", "scope", "at_least", "alike"}
    for key in (field.name for field in fields(Exclusion)):
        if key not in allowed and getattr(exclusion, key) not in (None, ()):
            said = f"{name}: the rule {rule.key!r} does not use {key!r}. Remove it."
            problems.add((*path, key), said, place)


def _check_states(exclusion: Exclusion, plan: Plan, path: Path, problems: Problems) -> None:
    """Check that a rule on completion has data to read: files of other studies may lack it."""
    reads_state = exclusion.rule == "participant" and exclusion.column == "state"
    if plan.states != "unknown" or not (reads_state or exclusion.rule == "not_completed"):
        return
    problems.add(
        (*path, "rule"),
        f"exclusion {exclusion.key!r}: the files of [source] do not show who completed the study. "
        "Map the column state in a table of participants, or give the number of rows that each "
        "participant needs in complete of [source].",
        ("source", "complete"),
        ("source", "tables"),
    )


def _check_contrast(contrast: PlannedContrast, plan: Plan, path: Path, problems: Problems) -> None:
    name, weights, place = f"contrast {contrast.key!r}", contrast.weights, (*path, "weights")
    for arm in weights:
        if arm not in plan.arms:
            said = f"{name}: {arm!r} is not among the arms {_listed(plan.arms)}. Name one."
            problems.add((*place, arm), said, ("arms",))
    if sum(bool(weight) for weight in weights.values()) < 2 or abs(sum(weights.values())) > 1e-9:
        problems.add(
            place,
            f"{name}: the weights must sum to 0 over two or more arms, but are "
            f"{_weights(weights)}. Correct them.",
            *((*place, *rest) for rest in problems.faults_below(place)),
        )


def _check_behaviour(behaviour: Behaviour, problems: Problems) -> None:
    for name in ("confidence_range", "probability_range"):
        ends = list(getattr(behaviour, name))
        if ends and (len(ends) != 2 or ends[0] >= ends[1]):
            said = f"behaviour: {name} must be [lowest, highest], but is {ends}. Correct it."
            problems.add(("behaviour", name), said)
    if bool(behaviour.confidence_range) != bool(behaviour.probability_range):
        problems.add(
            ("behaviour",),
            "behaviour: give both confidence_range and probability_range, or neither.",
            ("behaviour", "confidence_range"),
            ("behaviour", "probability_range"),
        )


def _check_sample_goal(goal: SampleGoal, problems: Problems) -> None:
    if (goal.d is None) == (goal.f is None):
        place = ("sample_goal",)
        problems.add(
            place,
            "sample_goal needs exactly one effect. Give d or f.",
            (*place, "d"),
            (*place, "f"),
        )


def _check_mediation(mediation: MediationPlan, plan: Plan, problems: Problems) -> None:
    mediators, place = list(mediation.mediators), ("mediation", "mediators")
    if not 1 <= len(mediators) <= 3:
        problems.add(place, f"mediation: name one to three mediators; it has {len(mediators)}.")
    _check_known("mediation", [mediation.outcome], plan, ("mediation", "outcome"), problems)
    _check_known("mediation", mediators, plan, place, problems)
    named = [mediation.outcome, *mediators]
    if len(set(named)) < len(named):
        said = f"mediation: {_listed(named)} names an outcome twice. Remove one of the two."
        problems.add(place, said, ("mediation", "outcome"))
    _check_compared_scores("mediation", [mediation.outcome], plan, place, problems)
    _check_compared_scores("mediation", mediators, plan, place, problems)


def _check_multiverse(multiverse: MultiversePlan, plan: Plan, problems: Problems) -> None:
    named = list(multiverse.outcomes)
    _check_known("multiverse", named, plan, ("multiverse", "outcomes"), problems)
    _check_compared_scores("multiverse", named, plan, ("multiverse", "outcomes"), problems)
    confirmatory = [outcome for outcome in plan.outcomes if outcome.role != EXPLORATORY]
    if not named and confirmatory and not any(map(has_a_curve, confirmatory)):
        problems.add(
            ("multiverse",),
            "multiverse: the outcomes are analysed by "
            f"{_listed(sorted({outcome.analysis for outcome in confirmatory}))}, of which no model "
            "of a specification curve is a version. Remove [multiverse], or add an outcome that "
            "compares one score between arms.",
            ("outcomes",),
        )


def _check_compared_scores(
    name: str, keys: Sequence[str], plan: Plan, path: Path, problems: Problems
) -> None:
    """Report outcomes that are not one score per participant, compared between arms."""
    for number, outcome in enumerate(plan.outcomes):
        uses = analysis_with(outcome.analysis).before
        if outcome.key in keys and outcome.analysis == "factorial":
            problems.add(
                path,
                f"{name}: the outcome {outcome.key!r} is analysed by 'factorial', whose factors "
                "this section does not use. Name an outcome that compares the arms, or remove it.",
                ("outcomes", number, "analysis"),
            )
        if outcome.key in keys and not analysis_with(outcome.analysis).between_arms:
            problems.add(
                path,
                f"{name}: the outcome {outcome.key!r} is analysed by {outcome.analysis!r}, which "
                "does not compare the arms. Name an outcome that compares them, or remove it.",
                ("outcomes", number, "analysis"),
            )
        if outcome.key in keys and uses in ("covariate", "times"):
            problems.add(
                path,
                f"{name}: the outcome {outcome.key!r} is analysed by {outcome.analysis!r}, whose "
                f"{'covariates' if uses == 'covariate' else 'times'} this section does not use. "
                "Name an outcome of one score, such as one_way with where (and before, for the "
                "change).",
                ("outcomes", number, "analysis"),
            )


def _check_map_quality(map_quality: MapQualityPlan, plan: Plan, problems: Problems) -> None:
    _check_known(
        "map_quality", list(map_quality.outcomes), plan, ("map_quality", "outcomes"), problems
    )
    if not map_quality.measures:
        said = "map_quality: measures is empty. Name measures, or remove the table."
        problems.add(("map_quality", "measures"), said)


def _check_known(
    name: str, keys: Sequence[str], plan: Plan, path: Path, problems: Problems
) -> None:
    known = [outcome.key for outcome in plan.outcomes]
    if unknown := [key for key in keys if key not in known]:
        said = (
            f"{name}: {_listed(unknown)} cannot be used, because the outcomes are "
            f"{_listed(known)}. Name some of these."
        )
        # The intended key may be the key that cannot be read.
        faulty = [("outcomes", *rest) for rest in problems.faults_below(("outcomes",))]
        problems.add(
            path, said, ("outcomes",), *(key_path for key_path in faulty if key_path[-1] == "key")
        )


def _check_key(name: str, key: str, path: Path, problems: Problems) -> None:
    """Check that the key can be a column of scores.csv and a part of file names."""
    if not KEY.fullmatch(key) or key in SCORE_COLUMNS:
        problems.add(
            (*path, "key"),
            f"{name}: the key must start with a small letter, contain only small letters, digits, "
            f"_ and -, and not be {_listed(SCORE_COLUMNS, ' or ')}. Rename it.",
        )


def _check_repeated(what: str, keys: Sequence[str], problems: Problems) -> None:
    for number, key in enumerate(keys):
        if key in keys[:number]:
            path = (f"{what}s", number, "key")
            problems.add(path, f"two {what}s have the key {key!r}. Rename one.")


def _listed(words: Iterable[str], joint: str = ", ") -> str:
    return joint.join(words)


def _weights(weights: Mapping[str, float]) -> str:
    return _listed(f"{arm} = {weight:g}" for arm, weight in weights.items())
