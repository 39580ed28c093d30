"""Names of the rows that a plan selects, without columns and values that only programs know."""

from collections.abc import Mapping

from analysis.plan.plan import TIME_COLUMNS
from analysis.study_data.times import time_words

# Of a column with fixed values: the clause that selects the rows, and the name of the level.
WORDS = {
    ("prediction_correct", "0"): ("whose prediction was wrong", "wrong prediction"),
    ("prediction_correct", "1"): ("whose prediction was right", "right prediction"),
}


def rows_words(where: Mapping[str, object]) -> str:
    """Return a clause such as “whose prediction was wrong”, or an empty text for all rows."""
    return " and ".join(_clause(column, value) for column, value in where.items())


def contrast_words(column: str, level: object, reference: object) -> str:
    """Return the name of a contrast, such as “right prediction − wrong prediction”."""
    if (column, str(level)) in WORDS and (column, str(reference)) in WORDS:
        return f"{WORDS[column, str(level)][1]} − {WORDS[column, str(reference)][1]}"
    return f"{column} = {level} − {reference}"


def factor_words(column: str) -> str:
    """Return the name of a factor within participants in print."""
    if column in ("part", "page", "time"):
        return "time of measurement"
    return {"prediction_correct": "prediction"}.get(column, column)


def level_words(column: str, level: object) -> str:
    """Return the name of a level in print, such as “wrong prediction”, or its value."""
    return WORDS.get((column, str(level)), ("", str(level)))[1]


def _clause(column: str, value: object) -> str:
    if column in TIME_COLUMNS:
        return time_words({column: str(value)})
    clause, _ = WORDS.get((column, str(value)), (f"with {column} = {value}", ""))
    return clause
