"""The runs of pictures and of practice in a study file, as several sections of the editor show
them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from studyplatform.panel.editor.base import NEW, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.pages import described, in_parts
from studyplatform.panel.toml_edits import Change, Path, edited, read

SHORT: Path = (NEW, "trials")
"""The place of the fields in a file of the short form, which has no list of pages."""
USUAL_PRACTICE = {"right": 2, "wrong": 1}


@dataclass(frozen=True)
class Run:
    """A run of pictures: its place, its table, and the heading of its fields.

    ``shown`` is the place of the keys ``right`` and ``wrong``, and ``numbers`` their values, as far
    as the file has whole numbers there.
    """

    at: Path
    part: Mapping[str, Any]
    group: str
    shown: Path
    numbers: Mapping[str, int]

    @property
    def is_practice(self) -> bool:
        return self.part.get("kind") == "practice"


def runs(values: Values) -> Iterator[Run]:
    """Yield each run of pictures and of practice, in the order of the pages."""
    if "parts" not in values:
        images = values.get("images", {})
        numbers = _numbers(images if isinstance(images, dict) else {}, {})
        yield Run(SHORT, {}, gettext("Images"), ("images",), numbers)
        return
    for number, part in enumerate(tables(values, "parts")):
        if part.get("kind") in ("trials", "practice"):
            group = gettext("Page %(number)d: %(what)s") % {
                "number": number + 1, "what": described(part),
            }  # fmt: skip
            at: Path = ("parts", number)
            usual = USUAL_PRACTICE if part.get("kind") == "practice" else {}
            yield Run(at, part, group, at, _numbers(part, usual))


def _numbers(table: Mapping[str, Any], usual: Mapping[str, int]) -> dict[str, int]:
    found = {key: table.get(key, usual.get(key)) for key in ("right", "wrong")}
    return {key: number for key, number in found.items() if type(number) is int}


def in_list_of_pages(
    source: str, values: Values, changes: Sequence[Change]
) -> tuple[str, Values, list[Change]]:
    """Return the file, its values and the changes, none of which is below SHORT any longer.

    A change below SHORT writes the pages out as a list. All other changes are then made first,
    because [images] contains the numbers of pictures, which the list takes along.
    """
    below = [change for change in changes if change.path[:2] == SHORT]
    if not below:
        return source, values, list(changes)
    source = in_parts(edited(source, [change for change in changes if change not in below]))
    values = read(source)
    kinds = [part.get("kind") for part in tables(values, "parts")]
    at: Path = ("parts", kinds.index("trials"))
    return source, values, [Change((*at, *one.path[2:]), one.value) for one in below]


def write_in_runs(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    """Return the file with what was touched, where every field is a value of the file."""
    source, _values, changes = in_list_of_pages(source, values, touched(values, sent, entries))
    return edited(source, changes)
