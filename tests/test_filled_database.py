"""A database filled before the packages were laid out anew: it migrates, and exports the same.

filled_database/README.md says what lies in it and how it was made. By day, tests/test_upgrades.py
lets an older database migrate and export.
"""

import csv
import io
import json
import lzma
import os
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "filled_database"
STUDIES = ("demo", "within", "judge-advisor", "recruited")
KINDS = {"none": None, "simulated_only": "only", "include_simulated": "included"}
RENAMED_STATES = {"withdrawn": "stopped"}
"""Today's word for a stored state, by the word of then."""
NEW_FILES = {"wide.csv"}
NEW_COLUMNS = dict.fromkeys(
    ("answers.csv", "block_answers.csv", "not_allocated_answers.csv"), ("part",)
) | {
    "trials.csv": ("without_picture", "time_extensions"),
    "practice.csv": ("without_picture", "time_extensions"),
    "pages.csv": ("time_extensions", "option_order"),
}
"""What exports have gained since then; the rest must be equal."""
EXPORT = """
import sys
from pathlib import Path
import django
django.setup()
from django.core.management import call_command
from surveys.export.writing import export_study
from surveys.models import Study
call_command("migrate", verbosity=0)
for part in sys.argv[2:]:
    slug, kind = part.split("/")
    simulated = {kinds!r}[kind] or "none"
    study = Study.objects.get(slug=slug)
    export_study(study=study, output=Path(sys.argv[1]) / slug / kind, simulated=simulated)
"""


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    """The exported files as they were then, by study, kind and name."""
    with tarfile.open(FOLDER / "exports.tar.xz") as archive:
        return {
            str(PurePosixPath(entry.name).relative_to("exports")): _text(archive, entry)
            for entry in archive
            if entry.isfile()
        }


@pytest.fixture(scope="module")
def after(tmp_path_factory, before) -> dict[str, str]:
    """The same files, exported by today's program from the migrated database."""
    data, output = (tmp_path_factory.mktemp(name) for name in ("data", "output"))
    filled(data / "db.sqlite3")
    parts = sorted({str(PurePosixPath(path).parent) for path in before})
    subprocess.run(
        [sys.executable, "-c", EXPORT.format(kinds=KINDS), str(output), *parts],
        check=True,
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
            "STUDY_DATA_DIR": str(data),
        },
    )
    return {
        str(path.relative_to(output)): path.read_text(encoding="utf-8")
        for path in output.rglob("*")
        if path.is_file()
    }


def filled(path: Path) -> None:
    """Write the database as it was then."""
    script = lzma.decompress((FOLDER / "database.sql.xz").read_bytes()).decode()
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def _text(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    content = archive.extractfile(entry)
    assert content is not None
    return content.read().decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def renamed(table: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with today's words for the states of participants."""
    return [
        {
            column: RENAMED_STATES.get(value, value) if column == "state" else value
            for column, value in row.items()
        }
        for row in table
    ]


def as_then(path: str, table: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without the columns that this file has gained."""
    gained = NEW_COLUMNS.get(PurePosixPath(path).name, ())
    return [{name: row[name] for name in row if name not in gained} for row in table]


def tables(files: dict[str, str]) -> dict[str, str]:
    """The tidy tables; the codebook describes them in words, which may change."""
    return {
        path: text
        for path, text in files.items()
        if path.endswith(".csv") and PurePosixPath(path).name not in {"codebook.csv", *NEW_FILES}
    }


def test_the_filled_database_holds_people_of_every_state(before):
    states = {
        row["state"]
        for path, text in before.items()
        if path.endswith("participants.csv")
        for row in rows(text)
    }
    assert states == {"started", "completed", "withdrawn"}
    assert {PurePosixPath(path).parts[0] for path in before} == set(STUDIES)


@pytest.mark.nightly
def test_every_exported_table_is_equal_after_the_migrations(before, after):
    old, new = tables(before), tables(after)
    assert old.keys() == new.keys()
    for path, text in old.items():
        gained = NEW_COLUMNS.get(PurePosixPath(path).name, ())
        header = [name for name in new[path].splitlines()[0].split(",") if name not in gained]
        assert text.splitlines()[0].split(",") == header, path
        assert renamed(rows(text)) == as_then(path, rows(new[path])), path


@pytest.mark.nightly
def test_the_codebook_describes_the_same_columns(before, after):
    for path in (path for path in before if path.endswith("codebook.csv")):
        described = [
            [
                (row["file"], row["column"])
                for row in rows(text[path])
                if row["file"] not in NEW_FILES
                and row["column"] not in NEW_COLUMNS.get(row["file"], ())
            ]
            for text in (before, after)
        ]
        assert described[0] == described[1], path


@pytest.mark.nightly
def test_nothing_that_a_study_was_launched_with_has_changed(before, after):
    for path in (path for path in before if path.endswith("manifest.json")):
        old, new = (json.loads(files[path]) for files in (before, after))
        assert new["changes"] == old["changes"] == [], path


@pytest.mark.nightly
def test_study_files_come_back_to_the_letter(before, after):
    for path in (path for path in before if path.endswith("study.toml")):
        assert before[path] == after[path]


@pytest.mark.nightly
def test_another_answer_would_be_noticed(before, after):
    path = "demo/none/answers.csv"
    table = rows(after[path])
    table[0]["value"] += "0"
    assert renamed(rows(before[path])) != table
