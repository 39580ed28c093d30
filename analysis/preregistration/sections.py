"""The sections of a preregistration, from the plan that the analysis will carry out."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.apa_numbers import bounded, number, percent
from analysis.errors import NotEstimableError
from analysis.plan.plan import EXPLORATORY, Outcome, Plan, family_of, rule_of
from analysis.plan.tables import Exclusion
from analysis.preregistration.claims import analyses, exploratory, inference
from analysis.preregistration.study_summary import Declared
from analysis.report.sentences import source_of
from analysis.sections.sample_size import sample_needed
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED

SHARES = ("logistic_trials", "binary_trials")
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
            size = f"{number(outcome.smallest_effect)}{_unit(outcome)}"
            matters = f" The smallest difference that matters is {size}."
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


def _unit(outcome: Outcome) -> str:
    if outcome.scale is not None or outcome.item is not None:
        return " points of the scale"
    return " as a share of trials" if outcome.analysis in SHARES else ""


def _compared(outcome: Outcome, plan: Plan, declared: Declared) -> str:
    if outcome.within is not None and outcome.analysis == "repeated":
        names = f" ({', '.join(declared.conditions)})" if declared.conditions else ""
        return f"the conditions{names}"
    if outcome.asked_in:
        names = ", ".join(declared.arms.get(arm, arm) for arm in plan.arms_of(outcome))
        return f"the arms in which it is asked ({names})"
    return "the arms"


def _design(plan: Plan, declared: Declared) -> list[str]:
    arms = "; ".join(f"{label} ({key})" for key, label in declared.arms.items())
    control = declared.arms.get(plan.control, plan.control)
    compared = [f"Arms: {arms}. Control: {control}."]
    if declared.conditions:
        compared = [
            f"Conditions, each of which every participant goes through: "
            f"{', '.join(declared.conditions)}.",
            f"Orders of the conditions, to which participants are randomised: {arms}.",
        ]
    return [
        declared.design,
        *compared,
        *declared.allocation,
        "Blinding: participants do not learn of the other arms before the end; the analysis is "
        "carried out by a program that this plan fixes.",
    ]


def _sampling(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"Recruitment, payment, and who may take part: {TO_FILL}.",
        f"At most {declared.places} participants are taken in.",
        *declared.sample,
    ]
    goal = plan.sample_goal
    if goal is None and not declared.sample:
        lines.append(f"Sample size and its reason: {TO_FILL}; manage.py plan_power simulates it.")
    elif goal is None:
        lines.append(f"Sample size chosen from these: {TO_FILL}.")
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
    shown = declared.conditions or tuple(declared.arms.values())
    kind = "condition" if declared.conditions else "arm"
    lines = [f"Manipulated: what the trials show, by {kind}: {', '.join(shown)}."]
    lines += [f"Materials: {line}" for line in declared.materials]
    lines += [f"Procedure: {line}" for line in declared.procedure]
    lines += [
        f"Measured, {one.label} ({one.key}): {source_of(one)}{_items(one, declared)}."
        for one in plan.outcomes
    ]
    if plan.covariates:
        lines.append(f"Described at baseline, not tested: {', '.join(plan.covariates)}.")
    return lines


def _items(outcome: Outcome, declared: Declared) -> str:
    """The items of the scale, and what makes a score."""
    told = declared.scales.get(outcome.scale or "", "")
    return f" ({told})" if told else ""


def _exclusions(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"{place}. {one.label}: {_condition(one)}. Left out of "
        f"{'every set' if one.scope == 'all' else 'the per-protocol set'}."
        for place, one in enumerate(plan.exclusions, start=1)
    ]
    order = (
        "Rules are carried out in this order by the program, before any outcome is looked at."
        if lines
        else "Nobody is excluded by a rule, checks of attention included."
    )
    return [
        *lines,
        f"{order} Participants who stop early stay in the intention-to-treat set. Participants who "
        "withdraw have their data erased: they are counted by arm, and analysed nowhere.",
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


Lines = Callable[[Plan, Declared], list[str]]
SECTIONS: tuple[tuple[str, str, str, Lines], ...] = (
    ("Study information", "Study information: title, authors", "header", _information),
    ("Existing data", "Design plan: existing data", "1) Data collection", _data),
    ("Hypotheses", "Study information: hypotheses", "2) Hypothesis", _hypotheses),
    ("Design", "Design plan: type, blinding, design, randomisation", "4) Conditions", _design),
    ("Sample", "Sampling plan: size, rationale, stopping rule", "7) Sample size", _sampling),
    ("Variables", "Variables: manipulated, measured, indices", "3) Dependent variable", _variables),
    ("Analyses", "Analysis plan: statistical models", "5) Analyses", analyses),
    ("Inference", "Analysis plan: inference criteria", "5) Analyses", inference),
    (
        "Exclusions and missing data",
        "Analysis plan: data exclusion, missing data",
        "6) Outliers and exclusions",
        _exclusions,
    ),
    ("Exploratory analyses", "Analysis plan: exploratory analyses", "8) Other", exploratory),
)
