"""Outcomes of a plan that can be simulated, and the source of their answers."""

from dataclasses import dataclass

import pandas as pd

from analysis.outcomes.trial_model_kinds import MOST_ANSWERS
from analysis.plan.plan import (
    EXPLORATORY,
    Outcome,
    Plan,
    asked_items,
    effect_names,
    tested_effect,
)
from analysis.power.answers import (
    Answers,
    numeric,
    ordered,
    rated,
    shift_for,
    yes_or_no,
)
from analysis.power.assumptions import Assumptions, Design, PlanningError
from analysis.power.behaviour import problems_of
from analysis.study_data.plan_columns import trial_types

ANALYSES = (
    "one_way",
    "ranks",
    "binary_trials",
    "logistic_trials",
    "linear_trials",
    "ordinal_trials",
    "repeated",
    "paired",
    "mixed_anova",
    "ancova",
    "factorial",
    "factorial_within",
)
WITHIN_SUBJECTS = ("repeated", "paired")  # analyses without arms
CONDITION = "condition"  # the column that a simulated within-subjects design compares
LATER = "the later measurement"  # what an effect shifts where times are compared, not arms
YES_OR_NO = ("agreed", "decision_correct", "prediction_correct")


@dataclass(frozen=True)
class Simulated:
    """An outcome, how its answers are drawn, and the latent shift of the smallest effect.

    `items` contains a scale's items with the data for their reversal and is None for trials;
    `alpha` applies to a single test.
    """

    outcome: Outcome
    answers: Answers
    shift: float
    alpha: float
    items: pd.DataFrame | None = None


def chosen(plan: Plan, keys: tuple[str, ...]) -> tuple[Outcome, ...]:
    """Return the outcomes named, or every confirmatory outcome that declares its smallest effect.

    Raises PlanningError for unknown keys or if no outcome declares a smallest effect.
    """
    known = {outcome.key: outcome for outcome in plan.outcomes}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise PlanningError(
            [
                f"the plan has no outcome {key!r}. Name one of {', '.join(sorted(known))}."
                for key in unknown
            ]
        )
    # Exploratory outcomes carry no claim, so no sample is planned for them.
    selected = tuple(known[key] for key in keys) or tuple(
        outcome
        for outcome in plan.outcomes
        if outcome.smallest_effect is not None and outcome.role != EXPLORATORY
    )
    if not selected:
        raise PlanningError(
            ["no outcome of [analysis] declares smallest_effect. Add it to an outcome."]
        )
    return selected


def can_be_simulated(
    plan: Plan, outcomes: tuple[Outcome, ...], design: Design
) -> tuple[tuple[Outcome, ...], dict[str, str]]:
    """Return the outcomes that can be simulated, and the reasons against the others.

    Raises PlanningError if no outcome can be simulated.
    """
    problems = {outcome.key: _problems(plan, outcome, design) for outcome in outcomes}
    able = tuple(outcome for outcome in outcomes if not problems[outcome.key])
    if not able:
        raise PlanningError([line for lines in problems.values() for line in lines])
    return able, {key: " ".join(lines) for key, lines in problems.items() if lines}


def simulated(
    plan: Plan, outcome: Outcome, codebook: pd.DataFrame, assumed: Assumptions, design: Design
) -> Simulated:
    """Return the outcome with everything that drawing its answers needs.

    Raises PlanningError if it cannot be simulated.
    """
    problems = _problems(plan, outcome, design)
    if problems or outcome.smallest_effect is None:
        raise PlanningError(problems)
    if outcome.before and assumed.before_correlation > assumed.reliability:
        raise PlanningError(
            [
                f"outcome {outcome.key!r}: scores with a reliability of {assumed.reliability} "
                f"cannot have a correlation of {assumed.before_correlation} with an earlier "
                "measurement. Raise reliability, or lower before_correlation."
            ]
        )
    # The effect is declared on the scale of the answers and has to be converted to a latent shift.
    items = _items(outcome, codebook)
    answers = (
        _rated(outcome, items, assumed)
        if items is not None
        else _trials(outcome, codebook, assumed)
    )
    family = len(plan.families[outcome.family]) if outcome.role != EXPLORATORY else 1
    return Simulated(
        outcome, answers, shift_for(answers, outcome.smallest_effect), plan.alpha / family, items
    )


def _problems(plan: Plan, outcome: Outcome, design: Design) -> list[str]:
    name = f"outcome {outcome.key!r}"
    problems = []
    if outcome.smallest_effect is None:
        problems.append(f"{name} lacks smallest_effect. Add the smallest difference that matters.")
    if outcome.analysis not in ANALYSES:
        use = " or ".join(ANALYSES)
        problems.append(f"{name}: {outcome.analysis} is not simulated; use {use}.")
    if outcome.kind == "behaviour":
        problems += problems_of(outcome, plan, design)
    if len(plan.arms) == 1 and outcome.analysis not in WITHIN_SUBJECTS:
        problems.append(
            f"{name}: in a study of one arm only {' and '.join(WITHIN_SUBJECTS)} are simulated, "
            f"but not {outcome.analysis}, because the differences between its levels of "
            f"{outcome.within} by participant and by image are unknown. Plan with the paired "
            "comparison of participants' means."
        )
    if outcome.covariates:
        problems.append(
            f"{name}: covariates are not simulated, because their correlation with the outcome is "
            "unknown. Leave covariates out: the sample is then large enough with them, too."
        )
    if outcome.before and design.conditions:
        problems.append(
            f"{name}: an earlier measurement is not simulated in within-subjects designs. Leave "
            "before out."
        )
    if outcome.factor is not None:
        problems.append(
            f"{name}: the shares of the levels of {outcome.factor!r} are unknown before the data. "
            "Plan the effect of the arms with one_way, or name two factors of the arms."
        )
    problems += _problems_with_factors(outcome, plan, design)
    # Simulated trials have only the columns that every study of this platform has. The time of a
    # questionnaire makes no difference: a single measurement is simulated.
    where = set(outcome.where) if asked_items(outcome) is None else set()
    others = sorted({*where, *outcome.random} - {"prediction_correct", "participant", "image"})
    if others:
        problems.append(f"{name}: the simulated trials have no {' or '.join(others)}.")
    within = CONDITION if design.conditions else "prediction_correct"
    if outcome.within not in (None, within):
        problems.append(f"{name}: the simulated trials have no {outcome.within!r}.")
    if outcome.analysis in ANALYSES:
        # Times are compared within subjects in any design, conditions only where all are seen.
        of_conditions = (*WITHIN_SUBJECTS, "factorial_within")
        is_within = outcome.analysis in of_conditions and not outcome.before
        if is_within != bool(design.conditions):
            kind = "within-subjects" if design.conditions else "between-subjects"
            problems.append(f"{name}: {outcome.analysis} is not simulated in {kind} designs.")
    if outcome.analysis == "paired" and len(design.conditions) not in (0, 2):
        problems.append(
            f"{name}: paired compares two conditions, but the study has "
            f"{len(design.conditions)}. Use repeated."
        )
    if design.seen_by and outcome.analysis in WITHIN_SUBJECTS:
        problems.append(
            f"{name}: nobody sees all the conditions, because a factor varies between "
            f"participants, so {outcome.analysis} is not simulated. Use factorial_within."
        )
    return problems


def _problems_with_factors(outcome: Outcome, plan: Plan, design: Design) -> list[str]:
    """Return the reasons why the arms or conditions lack the levels that the outcome compares."""
    if not outcome.factors:
        return []
    name, factors = f"outcome {outcome.key!r}", " and ".join(outcome.factors)
    place = "condition" if design.conditions else "arm"
    places = _places(outcome, plan, design)
    lacking = [one for one in places if not set(outcome.factors) <= set(design.levels.get(one, {}))]
    if lacking:
        return [
            f"{name}: {factors} have no level in {', '.join(lacking)}. Declare them as factors of "
            f"every {place}."
        ]
    if not shifted_by_factor(outcome, plan, design):
        return [
            f"{name}: no {place} has another level than the control's of {factors}, so their "
            "effect cannot be simulated."
        ]
    if design.conditions and not _varies_within(outcome, plan, design):
        return [
            f"{name}: neither {' nor '.join(outcome.factors)} varies within participants. Name a "
            "factor that [design] within varies."
        ]
    return []


def _places(outcome: Outcome, plan: Plan, design: Design) -> tuple[str, ...]:
    """Return the arms that have levels of factors, or the conditions in a within-subjects design.

    The first is the control.
    """
    arms = plan.arms_of(outcome)
    if not design.conditions:
        return tuple(sorted(arms, key=lambda arm: arm != plan.control))
    seen = {name for arm in arms for name in design.conditions_of(arm)}
    return tuple(name for name in design.conditions if name in seen)


def _varies_within(outcome: Outcome, plan: Plan, design: Design) -> bool:
    return any(
        len({design.levels[name][factor] for name in design.conditions_of(arm)}) > 1
        for factor in outcome.factors
        for arm in plan.arms_of(outcome)
    )


def shifted_by_factor(outcome: Outcome, plan: Plan, design: Design) -> tuple[str, ...]:
    """Return the arms or conditions that the effect of an outcome with two factors shifts.

    A main effect shifts all that have the first level other than the control's, which makes the
    effect the difference of these levels' means. An interaction shifts those with the first other
    level of both factors, which makes the effect a difference of differences.
    """
    places = _places(outcome, plan, design)
    names, tested = effect_names(outcome), tested_effect(outcome)
    shifted = list(places)
    for part in tested.split(":"):
        levels = {name: design.levels[name][names[part]] for name in places}
        other = next((level for level in levels.values() if level != levels[places[0]]), None)
        shifted = [name for name in shifted if levels[name] == other]
    return tuple(shifted)


def _items(outcome: Outcome, codebook: pd.DataFrame) -> pd.DataFrame | None:
    rows = codebook.dropna(subset=["item"])
    if outcome.kind == "scale":
        return rows[rows["scale"] == outcome.scale]
    if outcome.kind == "item":
        return rows[rows["item"] == outcome.item]
    return None


def _rated(outcome: Outcome, items: pd.DataFrame, assumed: Assumptions) -> Answers:
    if items.empty:
        raise PlanningError([f"outcome {outcome.key!r}: its items are not in the codebook."])
    low, high = int(items["minimum"].min()), int(items["maximum"].max())
    return rated(low, high, len(items), assumed)


def _trials(outcome: Outcome, codebook: pd.DataFrame, assumed: Assumptions) -> Answers:
    column = str(outcome.column)
    if (
        outcome.kind == "behaviour"
        or column in YES_OR_NO
        or outcome.analysis in ("binary_trials", "logistic_trials")
    ):
        return yes_or_no(assumed)
    rows = codebook[(codebook["file"] == "trials.csv") & (codebook["column"] == column)]
    if column not in trial_types(codebook) or rows.empty:
        raise PlanningError([f"outcome {outcome.key!r}: {column!r} is not in the codebook."])
    row = rows.iloc[0]
    whole = row["type"] == "integer" and pd.notna(row["minimum"]) and pd.notna(row["maximum"])
    if whole and row["maximum"] - row["minimum"] < MOST_ANSWERS:
        return ordered(int(row["minimum"]), int(row["maximum"]), assumed)
    return numeric(assumed, column)
