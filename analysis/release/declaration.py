"""What a study declares about its release: the table [release] of the study file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from analysis.toml.value_types import OneOf, Stripped, Words

LICENCES: Mapping[str, str] = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "ODbL-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "PDDL-1.0": "https://opendatacommons.org/licenses/pddl/1-0/",
}
"""URL by SPDX identifier of each licence that a release can have."""
Rights = Literal["unknown", "patients", "licensed", "open"]
Licence = Annotated[str, OneOf(("", *LICENCES))]


@dataclass(frozen=True)
class QuasiIdentifier:
    """A question that describes a person, or the column ``language`` of participants.csv.

    ``bands`` are widths of bands for numbers, each a multiple of the one before. ``groups`` maps a
    new answer to the answers that it replaces. Values are coarsened only as far as needed.
    """

    item: Words
    bands: tuple[Annotated[float, Gt(0)], ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Author:
    """An author of the data."""

    name: Words
    orcid: Stripped = ""
    affiliation: Stripped = ""


@dataclass(frozen=True)
class Release:
    """The declaration of a release.

    At least ``k`` people share each combination of quasi-identifiers. Without a list, these are
    the language and every single question with a choice or a number as its answer.
    ``suppress_at_most`` is the largest share of people whose quasi-identifiers may be withheld
    before a whole question is withheld. ``pictures`` are the rights to the images: only those that
    are "open" are released, under ``pictures_licence``.
    """

    k: Annotated[int, Ge(2), Le(1000)] = 5
    licence: Licence = ""
    authors: tuple[Author, ...] = ()
    keywords: tuple[Words, ...] = ()
    funder: Stripped = ""
    article: Stripped = ""
    quasi_identifiers: tuple[QuasiIdentifier, ...] = ()
    suppress_at_most: Annotated[float, Ge(0), Le(1)] = 0.1
    pictures: Rights = "unknown"
    pictures_licence: Stripped = ""


def problems_of(release: Release) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the place and a sentence for each rule that the declaration breaks."""
    problems: list[tuple[tuple[str | int, ...], str]] = []
    seen: set[str] = set()
    for number, entry in enumerate(release.quasi_identifiers):
        place = ("quasi_identifiers", number)
        named = f"the quasi-identifier {entry.item!r}"
        if entry.item in seen:
            problems.append(((*place, "item"), f"{named} is listed twice. Remove one entry."))
        seen.add(entry.item)
        if entry.bands and entry.groups:
            said = f"{named} has bands and groups. Numbers have bands, choices have groups."
            problems.append(((*place, "bands"), said))
        for narrow, wide in zip(entry.bands, entry.bands[1:], strict=False):
            # Bands that cut across narrower ones would not contain them.
            if wide <= narrow or abs(wide / narrow - round(wide / narrow)) > 1e-9:
                said = f"{named}: the band {wide:g} is not a multiple of {narrow:g}. Use 5, 10, 20."
                problems.append(((*place, "bands"), said))
        replaced = [value for values in entry.groups.values() for value in values]
        if twice := sorted({value for value in replaced if replaced.count(value) > 1}):
            said = f"{named}: {twice[0]!r} is in two groups. Leave it in one."
            problems.append(((*place, "groups"), said))
    if release.pictures == "open" and not release.pictures_licence:
        said = 'pictures = "open" needs pictures_licence: the licence under which they are open.'
        problems.append((("pictures",), said))
    return problems
