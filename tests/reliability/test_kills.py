"""No confirmed page is lost when servers are killed or restarted, or the disk is full.

R1, R2, R12 and R16 of docs/reliability.md. A page that is wrong or doubled counts as lost.

The runs are those of tests.reliability.kills, with fewer people.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT, missing
from tests.reliability import kills
from tests.reliability.checking import compare
from tests.reliability.kills import Outcome

pytestmark = pytest.mark.nightly
PEOPLE, AT_ONCE = 16, 8


def assert_whole(outcome: Outcome) -> None:
    assert outcome.told.refused == []
    assert len(outcome.told.completed) == PEOPLE, str(outcome)
    assert outcome.participants == PEOPLE, str(outcome)
    # Everybody is through, so that a page which is stored twice would be one too many, too.
    assert outcome.stored == len(outcome.told.pages)
    assert outcome.found.none, outcome.found
    assert outcome.problems == []


@pytest.fixture(scope="module")
def on_sqlite() -> Iterator[tuple[kills.Ground, Outcome]]:
    with kills.sqlite(PEOPLE) as ground:
        yield ground, kills.run(ground, PEOPLE, AT_ONCE, 1, kills.killing_workers(ground, 1))


def test_killed_workers_lose_no_confirmed_page_on_sqlite(on_sqlite):
    _, outcome = on_sqlite
    assert outcome.done.kills >= 5, str(outcome)
    assert outcome.told.sent_again
    assert_whole(outcome)


def test_a_confirmed_page_that_was_deleted_is_found(on_sqlite):
    """Control, after the test above on the same database."""
    ground, outcome = on_sqlite
    page = outcome.told.pages[7]
    kills.forget_a_page(ground, page)
    found = compare(outcome.told.pages, ground.stored()["pages"])
    assert found.lost == [f"{page.code[:6]} {page.step}"]
    assert found.wrong == found.doubled == []


def test_a_server_that_confirms_before_the_commit_loses_pages():
    """Control: if it did not, the kills would hit nothing.

    Whoever comes back after the kill finds the same page again. Its other answers then show that
    those which were confirmed are gone.
    """
    for _ in range(5):
        outcome = kills.careless(PEOPLE, AT_ONCE)
        if outcome.found.lost or outcome.found.wrong:
            return
    pytest.fail(f"Five careless servers have lost nothing: {outcome}")


@pytest.mark.postgres
def test_killed_workers_lose_no_confirmed_page_on_postgresql():
    outcome = kills.workers_on_postgresql(PEOPLE, AT_ONCE)
    assert outcome.done.kills >= 5, str(outcome)
    assert_whole(outcome)


@pytest.mark.postgres
def test_violent_stops_of_the_database_lose_no_confirmed_page():
    outcome = kills.database_too(PEOPLE, AT_ONCE)
    assert outcome.done.stops == 3, str(outcome)
    assert outcome.done.kills, str(outcome)
    assert_whole(outcome)


def test_restarts_of_the_web_server_lose_no_page_and_turn_nobody_away():
    outcome = kills.restarts(PEOPLE, AT_ONCE)
    assert outcome.done.restarts, str(outcome)
    assert_whole(outcome)


def test_a_full_disk_loses_no_confirmed_page_and_needs_no_restart():
    if os.geteuid() != 0:
        missing("Only root can mount the small file system that is filled.")
    outcome = kills.full_disk(PEOPLE, AT_ONCE)
    assert outcome.done.fillings == 1, str(outcome)
    assert 500 in outcome.told.sent_again  # the control: the server did fail
    assert not outcome.done.was_healthy
    assert outcome.done.export.startswith("CommandError")
    assert "Traceback" not in outcome.done.export
    assert_whole(outcome)


def test_a_full_disk_under_postgresql_loses_no_confirmed_page_and_needs_no_restart_of_the_web():
    if os.geteuid() != 0:
        missing("Only root can mount the small file system that is filled.")
    outcome = kills.full_disk_of_postgresql(PEOPLE, AT_ONCE)
    assert outcome.done.fillings == 1, str(outcome)
    assert 500 in outcome.told.sent_again  # the control: the server did fail
    assert not outcome.done.was_healthy
    # PostgreSQL either refuses what needs space, or has stopped.
    assert outcome.done.export.startswith(("CommandError", "NoDatabaseError"))
    assert "Traceback" not in outcome.done.export
    assert_whole(outcome)


def test_the_runs_start_by_hand_as_the_docs_say():
    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.kills", "unknown"],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr.startswith("There is no run 'unknown'. The runs are workers-sqlite")
