"""Which commits of a participant's pages wait for the disk."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

from surveys.services import durability
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on

NORMAL, FULL = 1, 2


@pytest.fixture
def commits(transactional_db, monkeypatch):
    """SQLite's level at each commit, in order."""
    connection.ensure_connection()
    before = level()
    connection.connection.execute(f"PRAGMA synchronous={FULL}")
    levels = []
    wrapper = type(connections["default"])
    commit = wrapper._commit

    def noted(self):
        levels.append(level())
        return commit(self)

    monkeypatch.setattr(wrapper, "_commit", noted)
    yield levels
    connection.connection.execute(f"PRAGMA synchronous={before}")


def level() -> int:
    return connection.connection.execute("PRAGMA synchronous").fetchone()[0]


def test_answers_and_arms_wait_for_the_disk_and_views_do_not(commits, tmp_path):
    browser, page, participant = begin(drawn_study(tmp_path))
    while "step" in page.hidden:
        participant.refresh_from_db()
        had_arm = participant.arm_id is not None
        commits.clear()
        page = go_on(browser, page, 1)
        participant.refresh_from_db()
        allocated = not had_arm and participant.arm_id is not None
        sent, *shown = commits
        assert sent == FULL
        # The last page of all records no view.
        assert shown == ([] if "step" not in page.hidden else [FULL if allocated else NORMAL])
    assert participant.arm_id is not None
    assert level() == FULL


def test_the_level_comes_back_after_an_error(commits):
    within = []

    def fail():
        within.append(level())
        raise DatabaseError

    with pytest.raises(DatabaseError), durability.atomic_without_waiting():
        fail()
    assert [*within, level()] == [NORMAL, FULL]


def test_within_a_transaction_its_own_commit_decides(commits):
    with transaction.atomic(), durability.atomic_without_waiting():
        assert level() == FULL
    assert commits == [FULL]
