"""Checks of a study file's [analysis] by the analysis's own rules and the future codebook."""

from itertools import product

import pandas as pd

from analysis.plan.plan import TIME_COLUMNS, Outcome, Plan
from analysis.plan.reading import judge_plan
from analysis.study_data.plan_columns import problems_with_table
from analysis.study_data.times import time_problems
from analysis.toml.document import Document
from analysis.toml.problems import Problems
from surveys import questionnaires
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import between_factors, factor_names
from surveys.study_file.parts import QuestionnairePart
from surveys.tidy.analysis_plan import plan_of
from surveys.tidy.codebook import codebook
from surveys.tidy.tables import never_filled


def check(file: Document, study: StudyFile) -> None:
    """Report to the file whatever ``run_analysis`` would refuse later."""
    problems = Problems()
    for path in file.problems.faults_below(("analysis",)):
        problems.fault(path)  # reported with the file
    if "arms" not in study.analysis and _is_unclear(study):
        problems.fault(("arms",))  # reported of the study
    _judge(study, problems)
    for path, sentence in problems:
        file.problems.add(("analysis", *path), f"[analysis]: {sentence}")


def _is_unclear(study: StudyFile) -> bool:
    """Return whether the file has no arms, or several of one key, which its check reports."""
    return len(study.conditions) != 1 and len({arm.key for arm in study.arms}) < 2


def _judge(study: StudyFile, problems: Problems) -> None:
    if "title" in study.analysis:
        problems.add(("title",), "the plan's title is that of the study. Remove 'title'.")
    keys = [arm.key for arm in study.arms]
    arms = study.analysis.get("arms", keys)
    if not isinstance(arms, list) or sorted(map(str, arms)) != sorted(keys):
        said = f"arms must list every arm of the study once: {', '.join(keys)}. Or leave it out."
        problems.add(("arms",), said)
    plan = judge_plan(plan_of(study), problems)
    # Columns of Python's objects: tables of a few rows are slower to filter as Arrow's text.
    frame = pd.DataFrame(codebook(study), dtype=object).replace("", pd.NA)
    for path, sentence in [
        *problems_with_table(plan, frame, never_filled(study)),
        *time_problems(plan, _questions(study), frame),
    ]:
        problems.add(path, sentence)
    _check_asked_of_some(study, plan, problems)
    _check_crossing(study, plan, problems)


def _check_crossing(study: StudyFile, plan: Plan, problems: Problems) -> None:
    """Report factorial outcomes with a combination of levels that no arm has."""
    shown = {condition.key: condition.factors for condition in study.conditions}
    between = between_factors(study.conditions, study.design.within)
    for number, outcome in enumerate(plan.outcomes):
        names = outcome.factors
        if outcome.analysis == "factorial_within":
            _check_within(study, outcome, number, problems)
            continue
        if len(names) != 2 or not set(names) <= set(between):
            continue  # a factor is an item or another column, whose values are not known yet
        arms = [arm for arm in study.arms if arm.key in plan.arms_of(outcome)]
        cells = [tuple(shown[arm.conditions[0]].get(name) for name in names) for arm in arms]
        empty = sorted(set(product(*map(set, zip(*cells, strict=True)))) - set(cells), key=str)
        if empty:
            listed = ", ".join(" × ".join(map(str, cell)) for cell in empty)
            problems.add(
                ("outcomes", number, "factors"),
                f"outcome {outcome.key!r}: no arm has {names[0]} × {names[1]} = {listed}. Add an "
                "arm for each combination, or name other factors.",
            )


def _check_within(study: StudyFile, outcome: Outcome, number: int, problems: Problems) -> None:
    """Report factors of conditions that no participant goes through, or that are not crossed."""
    names, place = outcome.factors, ("outcomes", number, "factors")
    declared = factor_names(study.conditions)
    if len(names) != 2 or not set(names) <= set(declared):
        return  # names a column of trials.csv, or is reported elsewhere
    if set(names) <= set(between_factors(study.conditions, study.design.within)):
        problems.add(
            place,
            f"outcome {outcome.key!r}: {names[0]} and {names[1]} both vary between participants. "
            "Use analysis = 'factorial', or name one of them in [design] within.",
            ("outcomes", number, "analysis"),
        )
    cells = {tuple(one.factors.get(name) for name in names) for one in study.conditions}
    empty = sorted(set(product(*map(set, zip(*cells, strict=True)))) - cells, key=str)
    if empty:
        listed = ", ".join(" × ".join(map(str, cell)) for cell in empty)
        problems.add(
            place,
            f"outcome {outcome.key!r}: no condition has {names[0]} × {names[1]} = {listed}. Add a "
            "condition for each combination, or name other factors.",
        )


def _questions(study: StudyFile) -> pd.DataFrame:
    """Return a row for each item that participants of an arm are asked, as answers.csv will."""
    rows = [
        {
            "participant": arm.key,
            "arm": arm.key,
            "questionnaire": step.questionnaire,
            "item": item.id,
            "part": step.part,
            "block": str(step.block) if in_block else "",
            "condition": arm.conditions[step.block - 1] if in_block else "",
            "page": step.key,
        }
        for arm in {arm.key: arm for arm in study.arms}.values()  # a file may repeat a key
        for step in study.steps_of(arm.key)
        if step.questionnaire
        for in_block in [study.blocks > 1 and step.block > 0]
        for item in questionnaires.get(step.questionnaire).items
    ]
    columns = ["participant", "arm", "questionnaire", "item", *TIME_COLUMNS]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _check_asked_of_some(study: StudyFile, plan: Plan, problems: Problems) -> None:
    """Report outcomes that only some arms are asked about, unless the plan declares it."""
    for number, outcome in enumerate(plan.outcomes):
        asked = _arms_asked(study, outcome)
        if asked and sorted(outcome.asked_in or [arm.key for arm in study.arms]) != asked:
            path = ("outcomes", number)
            problems.add(
                (*path, "asked_in"),
                f"outcome {outcome.key!r}: some arms are not asked this. Add the arms that are: "
                f"asked_in = {asked}",
                *((*path, key) for key in ("kind", "scale", "item")),
            )


def _arms_asked(study: StudyFile, outcome: Outcome) -> list[str]:
    """List the arms whose pages ask the outcome's scale or item. Empty if no part is limited."""
    asking = [
        part
        for part in study.parts
        if isinstance(part, QuestionnairePart) and part.questionnaire  # empty if it is unknown
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
