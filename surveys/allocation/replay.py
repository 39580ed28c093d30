"""The replay of a whole ledger from its first entry and its events, compared entry by entry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from surveys.allocation import chain, entries
from surveys.allocation.book import Book, BookError
from surveys.allocation.chain import BrokenChainError, Entry
from surveys.allocation.entries import Origin
from surveys.allocation.scheme import Scheme


class ReplayError(ValueError):
    """A ledger that its seed and arrivals do not reproduce. The message names the first entry that
    differs.
    """


@dataclass(frozen=True)
class Replayed:
    """Summary of a ledger that was replayed without a difference."""

    origin: Origin
    scheme: Scheme
    arms: tuple[str, ...]
    arrivals: int
    returned: int
    replaced: int
    waiting: int
    head: str


def replay(ledger: Sequence[Entry]) -> Replayed:
    """Replay the ledger and return its summary.

    Raises ReplayError at the first entry whose chain, arm or hash differs.
    """
    try:
        chain.check(ledger)
    except BrokenChainError as error:
        raise ReplayError(str(error)) from error
    if not ledger:
        raise ReplayError("The ledger has no entries. Nobody has arrived yet.")
    # Intact hashes prove only that nothing was changed later; the replay proves the arms.
    origin, book = _begun(ledger[0])
    _compare(book, ledger[0])
    for entry in ledger[1:]:
        _again(book, entry)
        _compare(book, entry)
    events = [entry.values["event"] for entry in ledger]
    return Replayed(
        origin=origin,
        scheme=book.scheme,
        arms=tuple(book.arms),
        arrivals=events.count(entries.ARRIVED),
        returned=events.count(entries.RETURNED),
        replaced=book.given_back,
        waiting=len(book.waiting),
        head=ledger[-1].hash,
    )


def _begun(first: Entry) -> tuple[Origin, Book]:
    try:
        values = first.values
        if (values["event"], values["format"]) != (entries.BEGIN, entries.FORMAT):
            raise KeyError(values["event"])
        names = ("study", "study_file_sha256", "simulated")
        origin = Origin(**{name: values[name] for name in names})
        return origin, Book(origin, Scheme.from_content(values["scheme"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ReplayError(
            f"Entry 0 does not begin a ledger of format {entries.FORMAT} ({error!r}). Name the "
            "ledger.csv of an export."
        ) from error


def _again(book: Book, entry: Entry) -> None:
    """Repeat the event that the entry records."""
    try:
        _happens(book, entry.values)
    except (BookError, KeyError, TypeError, ValueError) as error:
        raise ReplayError(f"Entry {entry.sequence} cannot have happened: {error}.") from error


def _happens(book: Book, values: dict[str, Any]) -> None:
    event = values["event"]
    if event == entries.ARRIVED:
        book.arrive()
    elif event == entries.ALLOCATED:
        book.allocate(values["arrival"], values["levels"])
    elif event == entries.RETURNED:
        book.give_back(values["arrival"], values["reason"])
    elif event == entries.REPLACED:
        book.replace(values["arrival"], values["reason"])
    elif event == entries.CHANGED:
        book.change(values["places"], values["quotas"])
    elif event in entries.NOTED:
        book.note(event)
    else:
        raise BookError(f"the event {event!r} is unknown")


def _compare(book: Book, entry: Entry) -> None:
    again = book.entries[-1]
    if again == entry:
        return
    drawn, written = again.values, entry.values
    if drawn.get("arm") != written.get("arm"):
        raise ReplayError(
            f"Entry {entry.sequence}: the arm {written.get('arm')!r} is recorded, but the seed "
            f"gives {drawn.get('arm')!r}."
        )
    raise ReplayError(
        f"Entry {entry.sequence} records {entry.content}, but its replay gives {again.content}."
    )
