"""The check of a folder of data, of this platform or of anybody else."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from analysis.release.checking import patterns
from analysis.release.checking.classes import small_cells
from analysis.release.checking.column_names import identifying
from analysis.release.checking.documents import Document, TextTable, json_in, of_json
from analysis.release.checking.findings import Finding, masked
from analysis.release.checking.reading import read_files
from analysis.release.checking.times import (
    IN_FILE_NAME,
    are_counted_from_a_reference,
    moments,
)

K = 5
METADATA = frozenset(
    {
        "CITATION.cff", "datacite.json", "dataset_description.json", "ro-crate-metadata.json",
        "codemeta.json", ".zenodo.json", "package.json", "LICENSE", "LICENSE.txt", "LICENSE.md",
    }
)  # fmt: skip
"""Files that name the authors of the data. The authors' addresses are not leaks."""
RELEASE = "documentation/release.json"
"""File in which a release of this platform declares its quasi-identifiers and its k."""
PLAIN = re.compile(r"[-+]?\d{0,16}(?:\.\d*)?(?:e[-+]?\d+)?")
Rules = Sequence[Callable[[str], patterns.Found]]


@dataclass(frozen=True)
class Checked:
    """The result: what was found, and the kinds of files that were not looked into."""

    findings: tuple[Finding, ...]
    files: int
    not_read: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """Return a line for each finding, and one on the files that were not looked into."""
        said = [finding.sentence for finding in self.findings]
        if self.not_read:
            kinds = sorted({PurePosixPath(name).suffix or name for name in self.not_read})
            said.append(f"Not looked into: {len(self.not_read)} files ({', '.join(kinds)}).")
        return said


def check_folder(folder: Path, k: int = K) -> Checked:
    """Look into every file of the folder and of the archives in it.

    ``k`` is the smallest number of people who may share their quasi-identifiers.
    """
    findings: list[Finding] = []
    not_read: list[str] = []
    files = 0
    declared = _declared(folder)
    authors = _addresses_of_authors(folder)
    for name, document in read_files(folder):
        files += 1
        findings += _of_name(name)
        if document is None:
            not_read.append(name)
        elif PurePosixPath(name).name not in METADATA:
            findings += check_document(name, document, k, declared)
    kept = [finding for finding in findings if finding.text not in authors]
    return Checked(tuple(_by_column(kept)), files, tuple(not_read))


def check_document(
    name: str, document: Document, k: int = K, declared: Collection[str] = ()
) -> list[Finding]:
    """Return everything that is found in a file, with a finding for each cell."""
    if document.problem:
        return [Finding(name, "unreadable", document.problem)]
    found = [
        Finding(name, "picture metadata", f"The picture contains: {what}.")
        for what in document.metadata
    ]
    # In a line of text, names may be those of authors, but nobody introduces an author by "I am".
    for number, column, text in document.lines:
        found += _of_text(name, number, column, text, patterns.ANYWHERE)
        found += _of_nested(name, number, column, text, k, declared)
    for table in document.tables:
        found += _of_table(name, table, k, declared)
    return found


def check_table(
    name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]], k: int = K
) -> list[Finding]:
    """Return everything that is found in a table, with a finding for each rule and column."""
    cells = [[row[column] for column in columns] for row in rows]
    document = Document([TextTable(tuple(columns), cells)])
    return list(_by_column(check_document(name, document, k)))


def _of_table(name: str, table: TextTable, k: int, declared: Collection[str]) -> Iterator[Finding]:
    yield from small_cells(name, table, k, declared)
    for place, column in enumerate(table.columns):
        where = f"{table.name}: {column}" if table.name else column
        # A wide table may have a column for each person, with the id as its name.
        yield from _of_text(name, 0, where, column, patterns.ANYWHERE)
        values = table.values(place)
        if values and (kind := identifying(column.rpartition(".")[2], values)):
            detail = f"The column contains {kind}."
            yield Finding(name, "identifying column", detail, column=where, count=len(values))
        yield from _times(name, table, place, where)
        for number, row in enumerate(table.rows, start=1):
            if text := row[place].strip():
                yield from _of_text(name, number, where, text, patterns.WRITTEN)
                yield from _of_nested(name, number, where, text, k, declared)


def _times(name: str, table: TextTable, place: int, where: str) -> Iterator[Finding]:
    cells = [row[place].strip() for row in table.rows]
    exact = moments(cells, table.columns[place])
    if exact and not are_counted_from_a_reference([cells[place] for place in exact]):
        detail = f"Times such as {masked(cells[exact[0]])}"
        yield Finding(name, "exact time", detail, exact[0] + 1, where, len(exact))


def _of_nested(
    name: str, number: int, where: str, text: str, k: int, declared: Collection[str]
) -> Iterator[Finding]:
    """Yield what JSON inside a cell contains, at any depth."""
    value = json_in(text)
    if not isinstance(value, dict | list):
        return
    inner = of_json(value)
    for key, cell in ((key, cell) for _, key, cell in inner.lines if cell.strip()):
        if kind := identifying(key.rpartition(".")[2], [cell]):
            detail = f"The JSON in the cell contains {kind}."
            yield Finding(name, "identifying column", detail, number, f"{where} → {key}")
        if moments([cell], key.rpartition(".")[2]) and not are_counted_from_a_reference([cell]):
            detail = f"Times such as {masked(cell)}"
            yield Finding(name, "exact time", detail, number, f"{where} → {key}")
        # The patterns have read the cell's whole text already, but not JSON within this JSON.
        yield from _of_nested(name, number, f"{where} → {key}", cell, k, declared)
    for table in inner.tables:
        for one in _of_table(name, table, k, declared):
            if one.rule in ("identifying column", "exact time", "small cell"):
                yield replace(one, row=number, column=f"{where} → {one.column}")


def _of_text(name: str, number: int, where: str, text: str, rules: Rules) -> Iterator[Finding]:
    # Most cells are numbers, which no rule for texts concerns.
    if PLAIN.fullmatch(text):
        return
    for rule in rules:
        for kind, match in rule(text):
            yield Finding(name, kind, masked(match), number, where, text=match)


def _of_name(name: str) -> Iterator[Finding]:
    for part in re.split(r"[/!]", name):
        # Ids in names stand between underscores, which separate words there.
        for text in {part, PurePosixPath(part).stem, *re.split(r"[_.\s-]", part)}:
            for rule in (patterns.platform_ids, patterns.mail_addresses):
                for kind, match in rule(text):
                    yield Finding(name, kind, f"The file's name contains {masked(match)}")
        if IN_FILE_NAME.search(part):
            yield Finding(name, "exact time", "The file's name contains a date and a time of day.")


def _by_column(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the first finding of each rule in each column, with the number of its cells."""
    first: dict[tuple[str, str, str], Finding] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for finding in findings:
        key = finding.file, finding.rule, re.sub(r"\[\d+\]", "", finding.column)
        first.setdefault(key, finding)
        counts[key] = counts.get(key, 0) + finding.count
    for key, finding in first.items():
        yield replace(finding, count=counts[key])


def _declared(folder: Path) -> tuple[str, ...]:
    """Return the quasi-identifiers that the folder itself declares, if it is a release."""
    try:
        declared = json.loads((folder / RELEASE).read_text(encoding="utf-8"))
        return tuple(str(entry["item"]) for entry in declared["quasi_identifiers"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _addresses_of_authors(folder: Path) -> set[str]:
    """Return the e-mail addresses that the folder's metadata give as its authors'."""
    addresses: set[str] = set()
    for name in METADATA:
        path = folder / name
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            addresses |= {match for _, match in patterns.mail_addresses(text)}
    return addresses
