"""Sections of a preregistration, from the plan that the analysis will carry out."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.apa_numbers import bounded, number, percent
from analysis.errors import NotEstimableError
from analysis.plan.plan import (
    EXPLORATORY,
    Outcome,
    Plan,
    compares_times,
    family_of,
    rule_of,
)
from analysis.plan.tables import Exclusion
from analysis.preregistration.claims import analyses, exploratory, inference
from analysis.preregistration.study_summary import Declared
from analysis.report.look_sentences import rule_words
from analysis.report.sentences import source_of
from analysis.sections.sample_size import sample_needed
from analysis.study_data.scoring import MINIMUM_SHARE_ANSWERED

SHARES = ("logistic_trials", "binary_trials")
TO_FILL = "[to be filled in by the authors]"


@dataclass(frozen=True)
class Section:
    """A heading, the fields of the two registries' forms that it belongs in, and its lines."""

    title: str
    osf: str
    as_predicted: str
    lines: tuple[str, ...]


def sections(plan: Plan, declared: Declared) -> tuple[Section, ...]:
    """Return the sections in the order of OSF's form."""
    return tuple(
        Section(title, osf, predicted, tuple(lines(plan, declared)))
        for title, osf, predicted, lines in SECTIONS
    )


def _information(plan: Plan, declared: Declared) -> list[str]:
    who = declared.who_asks
    # English and German: "ethics committee", "Ethikkommission".
    names_ethics = "ethi" in who.casefold()
    return [
        f"Title: {declared.title}.",
        f"Authors: {TO_FILL}.",
        *([f"As the consent tells participants: “{who}”"] if who else []),
        *([] if names_ethics else [f"Ethics approval: {TO_FILL}."]),
        f"Study file “{declared.slug}”, SHA-256 {declared.study_sha256}.",
    ]


def _data(plan: Plan, declared: Declared) -> list[str]:
    if declared.collected is None:
        return [
            f"This document was written at {declared.written_at}, without access to the database."
        ]
    if declared.collected:
        return [
            f"DATA COLLECTION HAD BEGUN: at {declared.written_at} the study had "
            f"{declared.collected} participants. This is not a registration before the data."
        ]
    return [f"No data had been collected at {declared.written_at}: the study had no participants."]


def _hypotheses(plan: Plan, declared: Declared) -> list[str]:
    lines = [f"Research question: {declared.question or f'{TO_FILL}.'}"]
    claimed = [outcome for outcome in plan.outcomes if outcome.role != EXPLORATORY]
    for place, outcome in enumerate(claimed, start=1):
        # Tests are two-sided, so the program cannot know the direction that the authors expect.
        matters = ""
        if outcome.smallest_effect is not None:
            size = f"{number(outcome.smallest_effect)}{_unit(outcome)}"
            matters = f" The smallest difference that matters is {size}."
        lines.append(
            f"H{place} ({family_of(outcome)}): {_compared(outcome, plan, declared)} differ in "
            f"“{outcome.label}”. Two-sided.{matters}"
        )
    lines += [
        f"Planned contrast: {contrast.label} ("
        + ", ".join(
            f"{weight:+g} {declared.arms.get(arm, arm)}" for arm, weight in contrast.weights.items()
        )
        + ")."
        for contrast in plan.contrasts
    ]
    return [*lines, f"Expected direction, if any: {TO_FILL}."]


def _unit(outcome: Outcome) -> str:
    if outcome.scale is not None or outcome.item is not None:
        return " points of the scale"
    return " as a share of trials" if outcome.analysis in SHARES else ""


def _compared(outcome: Outcome, plan: Plan, declared: Declared) -> str:
    if outcome.analysis == "mixed_anova":
        return "the arms' changes over time"
    if outcome.analysis == "factorial_within":
        return f"the levels of {outcome.factors[0]} and of {outcome.factors[1]}"
    if outcome.kind == "preference":
        return "the worths of the methods whose maps are compared"
    if compares_times(outcome):
        if outcome.before or outcome.within in ("part", "page"):
            return "the two times" if outcome.before else "the times"
        names = f" ({', '.join(declared.conditions)})" if declared.conditions else ""
        return f"the conditions{names}"
    if outcome.asked_in:
        names = ", ".join(declared.arms.get(arm, arm) for arm in plan.arms_of(outcome))
        return f"the arms that are asked ({names})"
    return "the arms"


def _design(plan: Plan, declared: Declared) -> list[str]:
    arms = "; ".join(f"{label} ({key})" for key, label in declared.arms.items())
    control = declared.arms.get(plan.control, plan.control)
    compared = [f"Arms: {arms}. Control: {control}."]
    blinding = "Blinding: participants do not learn about the other arms before the end; the "
    if len(declared.arms) == 1:
        compared, blinding = [f"A single arm, to which everybody belongs: {arms}."], "The "
    if declared.conditions:
        compared = [
            f"Within-subjects conditions: {', '.join(declared.conditions)}.",
            f"Orders of the conditions, to which participants are randomised: {arms}.",
        ]
    return [
        declared.design,
        *compared,
        *declared.allocation,
        f"{blinding}analysis is carried out by a program according to this plan.",
    ]


def _sampling(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"Recruitment, payment and eligibility: {TO_FILL}.",
        f"At most {declared.places} participants are admitted.",
        *declared.sample,
    ]
    # Without a goal or a simulation the authors must give a rationale, so the text asks for it.
    goal = plan.sample_goal
    if goal is None and not declared.sample:
        lines.append(
            f"Sample size and rationale: {TO_FILL}. A simulation of this plan can give them."
        )
    elif goal is None:
        lines.append(f"Sample size chosen from these results: {TO_FILL}.")
    else:
        try:
            needed = sample_needed(goal, len(plan.arms), plan.alpha, 0)
            lines.append(
                f"Planned: {needed.per_arm_rounded} participants per arm "
                f"({needed.per_arm_rounded * needed.arms} in total) for {needed.effect} = "
                f"{number(needed.size)} with a power of {percent(needed.power)} at α = "
                f"{bounded(needed.alpha)}."
            )
        except NotEstimableError as error:
            lines.append(f"Sample size: not estimable: {error}.")
    if plan.looks is not None:
        label = next(one.label for one in plan.outcomes if one.key == plan.looks.outcome)
        return [*lines, *rule_words(plan.looks, label, plan.alpha)]
    return [*lines, f"Stopping rule: {TO_FILL}. No test is run before data collection ends."]


def _variables(plan: Plan, declared: Declared) -> list[str]:
    shown = declared.conditions or tuple(declared.arms.values())
    kind = "condition" if declared.conditions else "arm"
    lines = [f"Manipulated: content of the trials, by {kind}: {', '.join(shown)}."]
    lines += [f"Materials: {line}" for line in declared.materials]
    lines += [f"Procedure: {line}" for line in declared.procedure]
    lines += [
        f"Measured, {outcome.label} ({outcome.key}): {source_of(outcome)}"
        f"{_items(outcome, declared)}."
        for outcome in plan.outcomes
    ]
    if plan.covariates:
        lines.append(f"Baseline characteristics, not tested: {', '.join(plan.covariates)}.")
    return lines


def _items(outcome: Outcome, declared: Declared) -> str:
    """Return the items of the scale and the rule for its score."""
    items = declared.scales.get(outcome.scale or "", "")
    return f" ({items})" if items else ""


def _exclusions(plan: Plan, declared: Declared) -> list[str]:
    lines = [
        f"{place}. {exclusion.label}: {_condition(exclusion)}. Excluded from "
        f"{'every set' if exclusion.scope == 'all' else 'the per-protocol set'}."
        for place, exclusion in enumerate(plan.exclusions, start=1)
    ]
    # A plan without rules states so, because a missing section could be an omission.
    order = (
        "The program applies the rules in this order, before any outcome is analysed."
        if lines
        else "No rule excludes participants, not even attention checks."
    )
    return [
        *lines,
        f"{order} Participants who stop remain in the intention-to-treat set. Participants who "
        "withdraw have their data erased; they are counted by arm and not analysed.",
        f"Missing data: a scale has a score if at least {percent(MINIMUM_SHARE_ANSWERED)} of its "
        "items are answered, unless the outcome or the questionnaire declares another share. The "
        "kinds “not asked”, “does not apply” and “not answered” are distinguished, and no missing "
        "value is imputed. Models of trials use every answered trial.",
    ]


def _condition(exclusion: Exclusion) -> str:
    parts = [f"rule “{rule_of(exclusion).label}”"]
    named = exclusion.column or exclusion.item or ", ".join([*exclusion.columns, *exclusion.items])
    if named:
        parts.append(named)
    comparisons = (
        ("below", exclusion.below), ("above", exclusion.above), ("equal to", exclusion.equals),
        ("other than", exclusion.other_than), ("different from", exclusion.differs_from),
    )  # fmt: skip
    parts += [f"{word} {value}" for word, value in comparisons if value is not None]
    if exclusion.at_least > 1:
        parts.append(f"at least {exclusion.at_least} times")
    return ", ".join(parts)


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
