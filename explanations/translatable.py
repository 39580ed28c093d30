"""Marks for texts of the pure code that people read: English here, translated on the page."""

from collections.abc import Callable

Say = Callable[[str], str]
"""Translation from English into the reader's language; ``str`` leaves the text unchanged."""


def gettext_noop(text: str) -> str:
    """Return the text unchanged; the function's name marks it for translators
    (docs/languages.md)."""
    return text
