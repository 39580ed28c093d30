"""Check of the finished report, whose printed numbers are read as text and compared."""

import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

from analysis.reproduction.statcheck import inconsistent, printed_tests

SILENT = ("style", "script", "svg", "title", "head")
INTERVAL = re.compile(r"\[([-\d.]+)%?, ([-\d.]+)%?\]")
PROBABILITIES = ("p", "p of upper", "Adjusted p")
"""Headings of columns that may precede an interval without being its estimate."""
NUMBER = re.compile(r"-?\d*\.?\d+")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
"""The comma in 13,599.08; a comma between two numbers is followed by a space."""


@dataclass(frozen=True)
class PageCheck:
    """Number of tests and intervals on the page, and one sentence per wrong number."""

    tests: int
    intervals: int
    problems: tuple[str, ...]


@dataclass
class Row:
    """A table row: its cells as text, and whether a cell spans several columns."""

    cells: list[str] = field(default_factory=list)
    spans: bool = False


def check_page(html: str) -> PageCheck:
    """Check the tests and intervals of a page.

    These are every 'F(2, 17.13) = 5.18, p = .017' in the text, every table row with statistic, df
    and p, and every interval next to its estimate.
    """
    page = _Page(html)
    # Escaped again, or `inconsistent` would take "p < .001 … p > .05" for a tag.
    text = escape("\n".join(page.paragraphs), quote=False)
    problems = [test.sentence for test in inconsistent(text)]
    tests, intervals = len(list(printed_tests(text))), 0
    for caption, head, rows in page.tables:
        for row in rows:
            # Rows with merged cells contain a reason instead of numbers.
            if row.spans or len(row.cells) != len(head):
                continue
            for line in _tests_of(head, row.cells):
                tests += 1
                wrong = inconsistent(escape(line, quote=False))
                problems += [
                    f"Table “{caption}”, {row.cells[0]}: {test.sentence}" for test in wrong
                ]
            for name, value, cell in zip(head, row.cells, row.cells[1:], strict=False):
                interval = INTERVAL.fullmatch(cell)
                if interval is None or name in PROBABILITIES:
                    continue
                intervals += 1
                if not _holds(interval, value):
                    problems.append(
                        f"Table “{caption}”, {row.cells[0]}: {cell} does not contain {value}."
                    )
    return PageCheck(tests, intervals, tuple(problems))


def _tests_of(head: list[str], cells: list[str]) -> list[str]:
    """Return the row's tests as text.

    A test is a column "Statistic", then "df", then "p".
    """
    lines = []
    for place in range(len(head) - 2):
        if head[place : place + 3] != ["Statistic", "df", "p"]:
            continue
        statistic, df, p = cells[place : place + 3]
        symbol, _, value = statistic.partition(" = ")
        if not value:
            continue  # a dash means that the test is missing
        brackets = f"({df})" if NUMBER.search(df) else ""
        lines.append(f"{symbol}{brackets} = {value}, p {p if p[0] in '<>' else f'= {p}'}")
    return lines


def _holds(interval: "re.Match[str]", value: str) -> bool:
    number = NUMBER.search(value.rpartition("=")[2])
    return number is not None and float(interval[1]) <= float(number[0]) <= float(interval[2])


class _Page(HTMLParser):
    """Parser that collects text by paragraph, and tables as caption, headings and rows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self.tables: list[tuple[str, list[str], list[Row]]] = []
        self._text: list[str] = []
        self._silent = 0
        self._row = Row()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        elif tag == "table":
            self.tables.append(("", [], []))
        elif tag == "tr":
            self._row = Row()
        elif tag in ("th", "td", "caption", "p", "li", "dd", "dt", "h1", "h2", "h3"):
            self._text = []
            self._row.spans |= any(name == "colspan" for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        # Numbers are compared in ASCII, as the minus sign and thousands commas are typography.
        text = " ".join("".join(self._text).replace("\N{MINUS SIGN}", "-").split())
        text = THOUSANDS.sub("", text)
        if tag in SILENT:
            self._silent -= 1
        elif tag == "caption":
            _, head, rows = self.tables[-1]
            self.tables[-1] = (text, head, rows)
        elif tag in ("th", "td"):
            self._row.cells.append(text)
        elif tag == "tr" and self.tables:
            _, head, rows = self.tables[-1]
            if head:
                rows.append(self._row)
            else:
                head.extend(self._row.cells)
        elif tag in ("p", "li", "dd", "h1", "h2", "h3"):
            self.paragraphs.append(text)
            self._text = []

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)
