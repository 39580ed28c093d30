"""Decides which tables fit half of the printed page, so that two are side by side."""

import re
from collections.abc import Collection, Iterator, Sequence
from html import unescape

COLUMN = 245.0
"""Points: width of a table in half of the page of print.css."""
LETTERS, GAP = 7.0, 4.5
"""Points: size of the letters in a printed table; padding at the left and right of a cell."""
NAME, TEXT = 46.0, 60.0
"""Points from which the names of rows and texts are wrapped."""
LINES = 3
"""Lines of a text at most."""
WIDTHS = {
    0.222: "ijl'’|", 0.278: " !,./:;I[]ft", 0.333: "()-r", 0.5: "Jckszvxy", 0.584: "+<=>−~",
    0.611: "FTZ", 0.667: "ABEKPSVXY&", 0.722: "CDHNRUw", 0.778: "GOQ", 0.833: "mM", 0.944: "W%",
}  # fmt: skip
"""Letters of Liberation Sans by their width, as a share of their size; digits and others: 0.556."""
OF_LETTERS = {letter: width for width, letters in WIDTHS.items() for letter in letters}
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)</\1>", re.DOTALL)
BREAK, TAG = re.compile(r"<br\s*/?>|(?=<span class=\"df-method\">)"), re.compile(r"<[^>]+>")


def fits_a_column(columns: Sequence[str], body: str, left: Collection[str] = ()) -> bool:
    """Return whether a table with these headings and rows of HTML fits a column without overflow.

    Headings, names of rows and the texts of the columns `left` are wrapped between words, texts to
    LINES lines; other cells stay in one line. Cells that span several columns are wrapped, too.
    """
    widths = [_longest_word(column) for column in columns]
    for row in ROW.findall(body):
        for place, width in _cells(row, columns, left):
            widths[place] = max(widths[place], width)
    return sum(widths) + GAP * len(columns) <= COLUMN


def _cells(row: str, columns: Sequence[str], left: Collection[str]) -> Iterator[tuple[int, float]]:
    """Yield the place and the least width of each cell."""
    for place, (kind, attributes, content) in enumerate(CELL.findall(row)):
        if "colspan" in attributes:  # all later cells have other places, and no numbers follow
            return
        if "<img" in content:
            yield place, COLUMN
            continue
        lines = [unescape(TAG.sub("", line)).strip() for line in BREAK.split(content)]
        whole = max(map(_width, lines))
        if kind == "th":
            yield place, max(min(whole, NAME), *map(_longest_word, lines))
        elif columns[place] in left or "reason" in attributes:
            yield place, max(min(whole, TEXT), whole / LINES, *map(_longest_word, lines))
        else:
            yield place, whole


def _longest_word(text: str) -> float:
    return max(map(_width, unescape(TAG.sub("", text)).split()), default=0.0)


def _width(text: str) -> float:
    return LETTERS * sum(OF_LETTERS.get(letter, 0.556) for letter in text)
