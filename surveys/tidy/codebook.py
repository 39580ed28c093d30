"""The codebook, with a row for each column of each table and each item of each questionnaire."""

from collections.abc import Mapping

from surveys import questionnaires
from surveys.questionnaires.base import Item, Questionnaire
from surveys.study_file.declaration import StudyFile
from surveys.tidy.cells import Cell
from surveys.tidy.codebook_columns import OWN_COLUMNS
from surveys.tidy.columns import Column
from surveys.tidy.tables import tables

CodebookRow = dict[str, Cell]


def column_row(
    file: str,
    name: str,
    label: str,
    kind: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    values: Mapping[str, str] | None = None,
) -> CodebookRow:
    """Return the codebook's row of a column."""
    return _row(
        file=file,
        column=name,
        label=label,
        type=kind,
        minimum=minimum,
        maximum=maximum,
        values=_values(values or {}),
    )


def codebook(study: StudyFile, blinded: bool = False) -> list[CodebookRow]:
    """Return all rows of the codebook.

    Each row has every key of OWN_COLUMNS, with an empty text where the key does not apply.
    ``blinded`` leaves out the columns and files that reveal arms.
    """
    described = tables(study, blinded).items()
    columns = [
        _column_row(file, column)
        for file, described_columns in described
        for column in described_columns
    ]
    # The codebook describes its own columns, too, so that no file needs another explanation.
    itself = [
        _row(file="codebook.csv", column=name, label=label, type=own_type(name))
        for name, label in OWN_COLUMNS.items()
    ]
    asked = [questionnaires.get(key) for key in study.questionnaires]
    return columns + itself + [row for page in asked for row in item_rows(page)]


def item_rows(questionnaire: Questionnaire) -> list[CodebookRow]:
    """Return a row for each item, in the order of the questionnaire's file."""
    return [_item_row(questionnaire, item) for item in questionnaire.items]


def own_type(column: str) -> str:
    """Return the type of one of the codebook's own columns."""
    numbers = {"minimum": "number", "maximum": "number", "minimum_answered": "number"}
    return {**numbers, "reversed": "integer"}.get(column, "text")


def _column_row(file: str, column: Column) -> CodebookRow:
    return column_row(
        file,
        column.name,
        column.label,
        column.type,
        minimum=column.minimum,
        maximum=column.maximum,
        values=column.values,
    )


def _item_row(questionnaire: Questionnaire, item: Item) -> CodebookRow:
    # The translations are listed, too: answers in all languages are pooled under one item.
    low, high = item.bounds or (None, None)
    subscale = questionnaire.subscales.get(item.subscale)
    return _row(
        file="answers.csv",
        column="value",
        item=item.id,
        label=item.text,
        type=_type(item),
        minimum=low,
        maximum=high,
        values=_values(_meanings(item)),
        questionnaire=questionnaire.id,
        scale=item.subscale,
        reversed=item.reversed if item.kind in ("scale", "slider") else None,
        wording=questionnaire.wording,
        source=questionnaire.source,
        construct=questionnaire.construct,
        licence=questionnaire.licence,
        language=questionnaire.language,
        translations=_translations(questionnaire, item.id),
        kind=item.kind,
        score=subscale.score if subscale else None,
        minimum_answered=subscale.minimum_answered if subscale else None,
        order="random" if questionnaire.shuffled else "fixed",
        sha256=questionnaires.sha256(questionnaire.id),
    )


def _type(item: Item) -> str:
    if item.bounds is not None:
        return "number" if item.range is not None and item.range.decimals else "integer"
    return "category" if item.kind == "choice" else "text"


def _meanings(item: Item) -> Mapping[str, str]:
    """Return the answers that have a label, by stored value."""
    if item.kind == "slider" and item.scale is not None:
        return {str(point): label for point, label in item.scale.anchors.items()}
    return item.values


def _translations(questionnaire: Questionnaire, key: str) -> str:
    texts = {
        code: next(item.text for item in other.items if item.id == key)
        for code, other in questionnaire.translations.items()
    }
    return "; ".join(f"{code}: {text}" for code, text in texts.items())


def _values(values: Mapping[str, str]) -> str:
    return "; ".join(f"{value}={label}" for value, label in values.items() if label)


def _row(**cells: Cell) -> CodebookRow:
    return {name: "" if cells.get(name) is None else cells[name] for name in OWN_COLUMNS}
