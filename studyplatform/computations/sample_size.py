"""The sample that a study file needs, simulated and written as a page and as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.plan.plan import Plan
from analysis.plan.reading import parse_plan
from analysis.power.assumptions import Design, PlanningError
from analysis.power.page import sentence, write_page
from analysis.power.required_sample import Asked, Power, plan_power, to_json
from surveys.study_file.declaration import StudyFile
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
        _design(study, images),
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


def _design(study: StudyFile, images: int | None) -> Design:
    if study.design.within not in ((), ("condition",)):
        raise PlanningError(
            [
                "The study declares factors within subjects, but plan_power supports only designs "
                "with arms alone or with conditions alone. Remove [design] within, or set "
                'within = ["condition"].'
            ]
        )
    parts = [part for part in study.trial_parts if not part.is_practice]
    conditions = tuple(shown.key for shown in study.conditions) if study.design.within else ()
    declared = Design(
        sum(part.right for part in parts),
        sum(part.wrong for part in parts),
        conditions,
        {} if conditions else {arm.key: dict(arm.factors) for arm in study.conditions},
    )
    return declared if images is None else declared.scaled(images / declared.images)
