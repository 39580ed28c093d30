"""Small cells: people who share their quasi-identifiers with fewer than k others."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from analysis.release.checking.column_names import describes_people, names_people, normalised
from analysis.release.checking.documents import TextTable
from analysis.release.checking.findings import Finding

ITEM = ("item", "question", "variable", "question id", "item id")
VALUE = ("value", "answer", "response")
OPTION = ("response no", "option", "choice", "option no")
CHECKED = ("checked", "selected", "ticked")
"""Columns of a table with a row per option of an answer, which is 1 where the option was taken."""
Person = tuple[str, ...]


def small_cells(
    file: str, table: TextTable, k: int, declared: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a finding if a combination of quasi-identifiers is shared by fewer than k people.

    Quasi-identifiers are the columns, or the items of a table with a row per answer, that are
    declared or have a usual name, such as age. People without any of the values are not counted.
    """
    columns, people = _people(table, declared)
    if not columns:
        return
    classes = Counter(person for person in people if any(person))
    small = {values: count for values, count in classes.items() if count < k}
    if small:
        yield Finding(
            file,
            "small cell",
            f"{sum(small.values())} of {classes.total()} people are in classes of fewer than {k} "
            f"by {', '.join(columns)}; the smallest class has {min(small.values())}.",
            column=_inside(table, " + ".join(columns)),
            count=1,
        )


def smallest_class(people: Collection[Person]) -> int:
    """Return the size of the smallest class of equal people, or 0 without people."""
    return min(Counter(people).values(), default=0)


def _people(table: TextTable, declared: Collection[str]) -> tuple[list[str], list[Person]]:
    """Return the quasi-identifiers of the table, and their values of each person."""
    places = {normalised(name): place for place, name in enumerate(table.columns)}
    person = next((p for p, name in enumerate(table.columns) if names_people(name)), None)
    item = next((places[name] for name in ITEM if name in places), None)
    value = next((places[name] for name in VALUE if name in places), None)
    if person is not None and item is not None:
        option = next((places[name] for name in OPTION if name in places), None)
        checked = next((places[name] for name in CHECKED if name in places), None)
        if value is None and option is not None and checked is not None:
            taken = [row for row in table.rows if row[checked] not in ("", "0")]
            return _from_answers(replace(table, rows=taken), person, item, option, declared)
        if value is not None:
            return _from_answers(table, person, item, value, declared)
    chosen = [p for p, name in enumerate(table.columns) if _is_one(name, declared)]
    # Quasi-identifiers of a table about something else, such as ages of words, have no person.
    if not chosen or (person is None and len(table.rows) < 2):
        return [], []
    rows: dict[str, Person] = {}
    for number, row in enumerate(table.rows):
        key = row[person] if person is not None else str(number)
        rows.setdefault(key, tuple(row[place].strip() for place in chosen))
    return [table.columns[place] for place in chosen], list(rows.values())


def _from_answers(
    table: TextTable, person: int, item: int, value: int, declared: Collection[str]
) -> tuple[list[str], list[Person]]:
    items = sorted({row[item] for row in table.rows if _is_one(row[item], declared)})
    given: dict[str, dict[str, str]] = {}
    for row in table.rows:
        if row[item] in items:
            answers = given.setdefault(row[person], {})
            # An item that was asked twice describes a person by both answers.
            answers[row[item]] = f"{answers.get(row[item], '')}\x1f{row[value]}".strip("\x1f")
    return items, [tuple(answers.get(name, "") for name in items) for answers in given.values()]


def _is_one(name: str, declared: Collection[str]) -> bool:
    return name in declared or describes_people(name)


def _inside(table: TextTable, column: str) -> str:
    return f"{table.name}: {column}" if table.name else column
