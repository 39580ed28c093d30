"""Tables and headings in Markdown."""

from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, or an empty text if there are no rows."""
    lines = [_row(cells) for cells in rows]
    if not lines:
        return ""
    return "\n".join([_row(header), _row(["---"] * len(header)), *lines])


def page(title: str, *blocks: str) -> str:
    """Return a page: its title, and its blocks separated by empty lines, without the empty ones."""
    return "\n\n".join([f"# {title}", *(block for block in blocks if block)]) + "\n"


def code(text: str) -> str:
    """Return the text as code, or nothing if it is empty."""
    return f"`{text}`" if text else ""


def sentence(docstring: str | None) -> str:
    """Return a docstring as running text in paragraphs, with its code marked as in Markdown."""
    paragraphs = (docstring or "").replace("``", "`").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _row(cells: Sequence[str]) -> str:
    # A cell is one line; a bar would start another column.
    one_line = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(one_line) + " |"
