"""The tidy tables of a study: the files of its export, and the columns of each."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from explanations import catalogue
from surveys import tasks
from surveys.blinding import REVEALING_FILES, hidden_columns
from surveys.questionnaires.base import NOT_ASKED, Item
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import between_factors, factor_names
from surveys.study_file.parts import TrialsPart
from surveys.tasks.items import advice_sureness, diagnosis, free_text
from surveys.tasks.preference import with_neither
from surveys.tidy.cell_sources import NO_METHOD, answer_cell, factor, factor_of_person, ticked
from surveys.tidy.cells import Cell
from surveys.tidy.columns import (
    ANSWERED,
    ANSWERS,
    BLOCK_ANSWERS,
    BONUS,
    CHECKS,
    COMPARED,
    ENDED,
    ENDING,
    FEEDBACK,
    FIRST_STAGE,
    LAYOUT,
    LEDGER,
    LIMIT,
    NOT_ALLOCATED,
    NOT_ALLOCATED_ANSWERS,
    PARTICIPANTS,
    PLANNED,
    SIDE_BY_SIDE,
    STATES,
    STIMULUS,
    YES_NO,
    Column,
)
from surveys.tidy.page_columns import EVENTS, PAGES, TRIAL_TIMES
from surveys.tidy.reserved import factor_column
from surveys.tidy.session_columns import ANSWER_SESSION, SESSION, SESSIONS
from surveys.tidy.signal_columns import FOUND, PAGE_SIGNALS, PERCEPTION, PERSON_SIGNALS
from surveys.tidy.uncovered_columns import FILE as UNCOVERED_FILE
from surveys.tidy.uncovered_columns import UNCOVERED

ASKED = ("answers.csv", "block_answers.csv", "not_allocated_answers.csv")
NOT_ASKED_LABEL = "the question was not shown because of an earlier answer"
ALWAYS = "decide"
"""The task whose columns every table has, empty where it is not used, because analyses rely on
them.
"""


def tables(study: StudyFile, blinded: bool = False) -> Mapping[str, tuple[Column, ...]]:
    """Return the columns of each file.

    Practice trials and answers given once per block belong to separate files. ``blinded`` leaves
    out the columns and files that reveal arms.
    """
    if blinded:
        # Hiding works on the complete tables, so that it applies to every column added later.
        hidden = hidden_columns(study)
        return {
            file: tuple(column for column in columns if column.name not in hidden)
            for file, columns in tables(study).items()
            if file not in REVEALING_FILES
        }
    kinds = {step.kind for step in study.steps}
    checked = {"attention_asked", "attention_failed"} if "attention" in kinds else set()
    checked |= {"quiz_mistakes"} if "quiz" in kinds else set()
    checks = tuple(column for column in CHECKS if column.name in checked)
    main = [part for part in study.trial_parts if not part.is_practice]
    practice = [part for part in study.trial_parts if part.is_practice]
    columns_by_file = {
        "participants.csv": (
            *PARTICIPANTS,
            *_person_factors(study),
            *_consent_columns(study),
            *_bonus_columns(study),
            *checks,
        ),
        "trials.csv": trial_columns(study, main),
        "answers.csv": ANSWERS,
        "pages.csv": PAGES,
        "page_events.csv": EVENTS,
    }
    if any(tasks.get(part.task).uncovers for part in main):
        columns_by_file[UNCOVERED_FILE] = UNCOVERED
    if practice:
        columns_by_file["practice.csv"] = trial_columns(study, practice)
    if asks_in_blocks(study):
        columns_by_file["block_answers.csv"] = BLOCK_ANSWERS
    columns_by_file["not_allocated.csv"] = NOT_ALLOCATED
    columns_by_file["not_allocated_answers.csv"] = NOT_ALLOCATED_ANSWERS
    columns_by_file["ledger.csv"] = LEDGER
    if study.endings:
        for file in ("participants.csv", "not_allocated.csv"):
            columns_by_file[file] = _with_endings(columns_by_file[file], study)
    if study.sessions:
        columns_by_file["sessions.csv"] = SESSIONS
        columns_by_file["pages.csv"] = (*columns_by_file["pages.csv"], SESSION)
        columns_by_file["answers.csv"] = (*columns_by_file["answers.csv"], ANSWER_SESSION)
    if study.signals.count:
        columns_by_file["participants.csv"] = (
            *columns_by_file["participants.csv"],
            *PERSON_SIGNALS,
            *(PERCEPTION if "perception" in kinds else ()),
        )
        columns_by_file["pages.csv"] = (
            *columns_by_file["pages.csv"],
            *PAGE_SIGNALS,
            *((FOUND,) if "perception" in kinds else ()),
        )
    if not study.branches:
        return columns_by_file
    return {
        file: tuple(_with_not_asked(column) if file in ASKED else column for column in columns)
        for file, columns in columns_by_file.items()
    }


def _with_endings(columns: tuple[Column, ...], study: StudyFile) -> tuple[Column, ...]:
    """Add the column of the ending after the state, and describe the state that has one."""
    labels = {ending.key: ending.heading for ending in study.endings}
    described = [
        replace(column, values=STATES | ENDED) if column.name == "state" else column
        for column in columns
    ]
    place = [column.name for column in columns].index("state") + 1
    return (*described[:place], replace(ENDING, values=labels), *described[place:])


def _with_not_asked(column: Column) -> Column:
    """Describe the answer to a question that was not shown in the column of answers."""
    if column.name != "value":
        return column
    return replace(column, values={**(column.values or {}), NOT_ASKED: NOT_ASKED_LABEL})


def asks_in_blocks(study: StudyFile) -> bool:
    """Return whether a questionnaire is asked after each block of a within-subjects design."""
    return study.blocks > 1 and any(step.questionnaire and step.block for step in study.steps)


def trial_columns(study: StudyFile, parts: list[TrialsPart]) -> tuple[Column, ...]:
    """Return the columns of a table of trials.

    Stimulus and layout come first, then the declared factors, then what the tasks of the parts ask.
    """
    factors = (_factor_column(name, factor(name)) for name in factor_names(study.conditions))
    # Columns that only some tasks fill are left out unless a part has such a task.
    two_stages = any(len(tasks.get(part.task).stages) > 1 for part in parts)
    several_maps = any(tasks.get(part.task).classes for part in parts)
    return (
        *(_with_methods(column, study) for column in STIMULUS),
        *LAYOUT,
        *factors,
        *((PLANNED,) if _plans_accuracy(study, parts) else ()),
        *(_answer_column(item) for item in _items(parts)),
        *_optional_columns(parts),
        *(_diagnosis_columns() if any(part.diagnosis for part in parts) else ()),
        *(SIDE_BY_SIDE if several_maps else ()),
        *(_compared_columns(study) if any(part.compare for part in parts) else ()),
        # Practice with feedback after each trial needs no column that is always 1.
        *((FEEDBACK,) if any(_varies_feedback(part) for part in parts) else ()),
        *((LIMIT,) if any(part.limit_of_pace for part in parts) else ()),
        *((FIRST_STAGE,) if two_stages else ()),
        *ANSWERED,
        *TRIAL_TIMES,
    )


def never_filled(study: StudyFile) -> frozenset[str]:
    """Return the columns of the task ALWAYS that trials.csv has and no task of the study fills."""
    parts = [part for part in study.trial_parts if not part.is_practice]
    asked = {
        item.id
        for part in parts
        for stage in tasks.get(part.task).stages
        for item in stage.asks({}, part.confidence)
    }
    usual = {item.id for stage in tasks.get(ALWAYS).stages for item in stage.asks({}, "points")}
    return frozenset(usual - asked)


def _varies_feedback(part: TrialsPart) -> bool:
    is_limited = bool(part.feedback_first or part.feedback_every)
    return part.feedback and (is_limited or not part.is_practice)


def _plans_accuracy(study: StudyFile, parts: list[TrialsPart]) -> bool:
    """Check whether the conditions plan how often the classifier is right in these trials."""
    plans = any(condition.accuracy is not None for condition in study.conditions)
    return plans and not all(part.is_practice for part in parts)


def _person_factors(study: StudyFile) -> tuple[Column, ...]:
    """Return the columns of the factors of which each participant sees a single level."""
    names = between_factors(study.conditions, study.design.within)
    return tuple(_factor_column(name, factor_of_person(name)) for name in names)


def _consent_columns(study: StudyFile) -> tuple[Column, ...]:
    """Return a column for each check box of the consent."""
    return tuple(
        Column(check.field, "integer", ticked(check.key), check.text, 0, 1, YES_NO)
        for check in study.consent.checks
    )


def _bonus_columns(study: StudyFile) -> tuple[Column, ...]:
    if study.bonus is None:
        return ()
    words = f"{BONUS.label}, in {study.bonus.currency}, by the rule {study.bonus.rule!r}"
    return (replace(BONUS, label=words, maximum=study.bonus.maximum),)


def _factor_column(name: str, source: Callable[[Any], Cell]) -> Column:
    return Column(factor_column(name), "category", source, f"Level of the factor {name}")


def _with_methods(column: Column, study: StudyFile) -> Column:
    """Describe the methods of the study's conditions in the column of methods."""
    if column.name != "method":
        return column
    shown = {condition.method for condition in study.conditions}
    return replace(column, values=_labels(shown))


def _items(parts: list[TrialsPart]) -> list[Item]:
    """Return the questions of all tasks of the parts, each only once."""
    asked = {ALWAYS: "points", **{part.task: part.confidence for part in parts}}
    items = [
        item
        for task, confidence in asked.items()
        for stage in tasks.get(task).stages
        for item in stage.asks({}, confidence)
    ]
    if any(part.neither for part in parts):
        items = list(with_neither(tuple(items)))
    return list({item.id: item for item in items}.values())


def _compared_columns(study: StudyFile) -> tuple[Column, ...]:
    """Return the columns of the maps that trials compare, with the names of the methods."""
    methods = {condition.method for condition in study.conditions}
    places, preferred = COMPARED
    offered = any(part.neither for part in study.trial_parts)
    neither = {NO_METHOD: "Neither of the two"} if offered else {}
    return places, replace(preferred, values=_labels(methods) | neither)


def _labels(keys: Collection[str]) -> dict[str, str]:
    """Return the methods' labels, with the parameters that a condition chooses, in the catalogue's
    order."""
    places = {method.key: place for place, method in enumerate(catalogue.EVERY)}
    # A study file with mistakes may name unknown methods, which are reported elsewhere.
    methods = [catalogue.get(key) for key in keys if catalogue.without_amount(key) in places]
    methods.sort(key=lambda method: (places[catalogue.without_amount(method.key)], method.key))
    return {method.key: method.full_label for method in methods}


def _optional_columns(parts: list[TrialsPart]) -> tuple[Column, ...]:
    """Return the columns of the questions that only some studies ask in trials."""
    asked = [
        item
        for part in parts
        for item in (
            *advice_sureness(part.advice_confidence),
            *free_text(part.free_text, required=part.free_text_required),
        )
    ]
    columns = []
    for item in {item.id: item for item in asked}.values():
        if item.is_number:
            columns.append(_answer_column(item))
        else:
            columns.append(Column(item.id, "text", answer_cell(item), item.text))
    return tuple(columns)


def _diagnosis_columns() -> tuple[Column, ...]:
    choice, comment = diagnosis()
    return (
        Column(
            choice.id, "category", answer_cell(choice), choice.text, values=dict(choice.options)
        ),
        Column(comment.id, "text", answer_cell(comment), comment.text),
    )


def _answer_column(item: Item) -> Column:
    if not item.is_number:
        return Column(item.id, "category", answer_cell(item), item.text)
    low, high = item.bounds or (None, None)
    return Column(item.id, "integer", answer_cell(item), item.text, low, high, item.codes)
