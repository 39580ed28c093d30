"""The codebook: a row for each column of each table, and for each item of each questionnaire."""

from collections.abc import Mapping

from surveys import questionnaires
from surveys.exporting.cells import Cell
from surveys.exporting.columns import TABLES, Column
from surveys.questionnaires.base import Item, Questionnaire
from surveys.studyfile import StudyFile

OWN_COLUMNS = {
    "file": "File that the row describes",
    "column": "Column that the row describes",
    "item": "Item that the row describes; empty where it describes a whole column",
    "label": "Meaning of the column, or text of the item",
    "type": "integer, number, text, category or datetime",
    "minimum": "Smallest possible value",
    "maximum": "Largest possible value",
    "values": "Codes and their meaning, as code=meaning; code=meaning",
    "questionnaire": "Questionnaire of the item",
    "scale": "Scale whose score the item enters",
    "reversed": "1 where the analysis turns the item before scoring",
    "wording": "own, or verbatim from the source",
    "source": "Origin of the construct and the wording",
}
CodebookRow = dict[str, Cell]


def codebook(study: StudyFile) -> list[CodebookRow]:
    """Every row; each has all of OWN_COLUMNS, empty text where it has nothing to say."""
    columns = [_column_row(file, column) for file, own in TABLES.items() for column in own]
    itself = [
        _row(file="codebook.csv", column=name, label=label, type=_own_type(name))
        for name, label in OWN_COLUMNS.items()
    ]
    asked = [questionnaires.get(key) for key in (*study.before, *study.after)]
    items = [_item_row(page, item) for page in asked for item in page.items]
    return columns + itself + items


def _own_type(column: str) -> str:
    return {"minimum": "number", "maximum": "number", "reversed": "integer"}.get(column, "text")


def _column_row(file: str, column: Column) -> CodebookRow:
    return _row(
        file=file,
        column=column.name,
        label=column.label,
        type=column.type,
        minimum=column.minimum,
        maximum=column.maximum,
        values=_values(column.values or {}),
    )


def _item_row(questionnaire: Questionnaire, item: Item) -> CodebookRow:
    points = [int(value) for value in item.values] if item.is_number else []
    return _row(
        file="answers.csv",
        column="value",
        item=item.id,
        label=item.text,
        type="integer" if points else "category" if item.values else "text",
        minimum=min(points, default=None),
        maximum=max(points, default=None),
        values=_values(item.values),
        questionnaire=questionnaire.id,
        scale=item.subscale,
        reversed=item.reversed if item.kind == "scale" else None,
        wording=questionnaire.wording,
        source=questionnaire.source,
    )


def _values(values: Mapping[str, str]) -> str:
    return "; ".join(f"{value}={label}" for value, label in values.items() if label)


def _row(**cells: Cell) -> CodebookRow:
    return {name: "" if cells.get(name) is None else cells[name] for name in OWN_COLUMNS}
