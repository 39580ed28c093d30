"""Wide rows, with a column per item or trial, as a row for each item or trial."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.plan.tables import SourceTable
from analysis.plan.wide_patterns import Pattern, read_pattern


@dataclass(frozen=True)
class WideRow:
    """What each row of the file becomes once: values that are fixed, and columns that differ.

    `values` contains the values in braces by our column, `columns` their column by ours.
    """

    values: Mapping[str, str]
    columns: Mapping[str, str]


def is_wide(table: SourceTable) -> bool:
    """Return whether a row of the file contains several answers or trials."""
    return bool(table.items or table.wide)


def wide_rows(table: SourceTable, header: Sequence[str]) -> tuple[list[WideRow], list[str]]:
    """Return the rows that a row of the file becomes, in the order of its columns, and problems."""
    if table.items:
        rows = [WideRow({"item": item}, {"value": theirs}) for item, theirs in table.items.items()]
        return rows, []
    patterns = {ours: read_pattern(text) for ours, text in table.wide.items()}
    found: dict[tuple[str, ...], dict[str, str]] = {}
    names: tuple[str, ...] = ()
    used = set(table.named_columns)
    problems = []
    for ours, pattern in patterns.items():
        if pattern is None:  # the plan's rules have refused it
            continue
        names = names or pattern.names
        fitting = {
            column: values
            for column in header
            if column not in used and (values := pattern.values(column)) is not None
        }
        for column, values in fitting.items():
            found.setdefault(tuple(values[name] for name in names), {})[ours] = column
        if not fitting:
            problems.append(
                f"{table.file}: no column has a name like {pattern.text!r}, as wide asks. It has "
                f"{', '.join(map(repr, header))}. Correct the pattern in the plan."
            )
    if problems:
        return [], problems
    rows = [WideRow(dict(zip(names, key, strict=True)), found[key]) for key in found]
    return rows, [problem for row in rows for problem in _incomplete(row, patterns, table)]


def _incomplete(
    row: WideRow, patterns: Mapping[str, Pattern | None], table: SourceTable
) -> Iterator[str]:
    """Yield a sentence per pattern without the column that belongs to the row's other columns."""
    for ours, pattern in patterns.items():
        if pattern is not None and ours not in row.columns:
            other = next(iter(row.columns.values()))
            yield (
                f"{table.file} has the column {other!r}, but not "
                f"{pattern.with_values(row.values)!r}, which belongs to it by wide. If {other!r} "
                'is another column, list the values in the pattern, as in "{image=cat|dog}".'
            )
