"""A study's export without whatever leads to a person, and the list of what was removed."""

import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.errors import ReleaseError
from analysis.release.csv_tables import CsvTable, read_table
from analysis.release.declaration import Release
from analysis.release.devices import with_coarse_devices
from analysis.release.free_texts import digest_of, without_texts
from analysis.release.hierarchies import Level
from analysis.release.quasi_identifiers import with_coarse_answers
from analysis.release.relative_times import with_relative_times
from analysis.release.removals import EVERY, Kind, Removal
from analysis.release.study_text import without_contacts
from analysis.study_data.exclusions.by_hand import KEY as BY_HAND

REPEATING = ("wide.csv",)
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
TEXT_FILES = ("plan.toml", "registered.json")
WITHHELD = "withheld"
OWN_REASONS = ("stopped", "withdrawn", "held too long", "ended by the study")
"""Reasons in the ledger that the platform gives itself."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


@dataclass(frozen=True)
class Released:
    """The de-identified export: its tables, its other files, and what was removed.

    ``levels`` gives how each quasi-identifier is released, ``smallest`` the size of the smallest
    class of people, and ``suppressed`` the number of the ``people`` whose values are withheld.
    """

    tables: Mapping[str, CsvTable]
    texts: Mapping[str, str]
    manifest: Mapping[str, Any]
    removals: tuple[Removal, ...]
    levels: Mapping[str, Level] = field(default_factory=dict)
    people: int = 0
    suppressed: int = 0
    smallest: int = 0


def random_id() -> str:
    """Return a random identifier for a participant of a release."""
    return "r" + "".join(secrets.choice(LETTERS) for _ in range(9))


def read_tables(folder: Path) -> dict[str, CsvTable]:
    """Return the tables of an export by file name."""
    return {path.name: read_table(path) for path in sorted(folder.glob("*.csv"))}


def deidentify(
    folder: Path,
    release: Release,
    passed: Collection[str] = (),
    *,
    kinds: Collection[Kind] = EVERY,
    draw: Callable[[], str] = random_id,
) -> Released:
    """Return the export in the folder without whatever leads to a person.

    ``passed`` are the keys of free texts that somebody has read and passed, and ``kinds`` the kinds
    of removals to make, all by default. ``draw`` gives a new identifier at each call.
    """
    tables = read_tables(folder)
    texts = {
        name: (folder / name).read_text(encoding="utf-8")
        for name in (*TEXT_FILES, "study.toml")
        if (folder / name).is_file()
    }
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    removals: list[Removal] = []
    levels: Mapping[str, Level] = {}
    people = suppressed = smallest = 0
    if Kind.TABLES in kinds:
        for name in REPEATING:
            if tables.pop(name, None) is not None:
                tables["codebook.csv"] = _without_file(tables["codebook.csv"], name)
                removals.append(Removal(Kind.TABLES, name, "left out", 1))
    if Kind.TEXTS in kinds:
        tables, counts = without_texts(tables, passed)
        removals += _removals(Kind.TEXTS, counts, "texts withheld")
    if Kind.QUASI_IDENTIFIERS in kinds:
        coarsened = with_coarse_answers(release, tables)
        tables, levels = coarsened.tables, coarsened.levels
        people, suppressed, smallest = coarsened.people, coarsened.suppressed, coarsened.smallest
        if coarsened.changed:
            said = ", ".join(f"{item} {level.words}" for item, level in levels.items())
            removals.append(
                Removal(Kind.QUASI_IDENTIFIERS, "answers", f"cells changed ({said})",
                        coarsened.changed)
            )  # fmt: skip
    if Kind.TIMES in kinds:
        tables, counts = with_relative_times(tables)
        removals += _removals(Kind.TIMES, counts, "times counted from consent")
    if Kind.DEVICES in kinds:
        tables, counts = with_coarse_devices(tables)
        removals += _removals(Kind.DEVICES, counts, "measures of devices made coarse")
    if Kind.NOTES in kinds:
        manifest, count = _without_notes(manifest, passed)
        removals += _removals(Kind.NOTES, {"manifest.json": count}, "notes, accounts or times")
    if Kind.STUDY_FILE in kinds and "study.toml" in texts:
        texts["study.toml"], count = without_contacts(texts["study.toml"])
        removals += _removals(Kind.STUDY_FILE, {"study.toml": count}, "entries removed")
    if Kind.PICTURES in kinds and release.pictures != "open":
        tables, count = _without_paths(tables)
        removals += _removals(Kind.PICTURES, {"diagnoses.csv": count}, "names of files")
    # Last, because the other steps join tables by the participants' own identifiers.
    if Kind.IDENTIFIERS in kinds:
        tables, texts, manifest, count = _with_new_ids(tables, texts, manifest, draw)
        removals.append(Removal(Kind.IDENTIFIERS, "every table", "participants renamed", count))
        tables, count = _clean_ledger(tables)
        removals += _removals(
            Kind.IDENTIFIERS, {"ledger.csv": count}, "entries without strata and reasons"
        )
    return Released(tables, texts, manifest, tuple(removals), levels, people, suppressed, smallest)


def _removals(kind: Kind, counts: Mapping[str, int], words: str) -> list[Removal]:
    return [Removal(kind, name, words, count) for name, count in counts.items() if count]


def _without_file(codebook: CsvTable, file: str) -> CsvTable:
    return CsvTable(codebook.columns, tuple(row for row in codebook.rows if row["file"] != file))


def _without_notes(
    manifest: Mapping[str, Any], passed: Collection[str]
) -> tuple[dict[str, Any], int]:
    """Return the manifest without researchers' reasons and accounts, and with days for times.

    The whole manifest is searched, so that a note that a later version adds is not forgotten.
    """
    notes = _Notes(passed)
    return {key: notes.cleaned(key, value) for key, value in manifest.items()}, notes.count


class _Notes:
    """The notes that were met, because different reasons must stay different rules of the flow."""

    def __init__(self, passed: Collection[str]) -> None:
        self.passed = passed
        self.reasons: dict[str, str] = {}
        self.count = 0

    def cleaned(self, key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {inner: self.cleaned(inner, one) for inner, one in value.items()}
        if isinstance(value, list):
            return [self.cleaned(key, one) for one in value]
        if not isinstance(value, str) or not value:
            return value
        if key == "by":
            self.count += 1
            return ""
        if key == "reason" and digest_of(value) not in self.passed:
            self.count += 1
            known = f"reason {len(self.reasons) + 1} ({WITHHELD})"
            return self.reasons.setdefault(value, known)
        return _day(value) if MOMENT.fullmatch(value) else value


def _day(moment: str) -> str:
    """Return midnight of a moment's day, in the form in which the analysis reads moments."""
    return f"{moment[:10]}T00:00:00+00:00"


def _without_paths(tables: Mapping[str, CsvTable]) -> tuple[dict[str, CsvTable], int]:
    changed = dict(tables)
    table = tables.get("diagnoses.csv")
    if table is None or "path" not in table.columns:
        return changed, 0
    changed["diagnoses.csv"] = table.without(("path",))
    book = tables["codebook.csv"]
    kept = (row for row in book.rows if (row["file"], row["column"]) != ("diagnoses.csv", "path"))
    changed["codebook.csv"] = CsvTable(book.columns, tuple(kept))
    return changed, len(table.rows)


def _with_new_ids(
    tables: Mapping[str, CsvTable],
    texts: Mapping[str, str],
    manifest: Mapping[str, Any],
    draw: Callable[[], str],
) -> tuple[dict[str, CsvTable], dict[str, str], dict[str, Any], int]:
    old = dict.fromkeys(
        row["participant"]
        for name, table in tables.items()
        if "participant" in table.columns and name != "codebook.csv"
        for row in table.rows
    )
    drawn: dict[str, None] = {}
    while len(drawn) < len(old):
        drawn.setdefault(draw())
    # Sums run over people in the order of their identifiers. The order of the old ones, which were
    # random, is kept, so that even the last digits of the results stay the same.
    new = dict(zip(sorted(old), sorted(drawn), strict=True))
    if set(new) & set(new.values()):
        raise ReleaseError(["A new identifier equals an old one. Run the command again."])
    changed = {
        name: CsvTable(
            table.columns,
            tuple(row | {"participant": new[row["participant"]]} for row in table.rows),
        )
        if "participant" in table.columns and name != "codebook.csv"
        else table
        for name, table in tables.items()
    }
    # A plan may list participants whom it excludes.
    named = re.compile("|".join(sorted(map(re.escape, old), key=len, reverse=True)) or r"(?!)")
    renamed = {name: named.sub(lambda match: new[match[0]], text) for name, text in texts.items()}
    listed = [
        {**entry, "participant": new.get(entry["participant"], WITHHELD)}
        for entry in manifest.get(BY_HAND, ())
    ]
    with_list = {**manifest, BY_HAND: listed} if BY_HAND in manifest else dict(manifest)
    return changed, renamed, with_list, len(old)


def _clean_ledger(tables: Mapping[str, CsvTable]) -> tuple[dict[str, CsvTable], int]:
    """Return the tables with a ledger that says nothing about people.

    Without strata and written reasons the ledger stays as it is, so that its chain of hashes can be
    verified. Otherwise it loses them, and the hashes that cover them.
    """
    ledger = tables.get("ledger.csv")
    if ledger is None:
        return dict(tables), 0
    contents = [json.loads(row["content"]) for row in ledger.rows]
    cleaned = [_clean_entry(content) for content in contents]
    count = sum(before != after for before, after in zip(contents, cleaned, strict=True))
    if not count:
        return dict(tables), 0
    rows = []
    for row, content in zip(ledger.rows, cleaned, strict=True):
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        rows.append(row | {"content": text, "previous": "", "hash": ""})
    return {**tables, "ledger.csv": CsvTable(ledger.columns, tuple(rows))}, count


def _clean_entry(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry without the strata of a person, and without what researchers wrote."""
    kept = {key: value for key, value in content.items() if key != "by"}
    if kept.get("levels"):
        del kept["levels"]
    if kept.get("reason", "") not in ("", *OWN_REASONS):
        kept["reason"] = WITHHELD
    return kept
