"""Texts that participants wrote, each of which a person must read before it is released."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from analysis.release.csv_tables import CsvTable
from analysis.study_data.columns import FILES
from analysis.study_data.formulas import unguarded

ANSWERS = ("answers.csv", "block_answers.csv", "not_allocated_answers.csv")
TRIALS = ("trials.csv", "practice.csv")
WRITTEN = ("text", "short_text")
OWN = frozenset(
    {*(column.name for column in FILES["trials.csv"]), "condition", "part", "task", "map_classes"}
)
"""Columns of trials.csv that are texts, but none that a participant wrote."""


@dataclass(frozen=True)
class FreeText:
    """A text that at least one participant wrote, with the question that it answers."""

    digest: str
    question: str
    text: str


def digest_of(text: str) -> str:
    """Return the key under which a text is passed. Equal texts have equal keys."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def free_texts(tables: Mapping[str, CsvTable]) -> list[FreeText]:
    """Return every text that a participant wrote, each once, in the order of the tables."""
    labels = {row["item"] or row["column"]: row["label"] for row in tables["codebook.csv"].rows}
    texts: dict[str, FreeText] = {}
    for _, column, row in cells(tables):
        text = unguarded(row[column])
        question = row["item"] if column == "value" else column
        entry = FreeText(digest_of(text), labels.get(question) or question, text)
        texts.setdefault(entry.digest, entry)
    return list(texts.values())


def without_texts(
    tables: Mapping[str, CsvTable], passed: Collection[str]
) -> tuple[dict[str, CsvTable], Mapping[str, int]]:
    """Return the tables without the texts that were not passed, and their number by file."""
    withheld: dict[str, set[tuple[int, str]]] = {}
    for file, column, row in cells(tables):
        if digest_of(unguarded(row[column])) not in passed:
            withheld.setdefault(file, set()).add((id(row), column))
    changed = dict(tables)
    for file, places in withheld.items():
        table = tables[file]
        rows = (
            {name: "" if (id(row), name) in places else text for name, text in row.items()}
            for row in table.rows
        )
        changed[file] = CsvTable(table.columns, tuple(rows))
    return changed, {file: len(places) for file, places in withheld.items()}


def cells(tables: Mapping[str, CsvTable]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield file, column and row of each cell with a text that a participant wrote."""
    codebook = tables["codebook.csv"].rows
    items = {(row["questionnaire"], row["item"]) for row in codebook if row.get("kind") in WRITTEN}
    for file in ANSWERS:
        for row in tables[file].rows if file in tables else ():
            if (row["questionnaire"], row["item"]) in items and row["value"]:
                yield file, "value", row
    for file in TRIALS:
        if file not in tables:
            continue
        columns = [
            row["column"]
            for row in codebook
            if row["file"] == file and row["type"] == "text" and row["column"] not in OWN
        ]
        for row in tables[file].rows:
            for column in columns:
                if row.get(column):
                    yield file, column, row
