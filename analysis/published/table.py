"""The table of a published study as Markdown: written after a comparison, and read again.

Nothing here computes, so that pages can show a table without loading the analysis.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.published.verdicts import Verdict

if TYPE_CHECKING:
    from analysis.published.study import PublishedStudy

TABLE = "reproduction.md"
_NOTHING = "–"
_COLUMNS = "| number | place | printed | recomputed | verdict |"
_BETWEEN = re.compile(r"(?<!\\) \| ")
"""Between two cells: a bar that is not part of a text."""


@dataclass(frozen=True)
class Comparison:
    """A printed number with its verdict.

    `recomputed` has two more decimals than `printed`, and is empty if nothing was recomputed.
    `reason` is the cause of a slip, or why the number cannot be recomputed.
    """

    claim: str
    place: str
    printed: str
    recomputed: str
    verdict: Verdict
    reason: str


def counts(compared: Sequence[Comparison]) -> str:
    """Return how many numbers have each verdict, such as "48 equal, 2 rounding slip"."""
    number = Counter(row.verdict for row in compared)
    return ", ".join(f"{number[verdict]} {verdict}" for verdict in Verdict if number[verdict])


def table_text(study: "PublishedStudy", compared: Sequence[Comparison]) -> str:
    """Return the table as Markdown, with the study's source above it."""
    lines = [
        f"# {study.title}",
        "",
        f"{study.citation} Paper: <{study.paper}>. Data: <{study.data}>, licence: {study.licence}.",
        f"{study.numbers_from}",
        "",
        f"{len(compared)} printed numbers: {counts(compared)}. This table is written by",
        "`manage.py reproduce_published` from `study.toml`.",
        "",
        _COLUMNS,
        "|---|---|---|---|---|",
    ]
    for row in compared:
        verdict = f"{row.verdict}: {row.reason}" if row.reason else str(row.verdict)
        cells = (row.claim, row.place, row.printed, row.recomputed or _NOTHING, verdict)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def read_table(text: str) -> tuple[Comparison, ...]:
    """Return the comparisons in a table that `table_text` wrote. Return none without a table."""
    _, _, rows = text.partition(f"{_COLUMNS}\n")
    return tuple(_read_row(line) for line in rows.splitlines()[1:])


def _read_row(line: str) -> Comparison:
    cells = _BETWEEN.split(line.removeprefix("| ").removesuffix(" |"))
    claim, place, printed, value, said = (cell.replace("\\|", "|") for cell in cells)
    verdict, _, reason = said.partition(": ")
    recomputed = "" if value == _NOTHING else value
    return Comparison(claim, place, printed, recomputed, Verdict(verdict), reason)
