"""What was confirmed before a backup began is in it and comes back as it was, on both databases."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from explanations.pipeline.pictures import legend_picture
from surveys.models import AllocationSlot, Participant, Study
from surveys.services.integrity import problems
from tests.conftest import ROOT
from tests.postgres import postgres
from tests.surveys.drawn import drawn_study
from tests.surveys.factories import without_triggers
from tests.surveys.people import begin, go_on

__all__ = ["postgres"]  # a fixture that starts a server
WRITE = """
import sys
from pathlib import Path
import django
django.setup()
from django.test import Client
from django.test.utils import setup_test_environment
from tests.migrated import migrate
migrate()
setup_test_environment()
from surveys import services
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on
study = drawn_study(Path(sys.argv[1]))
for pages in (1, 4, None):
    browser, page, person = begin(study)
    go_on(browser, page, pages)
print("begun", flush=True)
for number in range(10_000):
    person = services.enrol(study=study, arrival_key=f"meanwhile {number}")
    factories.walk(person, pages=1)
    print(person.pseudonym, flush=True)
"""

COMMANDS = """
import io, json, sys
import django
django.setup()
from django.core.management import CommandError, call_command
said = []
for command in json.loads(sys.argv[1]):
    out = io.StringIO()
    try:
        call_command(*command, stdout=out, stderr=out)
    except CommandError as error:
        out.write(f"refused: {error}")
    said.append(out.getvalue())
print(json.dumps(said))
"""


def environment(url: str, data: Path) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": url, "STUDY_DATA_DIR": str(data), "STUDY_DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
    }  # fmt: skip


def manage(variables: dict[str, str], *commands: list[str]) -> list[str]:
    """What each command says, or is refused with, in a process that loads the libraries once."""
    done = subprocess.run(
        [sys.executable, "-c", COMMANDS, json.dumps(commands)],
        cwd=ROOT, env=variables, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def people(url: str) -> set[str]:
    if url.startswith("postgresql"):
        with psycopg.connect(url) as database:
            return {row[0] for row in database.execute("SELECT pseudonym FROM surveys_participant")}
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        return {row[0] for row in database.execute("SELECT pseudonym FROM surveys_participant")}


ON_POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.nightly])


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def databases(request, tmp_path) -> tuple[str, str]:
    """The addresses of a database to fill, and of an empty one to restore into."""
    if request.param == "sqlite":
        names = (tmp_path / "old.sqlite3", tmp_path / "new.sqlite3")
        return f"sqlite:///{names[0]}", f"sqlite:///{names[1]}"
    server = request.getfixturevalue("postgres")
    return server.new_database(), server.new_database()


def test_a_backup_under_load_is_restored_with_every_confirmed_person(databases, tmp_path):
    old, new = (
        environment(url, tmp_path / name) for url, name in zip(databases, "ab", strict=True)
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path)],
        cwd=ROOT, env=old, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        confirmed = [writer.stdout.readline().strip() for _ in range(6)][1:]
        drawn = tmp_path / "a" / "pictures" / "ab" / f"{'ab' * 32}.png"
        drawn.parent.mkdir(parents=True)
        drawn.write_bytes(b"can be drawn again")
        (said,) = manage(old, ["backup", str(tmp_path / "backup")])
        assert "verified" in said
    finally:
        writer.kill()
        writer.communicate()
    restore = ["restore", str(tmp_path / "backup")]
    # Nothing is replaced: the second time is refused.
    done, agrees, refused = manage(new, restore, ["check_integrity"], restore)
    assert "Restored" in done
    assert "Everything agrees" in agrees
    assert refused.startswith("refused:")
    assert "not empty" in refused or "already" in refused
    restored = people(databases[1])
    assert set(confirmed) < restored <= people(databases[0])
    images = {path.relative_to(tmp_path / "a") for path in (tmp_path / "a" / "images").rglob("*")}
    assert images
    assert all((tmp_path / "b" / path).exists() for path in images)
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text())
    assert manifest["tables"]["surveys_participant"][0] == len(restored)
    assert any(name.startswith("data/images/") for name in manifest["files"])
    assert not any(name.startswith("data/pictures/") for name in manifest["files"])
    damaged = next((tmp_path / "backup" / "data" / "images").rglob("*.*"))
    damaged.write_bytes(b"x")
    (refused,) = manage(environment(databases[1], tmp_path / "c"), restore)
    assert refused.startswith("refused:")
    assert "damaged or missing" in refused


@pytest.fixture
def lived(db, tmp_path) -> Study:
    study = drawn_study(tmp_path)
    for pages in (1, 4, None):
        browser, page, _ = begin(study)
        go_on(browser, page, pages)
    return study


def test_a_study_that_was_left_alone_agrees(lived):
    assert list(problems()) == []
    assert "Everything agrees: 1 studies" in call_command("check_integrity")


FAULTS = {
    "UPDATE surveys_participant SET code_hash = 'x' || id": "does not fit its hash",
    "UPDATE surveys_participant SET state = 'completed', finished_at = consented_at, "
    "completion_code = 'X' WHERE state = 'started'": "but lacks the page",
    "UPDATE surveys_submission SET trial_id = (SELECT max(id) FROM surveys_trial) "
    "WHERE trial_id = (SELECT min(trial_id) FROM surveys_submission)": "a trial of somebody else",
    "DELETE FROM surveys_ledgerentry WHERE sequence = 2": "is not intact",
    "UPDATE surveys_allocationslot SET arm_id = NULL, position = NULL, block = NULL, place = NULL "
    "WHERE position = 1": "has an arm, but no place in it",
}


def test_each_fault_is_said_in_words(lived):
    for statement, said in FAULTS.items():
        with transaction.atomic():
            with without_triggers(), connection.cursor() as cursor:
                cursor.execute(statement)
            with pytest.raises(CommandError, match=said):
                call_command("check_integrity")
            transaction.set_rollback(True)
    assert list(problems()) == []


def test_a_missing_image_is_named(lived, settings):
    for path in (settings.DATA_DIR / "images").rglob("*.png"):
        path.unlink()
    with pytest.raises(CommandError, match="of a study has no file"):
        call_command("check_integrity")
    assert Participant.objects.exists()
    assert AllocationSlot.objects.exists()


def test_a_damaged_picture_is_named_and_a_missing_one_is_not(lived):
    path = legend_picture("lime").stored()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CommandError, match=f"The picture {path} is damaged"):
        call_command("check_integrity")
    path.unlink()
    assert "Everything agrees" in call_command("check_integrity")
