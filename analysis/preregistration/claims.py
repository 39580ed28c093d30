"""What a preregistration says of tests, inference and exploration."""

from analysis.apa_numbers import bounded, percent
from analysis.plan.plan import EXPLORATORY, Outcome, Plan, analysis_of, analysis_with
from analysis.preregistration.study_summary import Declared
from analysis.report.sentences import population_words
from analysis.statistics.attrition import DRAWS

EQUIVALENCE = ("one_way", "binary_trials", "logistic_trials", "linear_trials")


def analyses(plan: Plan, declared: Declared) -> list[str]:
    """Each confirmatory outcome's test and what stands beside it."""
    claimed = [one for one in plan.outcomes if one.role != EXPLORATORY]
    lines = [f"{one.label}: {_analysis(one, plan)}" for one in claimed]
    if plan.contrasts:
        lines.append(
            "Planned contrasts: Welch's error and df, Holm over the contrasts of an outcome."
        )
    compared = [
        one.label
        for one in claimed
        if one.smallest_effect is not None and one.analysis in EQUIVALENCE
    ]
    if compared:
        lines.append(
            f"Equivalence, for {', '.join(compared)}: two one-sided tests against the smallest "
            "effect, Holm over the arms; with the test of a difference four verdicts: different; "
            "different but too small to matter; equivalent; undecided."
        )
    lines.append(
        "Transformations: none but those named under the variables. Arms are compared as "
        "categories. Tests of single arms beside an outcome's own are adjusted as said there."
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
            f" Model: {one.column} ~ {fixed} + {random}; the type III test of the arm stands for "
            "the outcome. A singular term is taken out step by step, and each step reported."
        )
    if one.fallback is not None:
        told += f" If no model can be fitted: {analysis_with(one.fallback).label}."
    return f"{told} Beside it: {analysis.beside}."


def inference(plan: Plan, declared: Declared) -> list[str]:
    """α, families, and when something is claimed."""
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


def exploratory(plan: Plan, declared: Declared) -> list[str]:
    """What is looked at without a claim."""
    lines = [
        f"{one.label}: {_analysis(one, plan)}" for one in plan.outcomes if one.role == EXPLORATORY
    ]
    return [
        *(lines or ["No exploratory outcome is planned."]),
        *_optional(plan),
        "Exploratory outcomes are adjusted by Benjamini and Hochberg, stand apart, and claim "
        "nothing. Whatever departs from this plan is listed in the report.",
    ]


def _optional(plan: Plan) -> list[str]:
    """The parts that the plan asks for beside its outcomes; they claim nothing."""
    labels = {one.key: one.label for one in plan.outcomes}
    lines = []
    if plan.bayes is not None:
        lines.append(
            f"Bayes factors (JZS, prior scale {bounded(plan.bayes.scale, 3)}) beside the simple "
            "contrasts; they decide nothing."
        )
    if plan.mediation is not None:
        order = " → ".join(
            labels[key] for key in (*plan.mediation.mediators, plan.mediation.outcome)
        )
        lines.append(
            f"Mediation, as an association: arm → {order}; {plan.mediation.runs:,} bootstrap "
            f"samples of participants, seed {plan.mediation.seed}."
        )
    if plan.multiverse is not None:
        lines.append(
            "Specification curve over the declared exclusions, codings and models: "
            f"{', '.join(plan.multiverse.models)}."
        )
    if plan.map_quality is not None:
        lines.append(
            "Measured quality of the maps, set beside the outcomes: "
            f"{', '.join(plan.map_quality.measures)}."
        )
    return lines
