"""The sample that a study file needs, simulated and written as a page and as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.plan.plan import Plan
from analysis.plan.reading import parse_plan
from analysis.power.assumptions import Design
from analysis.power.page import sentence, write_page
from analysis.power.required_sample import Asked, Power, plan_power, to_json
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import Condition
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook


def simulate_sample(
    study: StudyFile,
    asked: Asked,
    kept: Path,
    *,
    images: int | None = None,
    workers: int = 1,
    told: Callable[[str], None] = lambda line: None,
    scheduler: str = "",
    effects: Mapping[str, float] | None = None,
) -> Power:
    """Return the sample that the study needs. Simulated studies are kept in ``kept`` for next time.

    ``images`` replaces the study file's number of images per participant, and ``effects`` the
    smallest effects of its outcomes: one that is not among them is left out. Raises AnalysisError
    for a plan or a design that cannot be simulated.
    """
    plan = parse_plan(plan_of(study))
    return plan_power(
        plan if effects is None else with_effects(plan, effects),
        _codebook(study),
        design_of(study, images),
        asked,
        kept,
        workers=workers,
        told=told,
        scheduler=scheduler,
    )


def with_effects(plan: Plan, effects: Mapping[str, float]) -> Plan:
    """Return the plan with these smallest effects by outcome, and with no others."""
    outcomes = tuple(
        replace(outcome, smallest_effect=effects.get(outcome.key)) for outcome in plan.outcomes
    )
    return replace(plan, outcomes=outcomes)


def standardised_effects(study: StudyFile, power: Power) -> dict[str, float]:
    """Return Cohen's d of the smallest effect on each scale, with the SD that was assumed."""
    items, found = _codebook(study), {}
    for outcome in power.plan.outcomes:
        rows = items[items["scale"] == outcome.scale] if outcome.kind == "scale" else items.head(0)
        if outcome.smallest_effect is None or rows.empty:
            continue
        span = float(rows["maximum"].max() - rows["minimum"].min())
        sd = power.asked.assumed.score_sd or span / 6
        found[outcome.key] = outcome.smallest_effect / sd
    return found


def write_power(power: Power, folder: Path, command: str) -> list[str]:
    """Write power.json and power.html, and return a sentence per outcome and per omission."""
    told = {outcome.outcome: sentence(outcome, power) for outcome in power.outcomes}
    text = to_json(power, told)
    (folder / "power.json").write_text(text, encoding="utf-8", newline="\n")
    write_page(power, folder, command)
    return [*told.values(), *(f"Left out: {reason}" for reason in power.left_out.values())]


def _codebook(study: StudyFile) -> pd.DataFrame:
    """Return the codebook of the future export, with the types that the analysis reads."""
    frame = pd.DataFrame(codebook(study)).replace("", pd.NA)
    for column in ("minimum", "maximum", "reversed", "minimum_answered"):
        frame[column] = pd.to_numeric(frame[column])
    return frame


def design_of(study: StudyFile, images: int | None = None) -> Design:
    """Return the trials that every arm or condition shows, and the levels of its factors.

    Where arms or conditions show unequal
    numbers of trials, each is simulated with the smallest number.
    """
    shown = {one.key: _shown(study, one) for one in study.conditions}
    with_trials = [numbers for numbers in shown.values() if sum(numbers)]
    right, wrong = min(with_trials, key=sum, default=(0, 0))
    accuracy = (
        {key: numbers[0] / sum(numbers) for key, numbers in shown.items() if sum(numbers)}
        if len({numbers[0] / sum(numbers) for numbers in with_trials}) > 1
        else {}
    )
    is_within = bool(study.design.within)
    conditions = tuple(shown) if is_within else ()
    seen_by = {arm.key: arm.conditions for arm in study.arms} if is_within else {}
    is_mixed = any(set(seen) != set(conditions) for seen in seen_by.values())
    declared = Design(
        right,
        wrong,
        conditions,
        {one.key: dict(one.factors) for one in study.conditions},
        seen_by if is_mixed else {},
        accuracy,
    )
    return declared if images is None else declared.scaled(images / declared.images)


def _shown(study: StudyFile, condition: Condition) -> tuple[int, int]:
    """Return how many right and wrong predictions somebody sees in the arm or condition."""
    parts = [part for part in study.trial_parts if not part.is_practice]
    # A choice between two maps is not a decision about the classifier's answer.
    decisions = [part for part in parts if not part.compare] or parts
    numbers = [study.shown_of(part, condition) for part in decisions if part.is_in(condition.key)]
    return sum(right for right, _ in numbers), sum(wrong for _, wrong in numbers)
