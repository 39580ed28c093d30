"""Which outcomes of a plan can be simulated, and how their answers come about."""

from dataclasses import dataclass

import pandas as pd

from analysis.outcomes.trial_model_kinds import MOST_ANSWERS
from analysis.plan.plan import EXPLORATORY, Outcome, Plan
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
)
CONDITION = "condition"  # the column by which a simulated within-subjects design is compared
YES_OR_NO = ("agreed", "decision_correct", "prediction_correct")


@dataclass(frozen=True)
class Simulated:
    """An outcome, how its answers are drawn, and the latent shift of the smallest effect.

    `items` of a scale with what turns them, empty for trials; `alpha` is that of one test.
    """

    outcome: Outcome
    answers: Answers
    shift: float
    alpha: float
    items: pd.DataFrame | None = None


def chosen(plan: Plan, keys: tuple[str, ...]) -> tuple[Outcome, ...]:
    """The outcomes named, or every confirmatory one that declares its smallest effect."""
    known = {outcome.key: outcome for outcome in plan.outcomes}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise PlanningError(
            [f"no outcome {key!r} in the plan; known: {sorted(known)}." for key in unknown]
        )
    found = tuple(known[key] for key in keys) or tuple(
        outcome
        for outcome in plan.outcomes
        if outcome.smallest_effect is not None and outcome.role != EXPLORATORY
    )
    if not found:
        raise PlanningError(
            ["no outcome of [analysis] declares its smallest_effect. Add it where power matters."]
        )
    return found


def can_be_simulated(
    plan: Plan, outcomes: tuple[Outcome, ...], design: Design
) -> tuple[tuple[Outcome, ...], dict[str, str]]:
    """Those that can, and why the others cannot; PlanningError if none can."""
    problems = {one.key: _problems(plan, one, design) for one in outcomes}
    able = tuple(one for one in outcomes if not problems[one.key])
    if not able:
        raise PlanningError([line for lines in problems.values() for line in lines])
    return able, {key: " ".join(lines) for key, lines in problems.items() if lines}


def simulated(
    plan: Plan, outcome: Outcome, codebook: pd.DataFrame, assumed: Assumptions, design: Design
) -> Simulated:
    """The outcome with everything that drawing its answers needs, or PlanningError."""
    problems = _problems(plan, outcome, design)
    if problems or outcome.smallest_effect is None:
        raise PlanningError(problems)
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
        problems.append(f"{name} declares no smallest_effect. Add the least that matters.")
    if outcome.analysis not in ANALYSES:
        problems.append(f"{name}: {outcome.analysis} is not simulated; known: {list(ANALYSES)}.")
    if outcome.kind == "behaviour":
        problems += problems_of(outcome, plan, design)
    others = sorted(
        {*outcome.where, *outcome.random} - {"prediction_correct", "participant", "image"}
    )
    if others:
        problems.append(f"{name}: the simulated trials have no {others}.")
    within = CONDITION if design.conditions else "prediction_correct"
    if outcome.within not in (None, within):
        problems.append(f"{name}: the simulated trials have no {outcome.within!r}.")
    if outcome.analysis in ANALYSES and (outcome.analysis == "repeated") != bool(design.conditions):
        problems.append(
            f"{name}: {outcome.analysis} is not simulated where "
            f"{'conditions vary within' if design.conditions else 'arms vary between'} subjects"
            "."
        )
    return problems


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
