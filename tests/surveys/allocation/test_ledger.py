"""The pure ledger: it replays to itself, and notices whatever is done to it."""

import subprocess
import sys
from dataclasses import replace
from itertools import cycle, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveys.allocation import chain
from surveys.allocation.book import Book, BookError
from surveys.allocation.chain import Entry
from surveys.allocation.ledgerfile import LedgerFileError, read_ledger
from surveys.allocation.replay import ReplayError, replay
from surveys.allocation.scheme import Scheme
from surveys.tidy.cells import csv_text
from tests.conftest import ROOT
from tests.surveys.allocation.lists import ORIGIN, book_of, scheme

LEVELS = [{"sex": sex, "age": age} for sex in "fm" for age in ("young", "old", "not answered")]


@pytest.mark.parametrize("people", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("method", ["permuted_blocks", "minimisation"])
def test_thousands_of_allocations_replay_to_the_same_ledger(method, people):
    plan = scheme(method=method, strata=("sex", "age"))
    book = book_of(plan, islice(cycle(LEVELS), people))
    found = replay(book.entries)
    assert len(found.arms) == people
    assert list(found.arms) == book.arms
    assert (found.head, found.waiting) == (book.entries[-1].hash, 0)
    assert found.scheme == plan


EVENTS = st.lists(
    st.tuples(st.sampled_from(["arrive", "allocate", "return", "close"]), st.integers(0, 5)),
    max_size=40,
)


def lived(events: list[tuple[str, int]], plan: Scheme) -> Book:
    """The ledger of a study in which people come, go on, leave, or find it full."""
    book = Book(ORIGIN, plan)
    for event, which in events:
        waiting = sorted(book.waiting)
        if event == "close":
            book.note("closed")
        elif event == "arrive":
            if len(waiting) + len(book.arms) < plan.capacity:
                book.arrive()
        elif waiting and event == "allocate":
            book.allocate(waiting[which % len(waiting)], LEVELS[which])
        elif waiting:
            book.give_back(waiting[which % len(waiting)], "withdrawn")
    return book


@given(EVENTS, st.sampled_from(["permuted_blocks", "minimisation"]))
@settings(max_examples=60, deadline=None)
def test_whatever_people_do_the_ledger_replays_and_never_holds_more_than_the_places(events, method):
    plan = scheme("abc", method=method, places=6, strata=("sex", "age"), seed=3)
    book = lived(events, plan)
    found = replay(book.entries)
    assert list(found.arms) == book.arms
    assert found.waiting == len(book.waiting)
    assert len(found.arms) + found.waiting <= 6
    assert found.arrivals == len(found.arms) + found.waiting + found.returned


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    plan = scheme("abc", strata=("sex", "age"), seed=9)
    events = [("arrive", 0), ("arrive", 0), ("return", 0), ("allocate", 2), ("arrive", 1)] * 6
    return lived(events, plan).entries


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_entry_that_is_changed_is_the_one_that_is_named(entries, data):
    number = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(["previous", "content", "hash"]))
    text = getattr(entries[number], field)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("0123456789abcdef{}").filter(lambda one: one != text[place]))
    changed = replace(entries[number], **{field: text[:place] + other + text[place + 1 :]})
    with pytest.raises(ReplayError, match=rf"^Entry {number} "):
        replay([*entries[:number], changed, *entries[number + 1 :]])


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_entry_that_is_left_out_or_moved_is_noticed(entries, data):
    number = data.draw(st.integers(0, len(entries) - 2))
    left_out = [*entries[:number], *entries[number + 1 :]]
    with pytest.raises(ReplayError, match=rf"Entry {number} is missing"):
        replay(left_out)
    swapped = [*left_out[: number + 1], entries[number], *left_out[number + 1 :]]
    with pytest.raises(ReplayError, match=rf"Entry {number} is missing"):
        replay(swapped)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_forger_who_recomputes_every_hash_is_found_by_the_replay(entries, data):
    allocated = [entry for entry in entries if entry.values["event"] == "allocated"]
    forged = data.draw(st.sampled_from(allocated))
    arm = data.draw(st.sampled_from("abc").filter(lambda one: one != forged.values["arm"]))
    ledger: list[Entry] = []
    for entry in entries:
        values = entry.values | ({"arm": arm} if entry is forged else {})
        ledger.append(chain.following(ledger[-1] if ledger else None, values))
    chain.check(ledger)  # the hashes alone do not tell
    with pytest.raises(
        ReplayError, match=rf"^Entry {forged.sequence}: the arm '{arm}' is recorded"
    ):
        replay(ledger)


def test_what_cannot_have_happened_is_refused(entries):
    book = book_of(scheme("ab", places=2), 1)
    with pytest.raises(BookError, match="arrival 1 is not waiting"):
        book.allocate(1, {})
    with pytest.raises(BookError, match="arrival 77 is not waiting"):
        book.give_back(77, "withdrawn")
    twice = [*book.entries, chain.following(book.entries[-1], {"event": "returned", "arrival": 1})]
    with pytest.raises(ReplayError, match="cannot have happened"):
        replay(twice)
    with pytest.raises(ReplayError, match="Entry 0 does not begin"):
        replay([chain.following(None, {"event": "arrived"})])
    with pytest.raises(ReplayError, match="no entries"):
        replay([])
    strange = chain.following(book.entries[-1], {"event": "miracle"})
    with pytest.raises(ReplayError, match="the event 'miracle' is unknown"):
        replay([*book.entries, strange])


def test_a_hash_can_be_recomputed_by_hand():
    # printf '0\n%064d\n{"a":1}' 0 | sha256sum
    entry = chain.following(None, {"a": 1})
    assert entry.hash == "300cd6e0d0036e29cf79ab175e33f7b4e210a9ec1bb072c5fc24913c29d48d8f"


def written(entries, path) -> None:
    rows = [[one.sequence, one.previous, one.content, one.hash] for one in entries]
    path.write_text(csv_text(["sequence", "previous", "content", "hash"], rows))


def test_a_ledger_comes_back_from_its_file(entries, tmp_path):
    written(entries, tmp_path / "ledger.csv")
    assert read_ledger(tmp_path / "ledger.csv") == entries


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n", "must have the columns"),
        (b"", "but it has none"),
        (b"\xff\xfe", "cannot be read"),
        (b"sequence,previous,content,hash\n1,2\n", "line 2 is not a ledger entry"),
        (b"sequence,previous,content,hash\nx,2,3,4\n", "line 2 is not a ledger entry"),
    ],
)
def test_a_file_that_is_no_ledger_is_named_with_the_reason(tmp_path, content, says):
    path = tmp_path / "ledger.csv"
    path.write_bytes(content)
    with pytest.raises(LedgerFileError, match=says):
        read_ledger(path)
    with pytest.raises(LedgerFileError, match="cannot be read"):
        read_ledger(tmp_path / "none.csv")


def test_a_ledger_replays_in_a_process_that_has_no_django(entries, tmp_path):
    written(entries, tmp_path / "ledger.csv")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from surveys.allocation.ledgerfile import read_ledger\n"
        "from surveys.allocation.replay import replay\n"
        "print(replay(read_ledger(Path(sys.argv[1]))).head, 'django' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "ledger.csv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [entries[-1].hash, "False"]
