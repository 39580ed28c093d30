"""Columns that the tidy data folder must have, and the type of each cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from analysis.plan.tables import ColumnType, MissingKind

STATES = ("started", "completed", "stopped", "ended")
FORMER_STATES = {"withdrawn": "stopped"}
"""Exports of earlier versions gave participants who stopped and kept their answers this state."""
CODEBOOK_TYPES: tuple[str, ...] = get_args(ColumnType)


@dataclass(frozen=True)
class Column:
    """A column with its `type` as in the codebook.

    Cells may be empty if `optional`. A cell may contain one of MISSING_KINDS; an empty cell counts
    as `empty`. A `late` column may be absent, as in exports of earlier versions, and then counts as
    empty.
    """

    name: str
    type: str = "text"
    optional: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    empty: MissingKind = "not_answered"
    late: bool = False


def _late(name: str, kind: str = "text", minimum: float | None = None) -> Column:
    return Column(name, kind, True, minimum, late=True)


def _flag(name: str, optional: bool = False) -> Column:
    return Column(name, "integer", optional, values=("0", "1"))


BLOCKS = "block_answers.csv"
"""Answers asked in each block of a within-subjects design, if any: more rows of answers."""
FILES: Mapping[str, tuple[Column, ...]] = {
    "participants.csv": (
        Column("participant"),
        Column("arm"),
        Column("arm_label"),
        Column("sequence", "integer", minimum=1),
        Column("block", "integer"),
        Column("state", values=STATES),
        _flag("simulated"),
        Column("consented_at", "datetime", optional=True),
        Column("completed_at", "datetime", optional=True, empty="does_not_apply"),
        Column("seconds_total", "number", optional=True, minimum=0, empty="does_not_apply"),
    ),
    "trials.csv": (
        Column("participant"),
        Column("arm"),
        Column("position", "integer", minimum=1),
        Column("image"),
        Column("image_set"),
        Column("true_class"),
        Column("predicted_class"),
        Column("probability", "number", minimum=0, maximum=1),
        _flag("prediction_correct"),
        Column("method", optional=True, empty="does_not_apply"),
        Column("explanation", optional=True, empty="does_not_apply"),
        _flag("agreed", optional=True),
        Column("sureness", "integer", optional=True),
        Column("response_time_ms", "number", optional=True, minimum=0),
        Column("server_seconds", "number", optional=True, minimum=0),
        Column("answered_at", "datetime", optional=True),
    ),
    "answers.csv": (
        Column("participant"),
        Column("arm"),
        Column("questionnaire"),
        Column("item"),
        Column("value", optional=True),
        Column("response_time_ms", "number", optional=True, minimum=0),
        Column("answered_at", "datetime", optional=True),
        _late("page"),
        _late("shown_at", "integer", 1),
        _late("part"),
    ),
    "codebook.csv": (
        Column("file"),
        Column("column"),
        Column("item", optional=True),
        Column("label", optional=True),
        Column("type", values=CODEBOOK_TYPES),
        Column("minimum", "number", optional=True),
        Column("maximum", "number", optional=True),
        Column("values", optional=True),
        Column("questionnaire", optional=True),
        Column("scale", optional=True),
        Column("reversed", "integer", optional=True, values=("0", "1")),
        Column("wording", optional=True, values=("own", "verbatim")),
        Column("source", optional=True),
        _late("construct"),
        _late("licence"),
        _late("language"),
        Column("score", optional=True, values=("mean", "sum"), late=True),
        Column("minimum_answered", "number", True, 0, 1, late=True),
    ),
}
