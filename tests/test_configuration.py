"""A server starts only when it is configured, and only with the database that was meant."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.core.exceptions import ImproperlyConfigured

from studyplatform import server
from studyplatform.databases import database
from tests.conftest import ROOT

KEY = "k" * 50
COMPLETE = {"STUDY_SECRET_KEY": KEY, "STUDY_ALLOWED_HOSTS": "study.example.org"}
DATA = Path("/data")


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "STUDY_DATA_DIR": str(tmp_path / "var"),
        "OMP_NUM_THREADS": "1",
        **variables,
    }


def imported(tmp_path: Path, **variables: str) -> str:
    """The last words of a process that imports the application, as any server does."""
    result = subprocess.run(
        [sys.executable, "-c", "import studyplatform.wsgi"],
        capture_output=True, text=True, cwd=ROOT, env=environment(tmp_path, **variables),
    )  # fmt: skip
    return "" if result.returncode == 0 else result.stderr.partition("ImproperlyConfigured:")[2]


def test_without_variables_the_application_does_not_start_and_says_what_to_set(tmp_path):
    words = imported(tmp_path)
    assert words.startswith(" The server does not start.")
    for name in ("STUDY_DEBUG", "STUDY_SECRET_KEY", "STUDY_ALLOWED_HOSTS", "make serve"):
        assert name in words


def test_with_key_and_hosts_it_starts(tmp_path):
    """Control."""
    assert imported(tmp_path, **COMPLETE) == ""


@pytest.fixture
def configured(settings):
    settings.DEBUG, settings.SECRET_KEY, settings.ALLOWED_HOSTS = False, KEY, ["a.example.org"]
    return settings


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("DEBUG", True, "set STUDY_DEBUG=0"),
        ("SECRET_KEY", "for-development-on-this-machine-only", "STUDY_SECRET_KEY is empty"),
        ("SECRET_KEY", "short", "STUDY_SECRET_KEY has 5 characters"),
        ("ALLOWED_HOSTS", [], "STUDY_ALLOWED_HOSTS is empty"),
        ("ALLOWED_HOSTS", ["*"], r"STUDY_ALLOWED_HOSTS contains \*"),
    ],
)
def test_each_missing_setting_stops_the_server(configured, name, value, wanted):
    assert server.problems() == []
    setattr(configured, name, value)
    with pytest.raises(ImproperlyConfigured, match=wanted):
        server.refuse_development()


def gunicorn(tmp_path: Path, *options: str, **variables: str):
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "--workers", "1", "studyplatform.wsgi"],
        cwd=ROOT, env=environment(tmp_path, **variables), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_gunicorn_without_variables_ends_with_the_sentence_alone(tmp_path):
    process = gunicorn(tmp_path, "--bind", f"127.0.0.1:{free_port()}")
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "STUDY_SECRET_KEY is empty" in words
    assert "Traceback" not in words


@pytest.mark.nightly
def test_gunicorn_with_key_and_hosts_answers_without_debug(tmp_path):
    """Control of the test above."""
    port = free_port()
    process = gunicorn(tmp_path, "--bind", f"127.0.0.1:{port}", STUDY_HTTPS="0", **COMPLETE)
    request = Request(f"http://127.0.0.1:{port}/health/", headers={"Host": "study.example.org"})
    words = ""
    try:
        for _ in range(100):
            try:
                with urlopen(request, timeout=5) as answer:
                    words = answer.read().decode()
            except HTTPError as refused:
                words = refused.read().decode()
            except OSError:
                time.sleep(0.3)
                continue
            break
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert words == "The database does not answer or is not migrated.\n"


def test_a_file_of_sqlite_and_a_database_of_postgresql_are_what_the_url_names():
    assert database("", DATA)["NAME"] == "/data/db.sqlite3"
    assert database("sqlite:////srv/x.sqlite3", DATA)["NAME"] == "/srv/x.sqlite3"
    found = database("postgresql://u:p%23w@h:5433/x?sslmode=require", DATA)
    assert [found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "u", "p#w", "h", "5433", "x",
    ]  # fmt: skip
    assert found["OPTIONS"] == {"sslmode": "require"}
    assert database("postgresql:///x", DATA)["HOST"] == ""


@pytest.mark.parametrize(
    "url",
    [
        "study.sqlite3",
        "/srv/x.sqlite3",
        "postgres//u:secret@h/x",
        "postgresql:u:secret@h/x",
        "postgresql:/u:secret@h/x",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h/",
        "postgresql://u:secret@h/x/y",
        "postgresql://u:secret@h:port/x",
        "postgresql://h/x",
        "postgresql://u:sec#ret@h/x",
        "postgresql://u:secret@h/x?sslmod=require",
        "sqlite://study.sqlite3",
        "sqlite:///study.sqlite3",
        "sqlite:study.sqlite3",
        "sqlite:////srv/",
        "sqlite:////srv/../x.sqlite3",
        " sqlite:////srv/x.sqlite3",
        "mysql://u:secret@h/x",
        "http://[h/x",
    ],
)
def test_any_other_url_is_refused_with_the_cure_and_without_its_password(url):
    with pytest.raises(ImproperlyConfigured) as refused:
        database(url, DATA)
    words = str(refused.value)
    assert words.startswith("DATABASE_URL is")
    assert "postgresql://USER:PASSWORD@HOST:PORT/NAME" in words
    assert "secret" not in words
