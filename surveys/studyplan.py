"""Checks a study file's [analysis] by the analysis's own rules, on the codebook to come."""

import re
from collections.abc import Mapping

import pandas as pd

from analysis.errors import PlanError
from analysis.planfile import parse_plan, problems_with_table
from surveys.exporting.codebook import codebook
from surveys.exporting.plan import plan_of
from surveys.studyfile import StudyFile
from surveys.tomltable import Table

_OUTCOME = re.compile(r"outcome '([^']*)'")


def check(table: Table, study: StudyFile) -> None:
    """Report to the file's outermost table whatever ``run_analysis`` would refuse later."""
    for problem in _problems(study):
        match = _OUTCOME.match(problem)
        keys = [outcome.get("key") for outcome in _outcomes(study)]
        place: tuple[str | int, ...] = ("analysis",)
        if match and match[1] in keys:
            place = ("analysis", "outcomes", keys.index(match[1]))
        table.problems.add(place, f"[analysis]: {problem}")


def _problems(study: StudyFile) -> list[str]:
    problems = []
    if "title" in study.analysis:
        problems.append("the plan's title is that of the study. Remove 'title'.")
    keys = [group.key for group in study.groups]
    arms = study.analysis.get("arms", keys)
    if not isinstance(arms, list) or sorted(map(str, arms)) != sorted(keys):
        problems.append(f"arms must list every arm of the study once: {keys}. Or leave it out.")
    try:
        parse_plan(plan_of(study))
    except PlanError as error:
        problems += error.problems
    frame = pd.DataFrame(codebook(study)).replace("", pd.NA)
    return problems + [line for entry in _outcomes(study) for line in _unmeasured(entry, frame)]


def _unmeasured(outcome: Mapping[str, object], frame: pd.DataFrame) -> list[str]:
    """What the outcome asks for and the data will not hold; nothing if it is faulty itself."""
    try:
        plan = parse_plan({"control": "a", "arms": ["a", "b"], "outcomes": [outcome]})
    except PlanError:
        return []
    return problems_with_table(plan, frame)


def _outcomes(study: StudyFile) -> list[dict[str, object]]:
    outcomes = study.analysis.get("outcomes")
    if not isinstance(outcomes, list):
        return []
    return [outcome for outcome in outcomes if isinstance(outcome, dict)]
