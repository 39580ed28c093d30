"""Many people at once, from two processes, on SQLite and on PostgreSQL; and what a lock is for."""

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest

from surveys.allocation.chain import Entry
from surveys.allocation.replay import replay
from surveys.models.sealed import keyed_hash, unseal
from tests.conftest import ROOT
from tests.surveys.allocation.lists import imbalances
from tests.surveys.factories import ARMS

BOUND = 2  # the study's largest block multiple
_ANSWERS = (
    "SELECT a.item FROM surveys_answer a JOIN surveys_submission s ON s.id = a.submission_id JOIN "
    "surveys_participant p ON p.id = s.participant_id WHERE p.arrival_key = '{}' ORDER BY 1"
)
Ask = Callable[[str], list[tuple]]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.nightly),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def environment(request, tmp_path_factory) -> dict[str, str]:
    """Of a process that works on a database with the studies of tests.surveys.arrivals."""
    folder = tmp_path_factory.mktemp("arrivals")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'db.sqlite3'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    return os.environ | {"DATABASE_URL": url, "STUDY_DATA_DIR": str(folder / "var")}


@pytest.fixture(scope="module")
def crowd(environment, tmp_path_factory) -> Iterator["Crowd"]:
    with Crowd(environment) as crowd:
        assert crowd.ask(["prepare", str(tmp_path_factory.mktemp("prepared"))]) == []
        yield crowd


@pytest.fixture(scope="module")
def unguarded(environment, crowd, request, tmp_path_factory) -> dict[str, str]:
    """The same on a copy of the database, for the control that takes the constraints away."""
    url = environment["DATABASE_URL"]
    if url.startswith("postgresql"):
        server = request.getfixturevalue("postgres")
        copy = server.new_database(template=url.rsplit("/", 1)[1])
    else:
        file = tmp_path_factory.mktemp("unguarded") / "db.sqlite3"
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.execute("VACUUM INTO ?", [str(file)])
        copy = f"sqlite:///{file}"
    return environment | {"DATABASE_URL": copy}


@pytest.fixture(scope="module")
def together(crowd) -> Callable[..., list[str]]:
    """What became of each of many people at once; several tests ask for the same crowd."""

    @cache
    def outcomes(mode: str, people: int, processes: int) -> list[str]:
        return crowd.together(mode, people, processes)

    return outcomes


@pytest.fixture
def ask(environment, crowd) -> Iterator[Ask]:
    """Asks the database itself, past Django."""
    with _asking(environment["DATABASE_URL"]) as ask:
        yield ask


@contextmanager
def _asking(url: str) -> Iterator[Ask]:
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            yield lambda sql: connection.execute(sql).fetchall()
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield lambda sql: connection.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("slug", "people", "places"),
    [("few", 48, 40), pytest.param("locked", 220, 200, marks=pytest.mark.nightly)],
)
def test_of_parallel_arrivals_all_places_are_allocated_and_every_prefix_is_balanced(
    together, ask, slug, people, places
):
    outcomes = Counter(together(slug, people, 2))
    arms = _arms_in_order(ask, slug)
    assert outcomes.pop("full") == people - places, outcomes
    assert len(outcomes) == places, outcomes
    assert not [outcome for outcome in outcomes if not outcome.startswith("P")]
    assert _worst_imbalance(arms) <= BOUND
    held = ask(
        "SELECT position FROM surveys_allocationslot s JOIN surveys_study y ON y.id = s.study_id "
        f"WHERE y.slug = '{slug}' AND participant_id IS NOT NULL AND NOT simulated"
    )
    assert sorted(position for (position,) in held) == list(range(1, places + 1))


def test_without_the_lock_the_constraints_refuse_whatever_would_unbalance(crowd, ask):
    outcomes = crowd.together("guarded", 60)
    arms = _arms_in_order(ask, "guarded")
    assert any("IntegrityError" in outcome for outcome in outcomes), Counter(outcomes)
    assert _worst_imbalance(arms or ["none"]) <= BOUND


@pytest.mark.nightly
def test_the_quotas_of_arms_hold_under_parallel_arrivals(together, ask):
    outcomes = together("minimised", 40, 1)
    counts = Counter(_arms_in_order(ask, "minimised"))
    assert Counter(outcomes)["full"] == 10, Counter(outcomes)
    assert counts.total() == 30
    assert counts["none"] <= 4
    assert counts["lime"] <= 4


@pytest.mark.parametrize(
    ("slug", "people", "processes", "places"), [("few", 48, 2, 40), ("minimised", 40, 1, 30)]
)
def test_the_ledger_of_parallel_arrivals_is_one_chain_that_replays(
    together, ask, slug, people, processes, places
):
    together(slug, people, processes)
    rows = ask(
        "SELECT sequence, previous, content, hash FROM surveys_ledgerentry l "
        f"JOIN surveys_study s ON s.id = l.study_id WHERE s.slug = '{slug}' ORDER BY sequence"
    )
    ledger = [Entry(number, before, unseal(content), own) for number, before, content, own in rows]
    arms = replay(ledger).arms
    assert len(arms) == places
    assert list(arms) == _arms_in_order(ask, slug)


def test_the_ledger_cannot_be_emptied_at_a_stroke(environment, ask):
    if not environment["DATABASE_URL"].startswith("postgresql"):
        pytest.skip("SQLite has no TRUNCATE; its DELETE is refused row by row.")
    count = "SELECT count(*) FROM surveys_ledgerentry"
    before = ask(count)
    with pytest.raises(psycopg.errors.RaiseException, match="only grows"):
        ask("TRUNCATE surveys_ledgerentry")
    assert ask(count) == before > [(0,)]
    # The control: without the trigger, nothing else keeps the entries.
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        connection.execute("ALTER TABLE surveys_ledgerentry DISABLE TRIGGER USER")
        connection.execute("TRUNCATE surveys_ledgerentry")
        assert connection.execute(count).fetchall() == [(0,)]
        connection.rollback()
    assert ask(count) == before


def test_twenty_consents_of_one_person_are_one_participation(crowd, ask):
    outcomes = crowd.together("double", 20)
    assert len(set(outcomes)) == 1, Counter(outcomes)
    assert len(_arms_in_order(ask, "double")) == 1
    trials = ask(
        "SELECT t.position FROM surveys_trial t JOIN surveys_participant p ON p.id = "
        "t.participant_id WHERE p.arrival_key = "
        f"'{keyed_hash('arrival_key', 'the same person')}' ORDER BY 1"
    )
    assert [position for (position,) in trials] == [1, 2, 3, 4, 5]


def test_twenty_links_with_one_external_id_are_one_participation(crowd, ask):
    outcomes = Counter(crowd.together("same id", 20))
    assert outcomes["begun"] == 19, outcomes
    assert _participants(ask, "same-id") == 1


@pytest.mark.nightly
def test_without_the_lock_one_external_id_leaves_several_rows(crowd, ask):
    # The control: many pass the check before anybody is stored; only the constraint is left, which
    # lets one of them have the id.
    outcomes = Counter(crowd.together("same id unlocked", 20))
    assert _participants(ask, "same-id-unlocked") > 1, outcomes
    ids = "SELECT count(*) FROM surveys_identity i JOIN surveys_study y ON y.id = i.study_id "
    assert ask(f"{ids} WHERE y.slug = 'same-id-unlocked'") == [(1,)]


@pytest.mark.nightly
def test_without_the_lock_twenty_consents_of_one_person_break(crowd):
    # The control: several find nobody, and the constraint stops all but one.
    outcomes = crowd.together("double unlocked", 20)
    assert any("IntegrityError" in outcome for outcome in outcomes), Counter(outcomes)


def test_a_page_sent_by_twenty_tabs_at_once_is_stored_once(together, ask):
    outcomes = Counter(together("pages", 20, 1))
    stored = ask(_ANSWERS.format(keyed_hash("arrival_key", "pages")))
    assert outcomes["RECORDED"] == 1, outcomes
    assert set(outcomes) == {"RECORDED", "REPLAYED", "CONFLICT"}
    assert [item for (item,) in stored] == ["experience", "following", "use"]


@pytest.mark.nightly
def test_without_the_lock_a_page_of_twenty_tabs_breaks(crowd):
    # The control: two tabs find the page unsent, and the constraint stops all but one.
    outcomes = crowd.together("pages unlocked", 20)
    assert any("IntegrityError" in outcome for outcome in outcomes), Counter(outcomes)


def test_who_withdraws_while_pages_are_sent_is_gone_with_all_that_was_sent(crowd, ask):
    key = keyed_hash("arrival_key", "leaving")
    ((person,),) = ask(f"SELECT id FROM surveys_participant WHERE arrival_key = '{key}'")
    outcomes = Counter(crowd.together("leaving", 20))
    assert outcomes["erased"] == 1, outcomes
    assert outcomes.keys() <= {"erased", "gone", "RECORDED", "REPLAYED"}
    for table in ("participant", "trial", "pageview", "submission", "event"):
        column = "id" if table == "participant" else "participant_id"
        assert ask(f"SELECT count(*) FROM surveys_{table} WHERE {column} = {person}") == [(0,)]
    assert ask("SELECT count(*) FROM surveys_answer a LEFT JOIN surveys_submission s ON s.id = "
               "a.submission_id WHERE s.id IS NULL") == [(0,)]  # fmt: skip
    left = "SELECT count(*) FROM surveys_allocationslot WHERE erased AND participant_id IS NULL"
    assert ask(left) == [(0,)]  # the person had not come to an arm: the place went back


@pytest.mark.nightly
def test_without_the_lock_withdrawing_while_pages_are_sent_breaks(crowd):
    # The control: a page is stored for somebody who is deleted, and the foreign key stops it.
    outcomes = Counter(crowd.together("leaving unlocked", 20))
    assert any("IntegrityError" in outcome for outcome in outcomes), outcomes


@pytest.mark.nightly
def test_an_export_of_each_database_is_complete(environment, together, ask, tmp_path):
    together("pages", 20, 1)
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
    assert "0 in participants.csv, 0 in trials.csv" in line  # none has come to an arm
    answers = (tmp_path / "x" / "not_allocated_answers.csv").read_text().splitlines()
    stored = ask(_ANSWERS.format(keyed_hash("arrival_key", "pages"))) + ask(
        _ANSWERS.format(keyed_hash("arrival_key", "pages unlocked"))
    )
    assert len(answers) - 1 == len(stored) > 0


@pytest.mark.nightly
def test_without_lock_and_constraints_the_same_arrivals_are_not_balanced(unguarded):
    # The control: if this one were balanced, the first test above would prove nothing.
    with Crowd(unguarded) as crowd:
        outcomes = crowd.together("unlocked", 60)
    with _asking(unguarded["DATABASE_URL"]) as ask:
        arms = _arms_in_order(ask, "unlocked")
    assert len(arms) == 60, Counter(outcomes)
    assert _worst_imbalance(arms) > 5


def _participants(ask: Ask, slug: str) -> int:
    ((count,),) = ask(
        "SELECT count(*) FROM surveys_participant p JOIN surveys_study s ON s.id = p.study_id "
        f"WHERE s.slug = '{slug}'"
    )
    return count


def _arms_in_order(ask: Ask, slug: str) -> list[str]:
    """The arms of a study in the order in which they were allocated."""
    rows = ask(
        "SELECT a.key FROM surveys_allocationslot p JOIN surveys_arm a ON a.id = p.arm_id "
        f"JOIN surveys_study s ON s.id = p.study_id WHERE s.slug = '{slug}' ORDER BY p.position"
    )
    return [arm for (arm,) in rows]


def _worst_imbalance(arms: list[str]) -> float:
    """Largest difference of two arms' sizes over all prefixes."""
    return max(imbalances(arms, dict.fromkeys(ARMS, 1)))


class Crowd:
    """People of several processes: tests.surveys.arrivals, at work on a database."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.surveys.arrivals"],
            cwd=Path(ROOT),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=60)  # closes its input, at which it ends

    def ask(self, *processes: list[str | int]) -> list[str]:
        """The outcomes of these processes, which run at the same time."""
        self._server.stdin.write(json.dumps(processes) + "\n")
        self._server.stdin.flush()
        outcomes: list[str] = json.loads(self._server.stdout.readline())
        return outcomes

    def together(self, mode: str, people: int, processes: int = 1) -> list[str]:
        """What became of each of many people at once."""
        share = people // processes
        return self.ask(*([mode, share, first] for first in range(0, people, share)))
