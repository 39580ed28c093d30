"""Checks a study file's [analysis] by the analysis's own rules, on the codebook to come."""

import re
from collections.abc import Mapping

import pandas as pd

from analysis.errors import PlanError
from analysis.plan.plan import Outcome, Plan
from analysis.plan.reading import parse_plan
from analysis.study_data.plan_columns import problems_with_table
from surveys import questionnaires
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import QuestionnairePart
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook
from surveys.toml.table import Table

_ENTRY = re.compile(r"(outcome|exclusion|contrast) '([^']*)'")
_KEY = re.compile(r"(control|ai_only|human_alone|alpha|behaviour|sample_goal)\b")
_FEW_ARMS = "arms must list two or more"  # said of the study's own arms already


def check(table: Table, study: StudyFile) -> None:
    """Report to the file's outermost table whatever ``run_analysis`` would refuse later."""
    for problem in _problems(study):
        if problem.startswith(_FEW_ARMS) and "arms" not in study.analysis:
            continue
        table.problems.add(_place(study, problem), f"[analysis]: {problem}")


def _place(study: StudyFile, problem: str) -> tuple[str | int, ...]:
    """Where in the file the problem's beginning says that it is."""
    if entry := _ENTRY.match(problem):
        group = f"{entry[1]}s"
        keys = [one.get("key") for one in _tables(study, group)]
        if entry[2] in keys:
            return ("analysis", group, keys.index(entry[2]))
    key = _KEY.match(problem)
    return ("analysis", key[1]) if key else ("analysis",)


def _problems(study: StudyFile) -> list[str]:
    problems = []
    if "title" in study.analysis:
        problems.append("the plan's title is that of the study. Remove 'title'.")
    keys = [arm.key for arm in study.arms]
    arms = study.analysis.get("arms", keys)
    if not isinstance(arms, list) or sorted(map(str, arms)) != sorted(keys):
        problems.append(f"arms must list every arm of the study once: {keys}. Or leave it out.")
    frame = pd.DataFrame(codebook(study)).replace("", pd.NA)
    try:
        plan = parse_plan(plan_of(study))
    except PlanError as error:
        problems += error.problems
        return problems + [
            one for entry in _tables(study, "outcomes") for one in _unmeasured(entry, frame)
        ]
    return problems + problems_with_table(plan, frame) + _asked_of_some(study, plan)


def _asked_of_some(study: StudyFile, plan: Plan) -> list[str]:
    """Outcomes of questions that not all arms are asked, where the plan does not say so."""
    problems = []
    for outcome in plan.outcomes:
        asked = _arms_asked(study, outcome)
        if asked and sorted(outcome.asked_in or [arm.key for arm in study.arms]) != asked:
            problems.append(
                f"outcome {outcome.key!r}: only the arms {asked} are asked this. Add to it: "
                f"asked_in = {asked}"
            )
    return problems


def _arms_asked(study: StudyFile, outcome: Outcome) -> list[str]:
    """List the arms whose pages ask the outcome's scale or item; empty if no part is limited."""
    asking = [
        part
        for part in study.parts
        if isinstance(part, QuestionnairePart) and part.questionnaire  # empty where it is unknown
        if _asks(part.questionnaire, outcome)
    ]
    if not any(part.conditions for part in asking):
        return []
    keys = {part.key for part in asking}
    return sorted(
        arm.key for arm in study.arms if any(step.part in keys for step in study.steps_of(arm.key))
    )


def _asks(questionnaire: str, outcome: Outcome) -> bool:
    asked = questionnaires.get(questionnaire)
    if outcome.kind == "scale":
        return outcome.scale in asked.subscales
    return outcome.kind == "item" and outcome.item in {item.id for item in asked.items}


def _unmeasured(outcome: Mapping[str, object], frame: pd.DataFrame) -> list[str]:
    """What the outcome asks for and the data will not hold; nothing if it is faulty itself."""
    try:
        plan = parse_plan({"control": "a", "arms": ["a", "b"], "outcomes": [outcome]})
    except PlanError:
        return []
    return problems_with_table(plan, frame)


def _tables(study: StudyFile, key: str) -> list[dict[str, object]]:
    """The plan's tables written [[analysis.key]]."""
    entries = study.analysis.get(key)
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]
