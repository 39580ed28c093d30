"""Ledgers as csv files, as exports contain them, to be replayed elsewhere."""

import csv
from pathlib import Path

from surveys.allocation.chain import Entry

HEADER = ("sequence", "previous", "content", "hash")


class LedgerFileError(ValueError):
    """A file that is not a ledger; the message names the line and its fault."""


def read_ledger(path: Path) -> list[Entry]:
    """Return the entries in the file's order, without checking them.

    Raises LedgerFileError.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LedgerFileError(f"{path} cannot be read: {error}.") from error
    # Only the form is checked here: the replay reports entries that were changed.
    if not rows or tuple(rows[0]) != HEADER:
        raise LedgerFileError(
            f"{path} has the columns {(rows[0] if rows else [])}, but a ledger has {list(HEADER)}. "
            "Name the ledger.csv of an export."
        )
    return [_entry(path, number, row) for number, row in enumerate(rows[1:], start=2)]


def _entry(path: Path, number: int, row: list[str]) -> Entry:
    try:
        sequence, previous, content, hash_ = row
        return Entry(int(sequence), previous, content, hash_)
    except ValueError as error:
        raise LedgerFileError(f"{path}, line {number} is not a ledger entry: {error}.") from error
