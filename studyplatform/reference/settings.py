"""The reference of the settings, from the example of the file .env."""

from collections.abc import Iterator
from pathlib import Path

from explanations.documents.markdown import table
from studyplatform.reference.markdown import code, page


def write(example: Path) -> str:
    """Return the page of the settings that the file ``example`` lists, with its comments."""
    rows = _settings(example.read_text(encoding="utf-8"))
    return page(
        "Settings",
        "Settings are variables of the environment, or lines of a file `.env` in the project's "
        "folder; the environment wins. [Running the platform on a server](../operators.md) "
        "explains the ones that every server needs.",
        table(("setting", "meaning", "example"), rows),
    )


def _settings(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield each setting with the comment above it, and the value that the example gives it.

    Settings below one comment share it.
    """
    comment: list[str] = []
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line.lstrip("# "))
        elif "=" in line:
            name, _, value = line.partition("=")
            yield code(name), " ".join(comment), code(value)
        elif not line.strip():
            comment = []
