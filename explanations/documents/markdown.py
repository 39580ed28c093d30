"""Tables in Markdown, for the pages that are written from the code."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table without a line break at its end, or an empty text if there are no rows."""
    lines = [_row(cells) for cells in rows]
    if not lines:
        return ""
    return "\n".join([_row(header), _row(["---"] * len(header)), *lines])


def _row(cells: Sequence[str]) -> str:
    # A cell is one line; a bar would start another column.
    one_line = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(one_line) + " |"
