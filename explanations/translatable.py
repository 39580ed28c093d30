"""Marks for the texts in Django-free code that people read, which are English there and translated
on the page."""

from collections.abc import Callable

Say = Callable[[str], str]
"""Translation from English into the reader's language. ``str`` leaves the text unchanged."""


def gettext_noop(text: str) -> str:
    """Return the text unchanged. The function's name marks it for translators
    (docs/languages.md)."""
    return text
