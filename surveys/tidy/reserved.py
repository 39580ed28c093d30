"""Names that a study must not give to a factor, because a table of its data already has them."""

from surveys import tasks
from surveys.tasks.items import advice_sureness, diagnosis, free_text
from surveys.tidy import columns, page_columns, session_columns, signal_columns, uncovered_columns
from surveys.tidy.codebook_columns import OWN_COLUMNS
from surveys.tidy.columns import Column

ANALYSIS = frozenset(("decision_correct", "advice_followed"))
"""Columns that the analysis adds to the trials. They are repeated here, because importing the
analysis would load pandas into every web process.
"""
TABLES: tuple[tuple[Column, ...], ...] = (
    columns.PARTICIPANTS,
    columns.CHECKS,
    columns.STIMULUS,
    columns.LAYOUT,
    columns.SIDE_BY_SIDE,
    columns.COMPARED,
    (columns.LIMIT,),
    columns.ANSWERED,
    (columns.FIRST_STAGE,),
    (columns.BONUS,),
    (columns.FEEDBACK,),
    (columns.PLANNED,),
    columns.ANSWERS,
    columns.BLOCK_ANSWERS,
    columns.NOT_ALLOCATED,
    columns.NOT_ALLOCATED_ANSWERS,
    columns.LEDGER,
    (columns.ENDING,),
    session_columns.SESSIONS,
    page_columns.PAGES,
    page_columns.EVENTS,
    page_columns.TRIAL_TIMES,
    signal_columns.PAGE_SIGNALS,
    uncovered_columns.UNCOVERED,
    signal_columns.PERSON_SIGNALS,
    signal_columns.PERCEPTION,
    (signal_columns.FOUND,),
)


def reserved_names() -> frozenset[str]:
    """Return the name of every column that any export can have, whatever the study declares."""
    names = {column.name for table in TABLES for column in table}
    return frozenset((*names, *_asked_in_trials(), *OWN_COLUMNS, *ANALYSIS))


def _asked_in_trials() -> set[str]:
    """Return the ids of all tasks' questions, each of which is a column of trials.csv."""
    asked = {
        item.id
        for task in tasks.TASKS
        for stage in task.stages
        for item in stage.asks({}, "points")
    }
    optional = (*diagnosis(), *advice_sureness("points"), *free_text("reason", required=False))
    return asked | {item.id for item in optional}


def factor_column(name: str) -> str:
    """Return the column of a declared factor.

    Studies stored before names were reserved can have a factor with the name of another column,
    which would make their data unreadable. Their factor gets a prefix.
    """
    return f"factor_{name}" if name in reserved_names() else name
