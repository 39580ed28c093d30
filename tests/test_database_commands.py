"""A command on a database of an older program says so in one line, whichever command it is."""

import os
import sqlite3
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from explanations.management.database import DatabaseCommand
from surveys.models import Participant
from tests.conftest import ROOT

OURS = ("explanations", "surveys", "studyplatform")
SLUG = {name: ["nothing"] for name in (
    "close_study", "data_protection", "dump_study", "forget_identifiers", "look",
    "open_study", "pause_study",
    "reconcile_recruitment", "replay_allocation", "simulate_participants", "verify_ledger",
)}  # fmt: skip
CALLS = SLUG | {
    "apply_retention": ["nothing"],
    "backup": [str(ROOT)],
    "check_integrity": [],
    "change_places": ["nothing", "--reason", "More money.", "--places", "9"],
    "erase_participant": ["nothing", "--code", "X"],
    "evaluate_explanations": ["--study", "nothing", "--output", "nowhere"],
    "export_study": ["nothing", "--output", "nowhere"],
    "list_bonuses": ["nothing", "--output", "nowhere"],
    "export_maps": ["nothing", "--output", "nowhere.zip"],
    "import_maps": [str(ROOT / "pyproject.toml")],
    "import_images": ["--data", "nowhere"],
    "load_instrument": [str(ROOT / "pyproject.toml")],
    "load_study": [str(ROOT / "pyproject.toml")],
    "precompute_explanations": ["--study", "nothing"],
    "register_classifier": ["--name", "x", "--factory", "nothing"],
    "release_study": ["nothing", "--output", "nowhere"],
    "run_analysis": ["nothing", "--output", "nowhere"],
    "session_links": ["nothing", "--session", "x", "--output", "nowhere", "--address", "https://a"],
    "unblind_study": ["nothing", "--reason", "The end."],
    "verify_explanations": [],
    "work": ["--once"],
}
"""Commands that work on the database, with the least that each can be called with."""
WITHOUT = {
    *(
        "check_release",
        "demo",
        "draw_pictures",
        "plan_power",
        "preregister",
        "reproduce_published",
        "reproduce_report",
        "restore",
        "serve",
        "train_classifier",
        "write_reference",
    ),
}
"""``demo`` migrates first; ``preregister`` can do without, and is tested below."""
ALONE = {"evaluate_explanations": ["--data", "nowhere", "--output", "out"],
         "run_analysis": ["--table", "nowhere", "--output", "out"],
         "replay_allocation": ["nowhere.csv"]}  # fmt: skip


def said(command, arguments):
    """What the command refuses with; empty if it does its work."""
    try:
        call_command(command, *arguments, verbosity=0)
    except CommandError as error:
        return str(error)
    return ""


@pytest.fixture
def older(db):
    """The database as it is, but without a note that the last migration of surveys was applied."""
    graph = MigrationExecutor(connection).loader.graph
    (last,) = graph.leaf_nodes("surveys")
    MigrationRecorder(connection).record_unapplied(*last)
    return ".".join(last)


def test_every_command_of_ours_is_here():
    ours = {name for name, app in get_commands().items() if app in OURS}
    assert ours == CALLS.keys() | WITHOUT
    for name in CALLS:
        assert isinstance(load_command_class(get_commands()[name], name), DatabaseCommand)


@pytest.mark.parametrize("command", CALLS)
def test_it_says_what_is_not_applied_and_what_mends_it(older, command):
    assert said(command, CALLS[command]) == (
        "The database is older than the program: 1 of the program's migrations is not applied, "
        f"{older} first. Run manage.py migrate, then repeat the command."
    )


@pytest.mark.parametrize("command", CALLS)
def test_on_the_programs_own_database_it_says_nothing_of_that(db, command):
    assert "migrat" not in said(command, CALLS[command])


@pytest.mark.parametrize("command", ALONE)
def test_what_works_on_files_alone_asks_no_database(older, command):
    answer = said(command, ALONE[command])
    assert answer
    assert "migrat" not in answer


def test_a_database_without_tables_and_none_at_all_are_told_apart(db, monkeypatch):
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: {})
    assert said("open_study", ["nothing"]).startswith("The database has no tables yet. Run manage")

    def refused(self):
        raise OperationalError("connection failed:\n  is the server running?")

    monkeypatch.setattr(MigrationRecorder, "applied_migrations", refused)
    assert said("open_study", ["nothing"]) == (
        "The database does not answer. Start it, or correct DATABASE_URL. Its error: connection "
        "failed: is the server running?"
    )


class Failing(DatabaseCommand):
    """A command whose database fails with a code of SQLite."""

    code = sqlite3.SQLITE_FULL

    def handle(self, *args, **options):
        try:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = self.code
            raise error
        except sqlite3.OperationalError as error:
            raise OperationalError(*error.args) from error


def test_a_full_disk_ends_a_command_with_a_sentence(db):
    with pytest.raises(CommandError) as told:
        call_command(Failing())
    assert str(told.value) == (
        "The database has failed: database or disk is full. Check that it answers and that its "
        "disk has free space, then repeat the command."
    )
    # The control: a mistake of the program keeps its traceback.
    mistaken = Failing()
    mistaken.code = sqlite3.SQLITE_ERROR
    with pytest.raises(OperationalError):
        call_command(mistaken)


def test_an_older_database_does_not_pass_for_a_study_without_data(older, monkeypatch, tmp_path):
    arguments = [str(ROOT / "studies" / "demo.toml"), "--output", str(tmp_path)]

    def no_such_column(*_, **__):
        raise DatabaseError("no such column")

    monkeypatch.setattr(Participant.objects, "filter", no_such_column)
    assert "older than the program" in said("preregister", arguments)
    # The control: where there are no tables, nobody can have taken part.
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self: {})
    assert said("preregister", arguments) == ""
    assert "without access to the database" in (tmp_path / "preregistration.md").read_text()


@pytest.mark.nightly
def test_on_a_real_older_database_there_is_no_traceback(tmp_path):
    def manage(*arguments):
        environment = {**os.environ, "STUDY_DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert manage("migrate", "surveys", "0011", "-v0").returncode == 0
    refused = manage("open_study", "small")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "is older than the program" in refused.stderr
    assert "migrations are not applied" in refused.stderr
    # The control: without the look beforehand, the missing column comes as a traceback.
    raw = manage("shell", "-v0", "-c", "from surveys.models import Stimulus, StudyVersion; "
                 "print(StudyVersion.objects.count())")  # fmt: skip
    assert "Traceback" in raw.stderr
    assert manage("migrate", "-v0").returncode == 0
    assert manage("open_study", "small").stderr.startswith("CommandError: There is no study")
