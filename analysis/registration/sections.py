"""The sections of a preregistration, from the plan that the analysis will carry out."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.attrition import DRAWS
from analysis.errors import NotEstimableError
from analysis.plan import EXPLORATORY, Outcome, Plan, analysis_of, family_of, rule_of
from analysis.planparts import Exclusion
from analysis.power import sample_needed
from analysis.registration.declared import Declared
from analysis.report.numbers import bounded, number, percent
from analysis.report.sentences import population_words, source_of
from analysis.scoring import MINIMUM_SHARE_ANSWERED

TO_FILL = "[to be filled in by the authors]"


@dataclass(frozen=True)
class Section:
    """A heading, where its text goes in the two registries' forms, and its lines."""

    title: str
    osf: str
    as_predicted: str
    lines: tuple[str, ...]


def sections(plan: Plan, declared: Declared) -> tuple[Section, ...]:
    """In the order of OSF's form."""
    return tuple(
        Section(title, osf, predicted, tuple(lines(plan, declared)))
        for title, osf, predicted, lines in SECTIONS
    )


def _information(plan: Plan, declared: Declared) -> list[str]:
    return [
        f"Title: {declared.title}.",
        f"Authors: {TO_FILL}.",
        f"Ethics approval: {TO_FILL}.",
        f"Study file “{declared.slug}”, SHA-256 {declared.study_sha256}.",
    ]


def _data(plan: Plan, declared: Declared) -> list[str]:
    if declared.collected is None:
        return [f"This document was written at {declared.written_at}; no database was at hand."]
    if declared.collected:
        return [
            f"DATA COLLECTION HAD BEGUN: at {declared.written_at} the study had "
            f"{declared.collected} participants. This is no registration before the data."
        ]
    return [f"No data had been collected at {declared.written_at}: the study had no participant."]


def _hypotheses(plan: Plan, declared: Declared) -> list[str]:
    lines = [f"Research question: {TO_FILL}."]
    claimed = [one for one in plan.outcomes if one.role != EXPLORATORY]
    for place, outcome in enumerate(claimed, start=1):
        matters = ""
        if outcome.smallest_effect is not None:
            matters = f" The smallest difference that matters is {number(outcome.smallest_effect)}."
        lines.append(
            f"H{place} ({family_of(outcome)}): {_compared(outcome, plan, declared)} differ in "
            f"“{outcome.label}”. Two-sided.{matters}"
        )
    lines += [
        f"Planned contrast: {one.label} ("
        + ", ".join(
            f"{weight:+g} {declared.arms.get(arm, arm)}" for arm, weight in one.weights.items()
        )
        + ")."
        for one in plan.contrasts
    ]
    return [*lines, f"Expected direction, if any: {TO_FILL}."]


def _compared(outcome: Outcome, plan: Plan, declared: Declared) -> str:
    if outcome.within is not None and outcome.analysis == "repeated":
        return f"the conditions of {outcome.within}"
    if outcome.asked_in:
        names = ", ".join(declared.arms.get(arm, arm) for arm in plan.arms_of(outcome))
        return f"the arms in which it is asked ({names})"
    return "the arms"


def _design(plan: Plan, declared: Declared) -> list[str]:
    arms = "; ".join(f"{label} ({key})" for key, label in declared.arms.items())
    return [
        declared.design,
        f"Arms: {arms}. Control: {declared.arms.get(plan.control, plan.control)}.",
        *declared.allocation,
        "Blinding: participants do not learn of the other arms before the end; the analysis is "
        "carried out by a program that this plan fixes.",
    ]


def _sampling(plan: Plan, declared: Declared) -> list[str]:
    lines = [f"At most {declared.places} participants are taken in."]
    goal = plan.sample_goal
    if goal is None:
        lines.append(f"Sample size and its reason: {TO_FILL}; manage.py plan_power simulates it.")
    else:
        try:
            needed = sample_needed(goal, len(plan.arms), plan.alpha, 0)
            lines.append(
                f"Planned: {needed.per_arm_rounded} participants per arm, "
                f"{needed.per_arm_rounded * needed.arms} in all, for {needed.effect} = "
                f"{number(needed.size)} with a power of {percent(needed.power)} at α = "
                f"{bounded(needed.alpha)}."
            )
        except NotEstimableError as error:
            lines.append(f"Sample size: not computable, {error}.")
    return [*lines, f"Stopping rule: {TO_FILL}. No test is looked at before collection ends."]


def _variables(plan: Plan, declared: Declared) -> list[str]:
    lines = [f"Manipulated: what the trials show, by arm: {', '.join(declared.arms.values())}."]
    lines += [f"Materials: {line}" for line in declared.materials]
    lines += [f"Procedure: {line}" for line in declared.procedure]
    lines += [f"Measured, {one.label} ({one.key}): {source_of(one)}." for one in plan.outcomes]
    if plan.covariates:
        lines.append(f"Described at baseline, not tested: {', '.join(plan.covariates)}.")
    return lines


def _exclusions(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"{place}. {one.label}: {_condition(one)}. Left out of "
        f"{'every set' if one.scope == 'all' else 'the per-protocol set'}."
        for place, one in enumerate(plan.exclusions, start=1)
    ]
    if not lines:
        lines = ["Nobody is excluded by a rule."]
    return [
        *lines,
        "Rules are carried out in this order by the program, before any outcome is looked at. Who "
        "withdraws is analysed nowhere.",
        f"Missing data: a scale has a score where at least {percent(MINIMUM_SHARE_ANSWERED)} of "
        "its items are answered, unless the outcome or the questionnaire says otherwise. Not "
        "asked, does not apply and not answered are kept apart; none is replaced. Models of trials "
        "use every answered trial.",
    ]


def _condition(one: Exclusion) -> str:
    told = [f"rule “{rule_of(one).label}”"]
    named = one.column or one.item or ", ".join([*one.columns, *one.items])
    if named:
        told.append(named)
    comparisons = (
        ("below", one.below), ("above", one.above), ("equal to", one.equals),
        ("other than", one.other_than), ("different from", one.differs_from),
    )  # fmt: skip
    told += [f"{word} {value}" for word, value in comparisons if value is not None]
    if one.at_least > 1:
        told.append(f"at least {one.at_least} times")
    return ", ".join(told)


def _analyses(plan: Plan, declared: Declared) -> list[str]:
    claimed = [one for one in plan.outcomes if one.role != EXPLORATORY]
    lines = [f"{one.label}: {_analysis(one, plan)}" for one in claimed]
    if plan.contrasts:
        lines.append(
            "Planned contrasts: Welch's error and df, Holm over the contrasts of an outcome."
        )
    if any(one.smallest_effect is not None for one in claimed):
        lines.append(
            "Equivalence: two one-sided tests against the smallest effect, Holm over the arms; "
            "with the test of a difference four verdicts: different; different but too small to "
            "matter; equivalent; undecided."
        )
    lines.append(
        f"Attrition by arm: Pearson's χ², p from {DRAWS:,} tables of the same margins. Table 1 by "
        "standardised differences, without tests."
    )
    return lines


def _analysis(one: Outcome, plan: Plan) -> str:
    analysis = analysis_of(one)
    told = f"{analysis.label}. Analysed: {population_words(one.population, plan)}."
    if analysis.model:
        told += f" Model: {analysis.model}."
    if analysis.random:
        fixed = "arm" if one.within is None else f"arm * {one.within}"
        random = " + ".join(
            f"({'1 + arm' if factor in one.slopes else '1'} | {factor})" for factor in one.random
        )
        told += (
            f" Model: {one.column} ~ {fixed} + {random}; a singular term is taken out step by "
            "step, and each step reported."
        )
    if one.fallback is not None:
        told += f" If no model can be fitted: {one.fallback}."
    return told


def _inference(plan: Plan, declared: Declared) -> list[str]:
    families = [
        f"“{name}” ({len(members)}: {', '.join(one.label for one in members)})"
        for name, members in plan.families.items()
        if name != EXPLORATORY
    ]
    return [
        f"α = {bounded(plan.alpha)}, two-sided, intervals of {percent(plan.level)}.",
        f"Holm's adjustment over the outcomes of each family: {'; '.join(families)}.",
        "An effect is claimed only where the outcome's adjusted p is below α; an arm is said to "
        "differ only where that holds and its own p, adjusted over the arms, is below α too. A "
        "test that shows no difference is not taken for evidence of equality.",
    ]


def _exploratory(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"{one.label}: {_analysis(one, plan)}" for one in plan.outcomes if one.role == EXPLORATORY
    ]
    if plan.bayes is not None:
        lines.append("Bayes factors (JZS) beside the simple contrasts; they decide nothing.")
    return [
        *(lines or ["None is planned."]),
        "Exploratory outcomes are adjusted by Benjamini and Hochberg, stand apart, and claim "
        "nothing. Whatever departs from this plan is listed in the report.",
    ]


Lines = Callable[[Plan, Declared], list[str]]
SECTIONS: tuple[tuple[str, str, str, Lines], ...] = (
    ("Study information", "Study information: title, authors", "header", _information),
    ("Existing data", "Design plan: existing data", "1) Data collection", _data),
    ("Hypotheses", "Study information: hypotheses", "2) Hypothesis", _hypotheses),
    ("Design", "Design plan: type, blinding, design, randomisation", "4) Conditions", _design),
    ("Sample", "Sampling plan: size, rationale, stopping rule", "7) Sample size", _sampling),
    ("Variables", "Variables: manipulated, measured, indices", "3) Dependent variable", _variables),
    ("Analyses", "Analysis plan: statistical models", "5) Analyses", _analyses),
    ("Inference", "Analysis plan: inference criteria", "5) Analyses", _inference),
    (
        "Exclusions and missing data",
        "Analysis plan: data exclusion, missing data",
        "6) Outliers and exclusions",
        _exclusions,
    ),
    ("Exploratory analyses", "Analysis plan: exploratory analyses", "8) Other", _exploratory),
)
