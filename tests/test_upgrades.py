"""Databases of earlier states migrate, agree, export the same, and let people go on (R15).

upgrades/README.md says what lies in them and how they were made.
"""

import csv
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.upgrades.multiplied import (
    FOLDER,
    OLDEST,
    SESSIONS,
    cells,
    environment,
    filled,
    multiply,
    seconds_to_migrate,
)

LATER = ("1ebe8d9d", "7df558b7")
RENAMED = {"withdrawn": "stopped"}
"""Today's word for a stored state, by the word of then."""
GO_ON = """
import json, sys
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from django.test.utils import setup_test_environment
call_command("migrate", verbosity=0)
setup_test_environment()
from surveys.export.writing import export_study
from surveys.models import Participant, Study
from surveys.services.integrity import problems
from surveys.simulation.browser import Browser
from tests.surveys.people import begin, go_on
study = Study.objects.get()
export_study(study=study, output=Path(sys.argv[1]))
told = {"problems": list(problems()), "ended": {}}
for pseudonym in json.loads(sys.argv[2]):
    person = Participant.objects.get(pseudonym=pseudonym)
    sent = person.submissions.count()
    browser = Browser()
    go_on(browser, browser.open(f"/p/{person.code}/"))
    person.refresh_from_db()
    told["ended"][pseudonym] = [person.state, sent, person.submissions.count()]
_, page, newcomer = begin(study)
go_on(Browser(), page)
told["newcomer"] = newcomer.consent_version
told["after"] = list(problems())
print(json.dumps(told))
"""


def described(commit: str) -> dict[str, int]:
    """The people who are half-way, with the number of pages that they have sent."""
    return json.loads((FOLDER / f"{commit}.json").read_text())["half_way"]


@pytest.fixture(
    scope="module",
    params=[OLDEST, *(pytest.param(name, marks=pytest.mark.nightly) for name in LATER)],
)
def upgraded(request, tmp_path_factory) -> tuple[str, dict, Path]:
    """The commit, what today's program told, and what it exported."""
    commit, data = request.param, tmp_path_factory.mktemp("data")
    filled(commit, data / "db.sqlite3")
    return commit, gone_on(data, list(described(commit))), data / "export"


def gone_on(data: Path, half_way: list[str]) -> dict[str, Any]:
    """Return what today's program tells, with which these people and a newcomer go on."""
    done = subprocess.run(
        [sys.executable, "-c", GO_ON, str(data / "export"), json.dumps(half_way)],
        cwd=ROOT, env=environment(data), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_database_here_is_tried():
    there = {path.name.partition(".")[0] for path in FOLDER.glob("*.sql.xz")}
    assert there == {OLDEST, *LATER}


def test_everything_agrees_before_and_after_people_go_on(upgraded):
    _, told, _ = upgraded
    assert told["problems"] == told["after"] == []


def test_people_half_way_go_on_where_they_were_and_complete_the_study(upgraded):
    commit, told, _ = upgraded
    assert described(commit)
    for pseudonym, (state, sent, all_pages) in told["ended"].items():
        assert state == "completed"
        assert sent == min(described(commit)[pseudonym], all_pages)
    assert told["newcomer"]


def tables(commit: str, folder: Path) -> tuple[dict[str, list], dict[str, list]]:
    """The exported rows of then and of now, by file."""
    then, now = {}, {}
    with tarfile.open(FOLDER / f"{commit}.exports.tar.xz") as archive:
        for entry in archive:
            if entry.name in {"codebook.csv", "wide.csv"}:
                continue  # the codebook describes the others, and wide repeats them
            content = archive.extractfile(entry).read().decode()
            then[entry.name] = list(csv.DictReader(io.StringIO(content, newline="")))
            text = (folder / entry.name).read_text(encoding="utf-8")
            now[entry.name] = list(csv.DictReader(io.StringIO(text, newline="")))
    return then, now


def departures(then: list[dict[str, str]], now: list[dict[str, str]]) -> list[str]:
    """Name each row and column of then that is not there as it was. More columns are welcome."""
    if len(then) != len(now):
        return [f"{len(then)} rows have become {len(now)}"]
    return [
        f"row {number}, {column}: {value!r} has become {new.get(column)!r}"
        for number, (old, new) in enumerate(zip(then, now, strict=True), start=1)
        for column, value in old.items()
        if RENAMED.get(value, value) != new.get(column) and value != new.get(column)
    ]


def test_every_exported_cell_of_then_is_there_as_it_was(upgraded):
    commit, _, folder = upgraded
    then, now = tables(commit, folder)
    assert {"participants.csv", "trials.csv", "answers.csv", "pages.csv"} <= then.keys()
    found = {name: departures(then[name], now[name])[:5] for name in then}
    assert {name: told for name, told in found.items() if told} == {}


def test_a_lost_row_and_a_changed_cell_would_be_noticed(upgraded):
    """Control."""
    commit, _, folder = upgraded
    then, now = tables(commit, folder)
    assert departures(then["answers.csv"], now["answers.csv"][1:])
    changed = [{**row, "value": "x"} for row in now["answers.csv"]]
    assert departures(then["answers.csv"], changed)


SEALED = {
    ("surveys_participant", "arrival_key"),
    ("surveys_participant", "code"),
    ("surveys_participant", "personal_code"),
    ("surveys_study", "allocation_secret"),
    ("surveys_ledgerentry", "content"),
}
"""What lay readable in the oldest state. It is encrypted now, and arrival keys are hashed."""


def different(then: Path, now: Path) -> dict[tuple[str, str], int]:
    """Return how many cells of then are not there as they were, by table and column."""
    new = {(table, column): dict(values) for table, column, values in cells(now)}
    return {
        (table, column): count
        for table, column, values in cells(then)
        if (
            count := sum(
                RENAMED.get(cell, cell) != new.get((table, column), {}).get(row)
                and cell != new.get((table, column), {}).get(row)
                for row, cell in values
            )
        )
    }


@pytest.mark.nightly
def test_ten_thousand_sessions_are_upgraded_and_people_go_on(tmp_path):
    """R15: nothing is lost or changed but what is sealed, and an upgrade takes minutes at most."""
    then, now = tmp_path / "then.sqlite3", tmp_path / "db.sqlite3"
    filled(OLDEST, now)
    multiply(now, SESSIONS)
    then.write_bytes(now.read_bytes())
    seconds, processor = seconds_to_migrate(tmp_path)
    changed = different(then, now)
    assert set(changed) == SEALED
    assert changed["surveys_participant", "code"] == SESSIONS - 2  # two were erased
    with closing(sqlite3.connect(then)) as database:
        half_way = [
            pseudonym
            for (pseudonym,) in database.execute(
                "SELECT pseudonym FROM surveys_participant WHERE state = 'started' "
                "ORDER BY id DESC LIMIT 12"
            )
        ]
        answers = database.execute(
            "SELECT count(*) FROM surveys_answer WHERE questionnaire != ''"
        ).fetchone()[0]
    told = gone_on(tmp_path, half_way)
    assert told["problems"] == told["after"] == []
    assert {state for state, _, _ in told["ended"].values()} == {"completed"}
    assert min(sent for _, sent, _ in told["ended"].values()) > 0
    with (tmp_path / "export" / "answers.csv").open(newline="", encoding="utf-8") as file:
        assert sum(1 for _ in csv.reader(file)) == 1 + answers
    assert seconds < 600, f"{seconds:.0f} s, {processor:.0f} s of processor time"
    # Control: a cell that an upgrade would change by mistake is named.
    with closing(sqlite3.connect(now)) as database, database:
        database.execute("UPDATE surveys_answer SET value = 'x' WHERE id = 5000")
    assert different(then, now)["surveys_answer", "value"] >= 1
