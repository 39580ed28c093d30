"""The formats of an export. A new format is a module with a function, and an entry in FORMATS."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from explanations.translatable import gettext_noop
from surveys.export.dataset import Table
from surveys.export.folder import ExportError


@dataclass(frozen=True)
class Format:
    """A format: ``path`` names a function that takes tables and returns a Written.

    It is imported when the format is asked for, because no web page needs its libraries.
    """

    key: str
    label: str
    path: str


@dataclass(frozen=True)
class Written:
    """The files of a format by name, and a sentence on each value that the format cannot hold."""

    files: Mapping[str, bytes]
    notes: Sequence[str] = field(default_factory=tuple)


FORMATS = (
    Format(
        "csv",
        gettext_noop("Any program (.csv): plain text, which the analysis reads"),
        "surveys.export.csv_files.write",
    ),
    Format(
        "parquet",
        gettext_noop("R and Python (.parquet): typed columns"),
        "surveys.export.parquet.write",
    ),
    Format(
        "xlsx",
        gettext_noop("Excel (.xlsx): one workbook with the codebook"),
        "surveys.export.workbook.write",
    ),
    Format(
        "sav",
        gettext_noop("SPSS, JASP and jamovi (.sav)"),
        "surveys.export.statistics_files.write_sav",
    ),
    Format("dta", gettext_noop("Stata (.dta)"), "surveys.export.statistics_files.write_dta"),
    Format(
        "json",
        gettext_noop("Other programs (.json): records with a schema"),
        "surveys.export.json_records.write",
    ),
)


def chosen_formats(text: str) -> tuple[str, ...]:
    """Return the keys in a list such as "csv,sav", each once, in the order of FORMATS.

    Raises ExportError for an empty list and for an unknown format.
    """
    known = [entry.key for entry in FORMATS]
    named = [word.strip() for word in text.split(",") if word.strip()]
    if unknown := [word for word in named if word not in known]:
        raise ExportError(
            f"{', '.join(map(repr, unknown))} is not a format. Use one or more of "
            f"{', '.join(known)}, joined by commas."
        )
    if not named:
        raise ExportError(f"No format was named. Use one or more of {', '.join(known)}.")
    return tuple(key for key in known if key in named)


def write_format(key: str, tables: Sequence[Table]) -> Written:
    """Return the tables in the format with this key."""
    entry = next(entry for entry in FORMATS if entry.key == key)
    module, _, name = entry.path.rpartition(".")
    writer: Any = getattr(import_module(module), name)
    written: Written = writer(tables)
    return written
