"""What a release removes from a study's export, kind by kind, and what each removal costs."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """A kind of removal. Each is made on its own, to see which results depend on it."""

    IDENTIFIERS = "identifiers"
    TIMES = "times"
    QUASI_IDENTIFIERS = "quasi-identifiers"
    TEXTS = "free texts"
    DEVICES = "devices"
    NOTES = "notes of researchers"
    PICTURES = "pictures"
    STUDY_FILE = "study file"
    TABLES = "tables"


EVERY = frozenset(Kind)
MEANING: Mapping[Kind, str] = {
    Kind.IDENTIFIERS: (
        "Each participant has a new random identifier that occurs in this release only. Rows can "
        "be joined within the release, but not with any other data. The order of allocation is "
        "kept, because the ledger and the report need it: a recruitment service that knows the "
        "order of arrival could still recognise people by it."
    ),
    Kind.TIMES: (
        "Times are counted from each participant's consent, as if everybody had consented at "
        "midnight on 2000-01-01 (UTC). Durations and orders within a person are exact. When people "
        "took part, and whether effects of the season or the hour exist, can no longer be analysed."
    ),
    Kind.QUASI_IDENTIFIERS: (
        "Answers that describe a person are coarsened until enough people share each combination. "
        "Analyses that use these questions as covariates or subgroups give other numbers."
    ),
    Kind.TEXTS: (
        "What participants wrote is withheld, except for texts that a person has read and passed. "
        "Qualitative analyses need the original data."
    ),
    Kind.DEVICES: (
        "Sizes of browser windows are rounded to 400 pixels and the pixel ratio to whole numbers, "
        "and browsers are named by their family, because together they identify a device."
    ),
    Kind.NOTES: (
        "Reasons that researchers wrote about single participants, and the researchers' accounts, "
        "are withheld; days replace times. The exclusions themselves are applied as before."
    ),
    Kind.PICTURES: (
        "Pictures of the images, the names of their files, and drawn maps are withheld, because "
        "their rights are not declared as open."
    ),
    Kind.STUDY_FILE: (
        "The recruitment service's ids, addresses and completion codes, and addresses of people "
        "are removed from the study file, so that its hash differs from the recorded one."
    ),
    Kind.TABLES: "Tables that only repeat the answers of others are left out.",
}
"""A sentence on what is removed and what that costs, by kind."""


@dataclass(frozen=True)
class Removal:
    """Something that was removed or changed, with the number of cells or files that it concerns."""

    kind: Kind
    where: str
    words: str
    count: int
