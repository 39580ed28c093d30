"""Ledgers as csv files, which exports contain so that they can be replayed elsewhere."""

import csv
from pathlib import Path

from surveys.allocation.chain import Entry

HEADER = ("sequence", "previous", "content", "hash")


class LedgerFileError(ValueError):
    """A file that is not a ledger. The message names the line and its fault."""


def read_ledger(path: Path) -> list[Entry]:
    """Return the entries in the file's order, without checking them.

    Raises LedgerFileError.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LedgerFileError(
            f"{path} cannot be read: {error}. Name the ledger.csv of an export."
        ) from error
    # Only the form is checked here: the replay reports entries that were changed.
    if not rows or tuple(rows[0]) != HEADER:
        raise LedgerFileError(
            f"{path} must have the columns {', '.join(HEADER)}, but it has "
            f"{', '.join(rows[0] if rows else []) or 'none'}. Name the ledger.csv of an export."
        )
    return [_entry(path, number, row) for number, row in enumerate(rows[1:], start=2)]


def _entry(path: Path, number: int, row: list[str]) -> Entry:
    try:
        sequence, previous, content, hash_ = row
        return Entry(int(sequence), previous, content, hash_)
    except ValueError as error:
        raise LedgerFileError(
            f"{path}: line {number} is not a ledger entry ({error}). Export the study again."
        ) from error
