"""Sixty people at once, from two processes, on SQLite and on PostgreSQL; and what a lock is for."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT
from tests.surveys.factories import ARMS

BOUND = 2  # the study's largest block multiple
_ANSWERS = (
    "SELECT a.item FROM surveys_answer a JOIN surveys_submission s ON s.id = a.submission_id JOIN "
    "surveys_participant p ON p.id = s.participant_id WHERE p.arrival_key = '{}' ORDER BY 1"
)
Ask = Callable[[str], list[tuple]]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def environment(request, tmp_path_factory) -> dict[str, str]:
    """Of a process that works on a database with the studies of tests.surveys.arrivals."""
    folder = tmp_path_factory.mktemp("arrivals")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'db.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    values = os.environ | {"DATABASE_URL": url, "STUDY_DATA_DIR": str(folder / "var")}
    _finish(_start(values, "prepare", str(folder)))
    return values


@pytest.fixture
def ask(environment) -> Iterator[Ask]:
    """Asks the database itself, past Django."""
    url = environment["DATABASE_URL"]
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda sql: connection.execute(sql).fetchall()
    else:
        import sqlite3

        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        yield lambda sql: connection.execute(sql).fetchall()
        connection.close()


def test_every_prefix_of_sixty_parallel_arrivals_is_balanced(environment, ask):
    outcomes = _together(environment, "locked", 60, processes=2)
    arms = _arms_in_order_of_arrival(ask, "locked")
    assert len(set(outcomes)) == 60, Counter(outcomes)
    assert not [outcome for outcome in outcomes if not outcome.startswith("P")]
    assert len(arms) == 60
    assert _worst_imbalance(arms) <= BOUND
    held = ask(
        "SELECT position FROM surveys_allocationslot s JOIN surveys_study y ON y.id = s.study_id "
        "WHERE y.slug = 'locked' AND participant_id IS NOT NULL AND NOT simulated"
    )
    assert sorted(position for (position,) in held) == list(range(1, 61))


def test_without_the_lock_the_same_arrivals_are_not_balanced(environment, ask):
    # The control: if this one were balanced, the test above would prove nothing.
    outcomes = _together(environment, "unlocked", 60)
    arms = _arms_in_order_of_arrival(ask, "unlocked")
    assert _worst_imbalance(arms) > 5, Counter(outcomes)


def test_a_study_of_25_places_takes_25_of_40_people(environment, ask):
    outcomes = _together(environment, "full", 40)
    assert Counter(outcomes)["full"] == 15, Counter(outcomes)
    assert len(_arms_in_order_of_arrival(ask, "full")) == 25


def test_twenty_consents_of_one_person_are_one_participation(environment, ask):
    outcomes = _together(environment, "double", 20)
    assert len(set(outcomes)) == 1, Counter(outcomes)
    assert len(_arms_in_order_of_arrival(ask, "double")) == 1
    trials = ask(
        "SELECT t.position FROM surveys_trial t JOIN surveys_participant p ON p.id = "
        "t.participant_id WHERE p.arrival_key = 'the same person' ORDER BY 1"
    )
    assert [position for (position,) in trials] == [1, 2, 3, 4, 5]


def test_twenty_links_with_one_external_id_are_one_participation(environment, ask):
    outcomes = Counter(_together(environment, "same id", 20))
    assert outcomes["begun"] == 19, outcomes
    assert len(_arms_in_order_of_arrival(ask, "same-id")) == 1


def test_without_the_lock_one_external_id_leaves_several_rows(environment, ask):
    # The control: many pass the check before anybody is stored; only the constraint is left, which
    # lets one of them have the id.
    outcomes = Counter(_together(environment, "same id unlocked", 20))
    assert len(_arms_in_order_of_arrival(ask, "same-id-unlocked")) > 1, outcomes
    ids = "SELECT count(*) FROM surveys_identity i JOIN surveys_study y ON y.id = i.study_id "
    assert ask(f"{ids} WHERE y.slug = 'same-id-unlocked'") == [(1,)]


def test_a_page_sent_by_twenty_tabs_at_once_is_stored_once(environment, ask):
    outcomes = Counter(_together(environment, "pages", 20))
    stored = ask(_ANSWERS.format("pages"))
    assert outcomes["RECORDED"] == 1, outcomes
    assert set(outcomes) == {"RECORDED", "REPLAYED", "CONFLICT"}
    assert [item for (item,) in stored] == ["experience", "following", "use"]


def test_without_the_lock_a_page_of_twenty_tabs_breaks(environment):
    # The control: two tabs find the page unsent, and the constraint stops all but one.
    outcomes = _together(environment, "pages unlocked", 20)
    assert any("IntegrityError" in outcome for outcome in outcomes), Counter(outcomes)


def test_who_withdraws_while_pages_are_sent_is_gone_with_all_that_was_sent(environment, ask):
    ((person,),) = ask("SELECT id FROM surveys_participant WHERE arrival_key = 'leaving'")
    outcomes = Counter(_together(environment, "leaving", 20))
    assert outcomes["erased"] == 1, outcomes
    assert outcomes["gone"] >= 1, outcomes
    assert outcomes.keys() <= {"erased", "gone", "RECORDED", "REPLAYED"}
    for table in ("participant", "trial", "pageview", "submission", "event"):
        column = "id" if table == "participant" else "participant_id"
        assert ask(f"SELECT count(*) FROM surveys_{table} WHERE {column} = {person}") == [(0,)]
    assert ask("SELECT count(*) FROM surveys_answer a LEFT JOIN surveys_submission s ON s.id = "
               "a.submission_id WHERE s.id IS NULL") == [(0,)]  # fmt: skip
    left = "SELECT count(*) FROM surveys_allocationslot WHERE erased AND participant_id IS NULL"
    assert ask(left) == [(1,)]


def test_without_the_lock_withdrawing_while_pages_are_sent_breaks(environment):
    # The control: a page is stored for somebody who is deleted, and the foreign key stops it.
    outcomes = Counter(_together(environment, "leaving unlocked", 20))
    assert any("IntegrityError" in outcome for outcome in outcomes), outcomes


def test_an_export_of_each_database_is_complete(environment, ask, tmp_path):
    _together(environment, "pages", 1)
    command = [
        sys.executable,
        "manage.py",
        "export_study",
        "pages",
        "--output",
        str(tmp_path / "x"),
    ]
    line = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    assert "2 in participants.csv, 10 in trials.csv" in line  # who was deleted is in no table
    answers = (tmp_path / "x" / "answers.csv").read_text().splitlines()
    stored = ask(_ANSWERS.format("pages")) + ask(_ANSWERS.format("pages unlocked"))
    assert len(answers) - 1 == len(stored) > 0


def _arms_in_order_of_arrival(ask: Ask, slug: str) -> list[str]:
    rows = ask(
        "SELECT a.key FROM surveys_participant p JOIN surveys_arm a ON a.id = p.arm_id "
        f"JOIN surveys_study s ON s.id = p.study_id WHERE s.slug = '{slug}' ORDER BY p.id"
    )
    return [arm for (arm,) in rows]


def _worst_imbalance(arms: list[str]) -> int:
    """Largest difference of two arms' sizes over all prefixes."""
    counts = accumulate((Counter([arm]) for arm in arms), lambda a, b: a + b)
    return max(
        max(count[arm] for arm in ARMS) - min(count[arm] for arm in ARMS) for count in counts
    )


def _together(environment: dict[str, str], mode: str, people: int, processes: int = 1) -> list[str]:
    share = people // processes
    started = [
        _start(environment, mode, str(share), str(first)) for first in range(0, people, share)
    ]
    return [outcome for process in started for outcome in _finish(process)]


def _start(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.surveys.arrivals", *arguments],
        cwd=Path(ROOT),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    outcomes: list[str] = json.loads(output)
    return outcomes
