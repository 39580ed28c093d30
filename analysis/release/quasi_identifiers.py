"""The answers that describe people, found in the tidy tables and coarsened there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.errors import ReleaseError
from analysis.release.anonymity import Anonymised, anonymise
from analysis.release.csv_tables import CsvTable, Row
from analysis.release.declaration import QuasiIdentifier, Release
from analysis.release.free_texts import ANSWERS
from analysis.release.hierarchies import (
    BETWEEN,
    WITHHELD,
    Hierarchy,
    Level,
    exact,
    of_groups,
    of_numbers,
    usual_widths,
)

LANGUAGE = "language"
PEOPLE = "participants.csv"
DESCRIBING = ("choice", "multiple", "number")
"""Kinds of single questions that usually describe a person. Ratings do not."""


@dataclass(frozen=True)
class Coarsened:
    """The tables with coarsened answers, and how each quasi-identifier was coarsened."""

    tables: dict[str, CsvTable]
    levels: Mapping[str, Level]
    people: int
    suppressed: int
    smallest: int
    changed: int


def chosen(release: Release, tables: Mapping[str, CsvTable]) -> tuple[QuasiIdentifier, ...]:
    """Return the declared quasi-identifiers or, without any, the usual ones of these tables."""
    if release.quasi_identifiers:
        known = {row["item"] for row in tables["codebook.csv"].rows} | {LANGUAGE}
        for entry in release.quasi_identifiers:
            if entry.item not in known:
                raise ReleaseError(
                    [
                        f"The quasi-identifier {entry.item!r} is not a question of this study. "
                        "Name an item of its questionnaires, or language."
                    ]
                )
        return release.quasi_identifiers
    items = dict.fromkeys(
        row["item"]
        for row in tables["codebook.csv"].rows
        if row.get("kind") in DESCRIBING and not row["scale"]
    )
    return (QuasiIdentifier(LANGUAGE), *(QuasiIdentifier(item) for item in items))


def with_coarse_answers(release: Release, tables: Mapping[str, CsvTable]) -> Coarsened:
    """Return the tables in which at least k people share each combination of quasi-identifiers.

    People who were asked none of the questions have only a language, which is withheld. Raises
    ReleaseError if k cannot be reached.
    """
    entries = chosen(release, tables)
    answers = _answers(tables, [entry.item for entry in entries])
    people = sorted(answers.of_person)
    languages = {row["participant"]: row.get(LANGUAGE, "") for row in tables[PEOPLE].rows}
    # A study in a single language tells nobody from others by it.
    known = answers.items | ({LANGUAGE} if len(set(languages.values())) > 1 else set())
    items = [entry for entry in entries if entry.item in known]
    if not people:  # no such question: the language alone may describe people
        people = sorted(languages)
    exact_values = [
        tuple(
            languages.get(person, "")
            if entry.item == LANGUAGE
            else answers.of_person.get(person, {}).get(entry.item, "")
            for entry in items
        )
        for person in people
    ]
    hierarchies = [_hierarchy(entry, tables["codebook.csv"]) for entry in items]
    result = anonymise(exact_values, hierarchies, release.k, release.suppress_at_most)
    suppressed = {people[place] for place in result.suppressed}
    levels = {entry.item: level for entry, level in zip(items, result.levels, strict=True)}
    changed = _rewritten(tables, levels, suppressed, set(people))
    counted = sum(
        before != after
        for file in (*ANSWERS, PEOPLE)
        if file in tables
        for before, after in zip(tables[file].rows, changed[file].rows, strict=True)
    )
    return Coarsened(
        changed, levels, len(people), len(suppressed), _smallest(result, exact_values), counted
    )


def _smallest(result: Anonymised, people: Sequence[tuple[str, ...]]) -> int:
    return result.smallest if people and result.levels else 0


@dataclass(frozen=True)
class _Answers:
    of_person: Mapping[str, Mapping[str, str]]
    items: frozenset[str]


def _answers(tables: Mapping[str, CsvTable], items: Sequence[str]) -> _Answers:
    given: dict[str, dict[str, str]] = {}
    for file in ANSWERS:
        for row in tables[file].rows if file in tables else ():
            if row["item"] in items:
                answers = given.setdefault(row["participant"], {})
                earlier = answers.get(row["item"])
                value = row["value"]
                answers[row["item"]] = value if earlier is None else f"{earlier}{BETWEEN}{value}"
    return _Answers(given, frozenset(item for answers in given.values() for item in answers))


def _hierarchy(entry: QuasiIdentifier, codebook: CsvTable) -> Hierarchy:
    if entry.groups:
        return of_groups(entry.item, entry.groups)
    row = next((row for row in codebook.rows if row["item"] == entry.item), None)
    is_number = row is not None and row.get("kind") == "number"
    if row is None or not (is_number or entry.bands):
        return exact(entry.item)
    low, high = (float(row[name]) if row[name] else None for name in ("minimum", "maximum"))
    return of_numbers(entry.item, entry.bands or usual_widths(low, high), low, high)


def _rewritten(
    tables: Mapping[str, CsvTable],
    levels: Mapping[str, Level],
    suppressed: set[str],
    people: set[str],
) -> dict[str, CsvTable]:
    def answer(row: Row) -> Row:
        level = levels.get(row["item"])
        if level is None:
            return row
        withheld = row["participant"] in suppressed
        return row | {"value": WITHHELD if withheld else level.of(row["value"])}

    def person(row: Row) -> Row:
        if LANGUAGE not in levels or LANGUAGE not in row:
            return row
        withheld = row["participant"] in suppressed or row["participant"] not in people
        return row | {LANGUAGE: WITHHELD if withheld else levels[LANGUAGE].of(row[LANGUAGE])}

    changed = dict(tables)
    for file in ANSWERS:
        if file in tables:
            table = tables[file]
            changed[file] = CsvTable(table.columns, tuple(map(answer, table.rows)))
    table = tables[PEOPLE]
    changed[PEOPLE] = CsvTable(table.columns, tuple(map(person, table.rows)))
    book = tables["codebook.csv"]
    rows = tuple(_described(row, levels.get(row["item"])) for row in book.rows)
    changed["codebook.csv"] = CsvTable(book.columns, rows)
    return changed


def _described(row: Row, level: Level | None) -> Row:
    """Return the codebook's row of an item with the level at which it is released."""
    if level is None or level.words == "as it is":
        return row
    changed = row | {"label": f"{row['label']} [released {level.words}]"}
    if level.words.startswith("in groups"):
        # The names of groups need not be numbers within the limits of the exact answers.
        changed |= {"type": "category", "minimum": "", "maximum": ""}
    return changed
