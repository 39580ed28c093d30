"""An upgrade that cannot go on is refused before anything is changed, and a server does not start.

upgrades/README.md says where the database of an earlier state comes from.
"""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from studyplatform import upgrade
from surveys import services
from surveys.models import Study
from tests.conftest import ROOT
from tests.surveys.drawn import drawn_study
from tests.test_upgrades import OLDEST, filled

NEWER = (
    "The database was written by a newer version of the program, which has 1 migration that this "
    "version does not know, surveys.9999_of_next_year first. Install that version again, or "
    "restore the backup from before its upgrade. Nothing was changed."
)
UNKNOWN_KEY = "[pages]\nseen_next_year = true\n"


@pytest.fixture(autouse=True)
def _connections_stay_open(monkeypatch):
    """The tests' own transaction must not end with the look of a server."""
    monkeypatch.setattr(type(upgrade.connections), "close_all", lambda self: None)


@pytest.fixture
def newer(db) -> None:
    MigrationRecorder(connection).record_applied("surveys", "9999_of_next_year")


@pytest.fixture
def running(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def declare(study: Study, old: str, new: str) -> None:
    """Change the stored file as a later version could have written it."""
    assert old in study.source
    Study.objects.filter(pk=study.pk).update(source=study.source.replace(old, new))


def refused(command: str, *arguments: str) -> str:
    """The refusal, before which no row was written."""
    with CaptureQueriesContext(connection) as asked, pytest.raises(CommandError) as told:
        call_command(command, *arguments, verbosity=0)
    written = [
        one["sql"] for one in asked if not one["sql"].strip().startswith(("SELECT", "PRAGMA"))
    ]
    assert written == []
    return str(told.value)


def test_a_database_of_a_newer_version_is_refused_by_migrate_commands_and_servers(newer):
    assert refused("migrate") == f"The database was not migrated.\n{NEWER}"
    assert refused("check_integrity") == NEWER
    with pytest.raises(ImproperlyConfigured, match="does not start") as told:
        upgrade.refuse_unservable()
    assert NEWER in str(told.value)


def test_migrations_of_a_package_that_is_not_installed_any_more_are_no_reason(db):
    MigrationRecorder(connection).record_applied("removed_package", "0001_initial")
    call_command("migrate", verbosity=0)
    upgrade.refuse_unservable()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[pages]\n", UNKNOWN_KEY, "seen_next_year"),
        ('"comments-v1"', '"comments-v9"', "comments-v9"),
        ('method = "lime"', 'method = "of_a_package"', "of_a_package"),
    ],
)
def test_a_running_study_that_this_version_cannot_show_stops_the_upgrade(running, old, new, told):
    call_command("migrate", verbosity=0)  # the control: as it is, it does not
    declare(running, old, new)
    said = refused("migrate")
    assert said.startswith("The database was not migrated.\nThe study 'drawn' is open, and this")
    assert told in said
    assert "Close the study with the version that runs now" in said
    with pytest.raises(ImproperlyConfigured, match=told):
        upgrade.refuse_unservable()


def test_a_paused_study_counts_and_a_closed_one_does_not(running):
    declare(running, "[pages]\n", UNKNOWN_KEY)
    study = Study.objects.get()
    services.pause_study(study=study)
    assert "'drawn' is paused" in refused("migrate")
    Study.objects.update(state=Study.State.CLOSED)
    call_command("migrate", verbosity=0)
    upgrade.refuse_unservable()


def test_a_database_that_does_not_answer_is_left_to_the_health_check(db, monkeypatch):
    def no_answer(*_, **__):
        raise OperationalError("connection failed")

    monkeypatch.setattr(upgrade, "MigrationLoader", no_answer)
    upgrade.refuse_unservable()


def manage(data: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "STUDY_DATA_DIR": str(data), "STUDY_DEBUG": "0",
                   "STUDY_SECRET_KEY": "k" * 50, "STUDY_ALLOWED_HOSTS": "127.0.0.1",
                   "DJANGO_SETTINGS_MODULE": "studyplatform.settings"}  # fmt: skip
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=False,
                          capture_output=True, text=True, timeout=120)  # fmt: skip


@pytest.mark.nightly
def test_an_earlier_database_with_a_study_beyond_this_version_stays_as_it_was(tmp_path):
    database = tmp_path / "db.sqlite3"
    filled(OLDEST, database)
    with closing(sqlite3.connect(database)) as rows:
        ((source,),) = rows.execute("SELECT source FROM surveys_study").fetchall()
        rows.execute("UPDATE surveys_study SET source = ?", [source + '\n[next_year]\nkey = "x"\n'])
        rows.commit()
        before = list(rows.iterdump())
    done = manage(tmp_path, "manage.py", "migrate")
    assert done.returncode == 1
    assert "next_year" in done.stderr
    assert "Traceback" not in done.stderr
    with closing(sqlite3.connect(database)) as rows:
        assert list(rows.iterdump()) == before
        # The control: the same database with the file of then is migrated.
        rows.execute("UPDATE surveys_study SET source = ?", [source])
        rows.commit()
    assert manage(tmp_path, "manage.py", "migrate").returncode == 0


@pytest.mark.nightly
def test_gunicorn_on_a_newer_database_ends_with_the_sentence_alone(tmp_path):
    assert manage(tmp_path, "-m", "tests.migrated").returncode == 0
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as rows:
        rows.execute("INSERT INTO django_migrations (app, name, applied) VALUES "
                     "('surveys', '9999_of_next_year', '2027-01-01 00:00:00')")  # fmt: skip
        rows.commit()
    done = manage(tmp_path, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--bind",
                  "127.0.0.1:0", "studyplatform.wsgi")  # fmt: skip
    assert done.returncode == 1
    assert NEWER in done.stderr
    assert "Traceback" not in done.stderr
