"""The gallery of published studies as the panel shows it, from the files in studies/published."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from analysis.published.table import TABLE, Comparison, read_table
from analysis.published.verdicts import Verdict

FILE = "study.toml"
VERDICTS: Mapping[Verdict, Promise] = {
    Verdict.EQUAL: _("equal"),
    Verdict.ROUNDING: _("rounding slip"),
    Verdict.SLIP: _("coding slip"),
    Verdict.DIFFERS: _("differs"),
    Verdict.UNKNOWN: _("not determinable"),
}
MEANINGS: Mapping[Verdict, Promise] = {
    Verdict.EQUAL: _("the recomputed number, rounded, has the printed digits"),
    Verdict.ROUNDING: _("it was cut, or differs by less than a unit of the last printed digit"),
    Verdict.SLIP: _("a named mistake gives the printed digits"),
    Verdict.DIFFERS: _("no mistake is known that gives the printed digits"),
    Verdict.UNKNOWN: _("the paper or its data do not say enough"),
}
TONES: Mapping[Verdict, str] = {
    Verdict.EQUAL: "good",
    Verdict.ROUNDING: "warn",
    Verdict.SLIP: "warn",
    Verdict.DIFFERS: "bad",
    Verdict.UNKNOWN: "",
}
"""The class that colours each verdict."""


@dataclass(frozen=True)
class Count:
    """How many printed numbers have a verdict, in words, with its name for forms and its class."""

    name: str
    words: str
    tone: str


@dataclass(frozen=True)
class PublishedStudy:
    """A study of the gallery: its source, its plans, and its printed numbers with their verdicts.

    ``plans`` are the names of the plans' files. ``has_data`` tells whether the data come with the
    gallery.
    """

    name: str
    title: str
    citation: str
    paper: str
    data: str
    licence: str
    fetch: str
    numbers_from: str
    plans: Sequence[str]
    has_data: bool
    compared: Sequence[Comparison]

    @property
    def counts(self) -> list[Count]:
        """Return the verdicts that printed numbers of the study have, with their numbers."""
        numbers = {
            verdict: sum(row.verdict is verdict for row in self.compared) for verdict in Verdict
        }
        return [
            Count(verdict.name.lower(), _counted(verdict, number), TONES[verdict])
            for verdict, number in numbers.items()
            if number
        ]

    @property
    def report(self) -> Path:
        """Return where the shipped report on the study is, if there is one."""
        folder: Path = settings.BASE_DIR
        return folder / "docs" / "examples" / self.name / "report.html"

    @property
    def has_report(self) -> bool:
        """Return whether a report on the study ships with the program."""
        return self.report.is_file()


def published_studies() -> list[PublishedStudy]:
    """Return the studies of the gallery that have a table, those with the most numbers first."""
    found = [_read(path.parent) for path in sorted(_gallery().glob(f"*/{FILE}"))]
    return sorted(
        (study for study in found if study.compared), key=lambda study: -len(study.compared)
    )


def published_study(name: str) -> PublishedStudy | None:
    """Return the study of the gallery with this name, or None."""
    return next((study for study in published_studies() if study.name == name), None)


def plan_text(study: PublishedStudy, plan: str) -> str:
    """Return the text of one of the study's plans."""
    return (_gallery() / study.name / plan).read_text(encoding="utf-8")


def has_gallery() -> bool:
    """Return whether this installation has published studies."""
    return any(_gallery().glob(f"*/{FILE}"))


def _counted(verdict: Verdict, number: int) -> str:
    words = {
        Verdict.EQUAL: ngettext("%(count)d equal", "%(count)d equal", number),
        Verdict.ROUNDING: ngettext("%(count)d rounding slip", "%(count)d rounding slips", number),
        Verdict.SLIP: ngettext("%(count)d coding slip", "%(count)d coding slips", number),
        Verdict.DIFFERS: ngettext("%(count)d differs", "%(count)d differ", number),
        Verdict.UNKNOWN: ngettext(
            "%(count)d not determinable", "%(count)d not determinable", number
        ),
    }
    return words[verdict] % {"count": number}


def _gallery() -> Path:
    folder: Path = settings.STUDIES_DIR
    return folder / "published"


def _read(folder: Path) -> PublishedStudy:
    # reproduce_published has checked the files. Its reader would load the programs of the analysis.
    declared: dict[str, Any] = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    table = folder / TABLE
    texts = ("title", "citation", "paper", "data", "licence", "fetch", "numbers_from")
    return PublishedStudy(
        name=folder.name,
        **{key: str(declared[key]) for key in texts},
        plans=tuple(dict.fromkeys(analysis["plan"] for analysis in declared["analyses"])),
        has_data=(folder / "tables").is_dir(),
        compared=read_table(table.read_text(encoding="utf-8")) if table.is_file() else (),
    )
