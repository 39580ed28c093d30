"""Texts of the pure code that people read: in English here, in their language on the page."""

from collections.abc import Callable

Say = Callable[[str], str]
"""From an English text to the text in the reader's language; ``str`` leaves it as it is."""


def gettext_noop(text: str) -> str:
    """The text itself: the name marks it for the translators (docs/languages.md)."""
    return text
