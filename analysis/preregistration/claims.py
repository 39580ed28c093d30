"""Statements of a preregistration on tests, inference and exploration."""

from analysis.apa_numbers import bounded, percent
from analysis.outcomes.factorial import factorial_model
from analysis.outcomes.factorial_within import factorial_within_model
from analysis.plan.catalogues.analyses import AI_ONLY
from analysis.plan.catalogues.signal_rules import rule_named
from analysis.plan.plan import (
    EXPLORATORY,
    Outcome,
    Plan,
    analysis_of,
    analysis_with,
    effect_names,
    fallbacks_of,
    level_factor,
    tested_effect,
)
from analysis.preregistration.study_summary import Declared
from analysis.report.allocation import population_words
from analysis.statistics.attrition import DRAWS
from analysis.study_data.rows_in_words import factor_words
from analysis.study_data.times import time_words

DEGREES = {"satterthwaite": "Satterthwaite's", "kenward_roger": "Kenward and Roger's"}
EQUIVALENCE = (
    "one_way",
    "paired",
    "ancova",
    "binary_trials",
    "logistic_trials",
    "linear_trials",
)


def analyses(plan: Plan, declared: Declared) -> list[str]:
    """Return each confirmatory outcome's test and the additional results that are reported."""
    claimed = [outcome for outcome in plan.outcomes if outcome.role != EXPLORATORY]
    lines = [f"{outcome.label}: {_analysis(outcome, plan, declared)}" for outcome in claimed]
    if plan.contrasts:
        lines.append(
            "Planned contrasts: standard errors and df by Welch, p adjusted by Holm over the "
            "contrasts of an outcome."
        )
    # Only some analyses can test equivalence, so a smallest effect alone is not enough.
    compared = [
        outcome.label
        for outcome in claimed
        if outcome.smallest_effect is not None and outcome.analysis in EQUIVALENCE
    ]
    if compared:
        lines.append(
            f"Equivalence, for {', '.join(compared)}: two one-sided tests against the smallest "
            "effect, adjusted by Holm over the arms. Combined with the test of a difference they "
            "give four verdicts: different; different but too small to matter; equivalent; "
            "undecided."
        )
    lines.append(
        "Transformations: only those listed under the variables. Arms are compared as categories. "
        "Tests of single arms are adjusted as described for each outcome."
    )
    lines.append(
        f"Attrition by arm: Pearson's χ², p from {DRAWS:,} random tables with the observed "
        "margins. Table 1: standardised differences, without tests."
    )
    if plan.signals is not None:
        rules = "; ".join(rule_named(key).words for key in plan.signals.rules)
        lines.append(
            "Signs of programs: participants are flagged if any of these holds: "
            f"{rules}. The confirmatory outcomes are repeated without the flagged participants, "
            "as a sensitivity analysis; nobody is excluded unless an exclusion rule says so."
        )
    return lines


def _analysis(outcome: Outcome, plan: Plan, declared: Declared) -> str:
    analysis = analysis_of(outcome)
    text = f"{analysis.label}. Analysed: {population_words(outcome.population, plan)}."
    if analysis.model:
        text += f" Model: {analysis.model}."
    if analysis.key in ("factorial", "factorial_within"):
        names = effect_names(outcome)
        tested = tested_effect(outcome)
        model = factorial_model if analysis.key == "factorial" else factorial_within_model
        words = f"effect of {names[tested]}" if tested != "a:b" else "interaction"
        text += f" Model: {model(outcome)}. The type III test of the {words} is the "
        text += "outcome's test."
    if outcome.covariates or (outcome.before and analysis.before == "covariate"):
        earlier = [f"the score {time_words(outcome.before)}"] if outcome.before else []
        text += f" Covariates: {', '.join([*earlier, *outcome.covariates])}."
    if analysis.random:
        fixed = "arm" if outcome.within is None else f"arm * {outcome.within}"
        compared = "arm"
        if len(plan.arms_of(outcome)) == 1:
            fixed = compared = str(outcome.within)
        random = " + ".join(_random(outcome, factor) for factor in outcome.random)
        # Only linear models have denominator degrees of freedom.
        test = "Wald χ² test"
        if outcome.analysis == "linear_trials":
            test = f"F test with {DEGREES[outcome.degrees_of_freedom]} degrees of freedom"
        # The fallbacks are registered too, so that simplifying the model is not a deviation.
        text += (
            f" Model: {outcome.column} ~ {fixed} + {random}; the type III {test} of the "
            f"{compared} is the outcome's test.{_within_slopes(outcome)}{_simpler(outcome)}"
        )
    labels = [analysis_with(key).label for key in fallbacks_of(outcome)]
    if labels:
        text += f" If this analysis has no test for the data: {'; if not that: '.join(labels)}."
    label = declared.arms.get(plan.ai_only or "", "")
    beside = analysis.beside.replace(AI_ONLY, f" and from “{label}”" if label else "")
    return f"{text} Also reported: {beside}.{_by_level(outcome, plan)}"


def _by_level(outcome: Outcome, plan: Plan) -> str:
    """Return the exploratory comparisons of the arms at the levels of a second factor."""
    factor = level_factor(outcome, plan)
    if factor is None:
        return ""
    return (
        f" Exploratory, without influence on the decision: each arm against the control at each "
        f"level of {factor_words(factor)} by Welch's t test, Holm over arms and levels, and the "
        "interaction with Greenhouse and Geisser's correction."
    )


def _random(outcome: Outcome, factor: str) -> str:
    columns = ["arm"] if factor in outcome.slopes else []
    if factor in (outcome.within_slopes or ()):
        columns.append(str(outcome.within))
    return f"({' + '.join(['1', *[' * '.join(columns)] * bool(columns)])} | {factor})"


def _simpler(outcome: Outcome) -> str:
    """Return how the random part is simplified if the data do not support it."""
    has_slopes = bool(outcome.slopes or outcome.within_slopes or _within_slopes(outcome))
    slopes = (
        " If the unconstrained covariance of slopes is singular, cannot be estimated or has more "
        "than seven cells, it is replaced by compound symmetry."
    )
    return (
        f"{slopes if has_slopes else ''} Random terms estimated at zero variance are removed. Each "
        "step is reported."
    )


def _within_slopes(outcome: Outcome) -> str:
    """Return the rule for slopes that the plan does not list, which the design decides."""
    if outcome.within is None or outcome.within_slopes is not None:
        return ""
    return (
        f" The effect of {outcome.within} has random slopes by each random factor whose levels are "
        "crossed with it and have several trials per cell."
    )


def inference(plan: Plan, declared: Declared) -> list[str]:
    """Return α, the families, and the conditions under which an effect is claimed."""
    families = [
        f"“{name}” ({len(members)}: {', '.join(member.label for member in members)})"
        for name, members in plan.families.items()
        if name != EXPLORATORY
    ]
    return [
        f"α = {bounded(plan.alpha)}, two-sided, with {percent(plan.level)} intervals.",
        f"Holm's adjustment over the outcomes of each family: {'; '.join(families)}.",
        "An effect is claimed only if the outcome's adjusted p is below α. A difference of a "
        "single arm is claimed only if, in addition, its p adjusted over the arms is below α. A "
        "test that does not show a difference is not taken as evidence of equality.",
    ]


def exploratory(plan: Plan, declared: Declared) -> list[str]:
    """Return the exploratory analyses, from which nothing is claimed."""
    lines = [
        f"{outcome.label}: {_analysis(outcome, plan, declared)}"
        for outcome in plan.outcomes
        if outcome.role == EXPLORATORY
    ]
    return [
        *(lines or ["No exploratory outcomes are planned."]),
        *_optional(plan),
        "Exploratory outcomes are adjusted by Benjamini and Hochberg's method and reported "
        "separately, and nothing is claimed from them. The report lists every deviation from this "
        "plan.",
    ]


def _optional(plan: Plan) -> list[str]:
    """Return the optional analyses that the plan declares, from which nothing is claimed."""
    labels = {outcome.key: outcome.label for outcome in plan.outcomes}
    lines = []
    # Each sentence is registered only if the plan declares the analysis.
    if plan.bayes is not None:
        lines.append(
            f"Bayes factors (JZS, prior scale {bounded(plan.bayes.scale, 3)}) for the simple "
            "contrasts; no decision depends on them."
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
            "Measured quality of the maps compared with the outcomes: "
            f"{', '.join(plan.map_quality.measures)}."
        )
    if plan.attention_maps is not None:
        methods = ", ".join(plan.attention_maps.methods) or "every method with all maps"
        lines.append(
            f"Where people look in the task uncover, compared with the maps of {methods}: rank "
            "correlation, NSS and AUC, against the methods' maps of the other images; t "
            "intervals of a jackknife over participants, and the ceiling by bootstrap samples of "
            f"participants, seed {plan.attention_maps.seed}."
        )
    return lines
