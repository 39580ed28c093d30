"""Findings of the check, each with its place and its cure."""

from dataclasses import dataclass, field

CURES = {
    "platform id": "Remove it, or replace it by a random id that is used in this release only.",
    "e-mail address": "Remove it. Addresses of authors belong in CITATION.cff.",
    "IP address": "Remove it.",
    "place": "Remove it, or give the region instead of coordinates.",
    "phone number": "Remove it.",
    "name": "Withhold the text, or replace the name by a role, such as [the teacher].",
    "identifying column": "Remove the column.",
    "user agent": "Keep the family of the browser only, such as Firefox.",
    "exact time": "Count times from the participant's consent, or keep the month alone.",
    "small cell": "Use wider bands or groups, or withhold these people's values.",
    "picture metadata": "Save the picture without its EXIF data.",
    "unreadable": "Repair or remove the file; until then it has not been checked.",
}
"""Cure for the findings of each rule."""


@dataclass(frozen=True)
class Finding:
    """Something that may lead to a person.

    ``row`` counts data rows or lines from 1 and is 0 for a whole file or column. ``count`` is the
    number of cells of the column, or lines of the file, to which the rule applies.
    """

    file: str
    rule: str
    detail: str
    row: int = 0
    column: str = ""
    count: int = 1
    text: str = field(default="", repr=False, compare=False)
    """The text that was found, which is never printed."""

    @property
    def place(self) -> str:
        """Return the place as words: the file, and the row and column if there are any."""
        row = f", row {self.row}" if self.row else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{row}{column}"

    @property
    def sentence(self) -> str:
        """Return the finding with its place and its cure."""
        more = f" ({self.count} cells)" if self.count > 1 else ""
        return f"{self.place}: {self.rule}{more}: {self.detail} {CURES[self.rule]}"


def masked(text: str) -> str:
    """Return the beginning of a text, so that a printed finding does not repeat the leak."""
    shown = " ".join(text.split())
    return f"“{shown[:4]}…” ({len(shown)} characters)."
