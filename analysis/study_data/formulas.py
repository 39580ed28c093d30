"""Texts that a spreadsheet would run as a formula, in csv files and workbooks.

Such a text gets an apostrophe in front when it is written, and loses it when it is read. A text
that already has apostrophes in front of a formula gets one more, so that each text comes back as
it was.
"""

import re

# White space, and the full-width signs, do not stop a spreadsheet from running the formula.
FORMULA = re.compile(
    r"'*(?:[\s\0\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n\0])", re.DOTALL
)


def guarded(text: str) -> str:
    """Return the text with an apostrophe in front if a spreadsheet could run it as a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that ``guarded`` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text[1:]) else text
