"""People who only follow forms, all at once, through the demo study as gunicorn serves it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.load_on_postgresql import allocations, loaded, two_groups, worst_imbalance
from benchmarks.served import DEMO, served
from tests.postgres import postgres

__all__ = ["postgres"]

PATIENCE = 540  # seconds, on a machine that is busy with other things


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(folder) -> Iterator[str]:
    """The demo study with three trials on SQLite, served by four threads."""
    with served(folder, "--workers", "1", create=DEMO.format(shortened=True)) as address:
        yield address


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "data" / "db.sqlite3")) as database:
        return database.execute(query).fetchall()


@pytest.mark.nightly
def test_six_people_who_only_follow_forms_go_through_the_demo_study_at_once(address, folder):
    go_through(address, folder, 6, trials=3)


@pytest.mark.nightly
def test_sixty_people_who_only_follow_forms_go_through_the_demo_study_at_once(tmp_path):
    with served(tmp_path) as address:
        go_through(address, tmp_path, 60, trials=12)


def go_through(address: str, folder: Path, people: int, *, trials: int) -> None:
    times = load.run(lambda: f"{address}/s/demo/", people, PATIENCE, each=1)
    assert times.errors == []
    assert times.finished == people
    states = rows(folder, "SELECT state FROM surveys_participant")
    assert states == [("completed",)] * people
    pages = rows(folder, "SELECT count(*) FROM surveys_submission GROUP BY participant_id")
    assert len(pages) == people
    assert len(set(pages)) == 1  # nobody lost or doubled a page
    # Arriving at once unbalanced nothing: the largest block has every arm twice.
    arms = [n for (n,) in rows(folder, "SELECT count(*) FROM surveys_participant GROUP BY arm_id")]
    assert max(arms) - min(arms) <= 2
    assert len(times.pictures) >= trials * people


@pytest.mark.nightly
def test_a_server_that_refuses_pages_is_an_error(address):
    """Control."""
    times = load.run(lambda: f"{address}/s/unknown/", 2, 60, each=1)
    assert times.errors == ["GET was answered with status 404."] * 2
    assert times.finished == 0


@pytest.mark.nightly
def test_only_servers_of_this_machine_are_loaded_and_only_within_bounds():
    times = load.run(lambda: "http://study.example.org/s/demo/", 1, 5, each=1)
    assert times.errors == ["http://study.example.org/s/demo/ is not on this machine."]
    for people, seconds in ((501, 10), (0, 10), (10, 601), (10, 0)):
        with pytest.raises(ValueError, match="at most 500 people and 600 seconds"):
            load.run(lambda: "http://127.0.0.1/", people, seconds)


@pytest.mark.nightly
@pytest.mark.postgres
def test_people_who_move_between_two_groups_of_servers_lose_nothing(tmp_path, postgres):
    """R17 and two machines' worth of processes, in small: every page may go to either port."""
    create = DEMO.format(shortened=True)
    people = 8
    with two_groups(tmp_path, postgres.new_database(), "--workers", "1", create=create) as groups:
        times = loaded(groups, people, PATIENCE, 0, each=1)
        assert times.errors == []
        assert times.finished == people
        assert times.moves > people  # else nobody went from one port to the other
        drawn, arms = allocations(groups.database)
    assert len(drawn) == people
    # The largest block of the demo study has every arm twice.
    assert worst_imbalance(drawn, arms) <= 2


@pytest.mark.nightly
def test_the_worst_imbalance_is_that_of_any_moment_and_stratum():
    assert worst_imbalance([], 2) == 0
    assert worst_imbalance([("", 1), ("", 2), ("", 2), ("", 1)], 2) == 1
    # Balanced at the end, but not on the way.
    assert worst_imbalance([("", 1)] * 3 + [("", 2)] * 3, 2) == 3
    # Each stratum counts for itself.
    assert worst_imbalance([("a", 1), ("b", 1), ("a", 2), ("b", 2)], 2) == 1
