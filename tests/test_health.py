import pytest
from django.db.utils import ConnectionHandler
from django.test import Client

from studyplatform import health


@pytest.fixture
def ask(db, settings):
    settings.DATA_DIR.mkdir(parents=True)
    return lambda: Client().get("/health/")


def test_a_server_that_works_says_so(ask):
    answer = ask()
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert "no-store" in answer["Cache-Control"]


def test_a_database_that_does_not_answer_is_said(ask, monkeypatch, tmp_path):
    engine = "django.db.backends.sqlite3"
    nowhere = {"default": {"ENGINE": engine, "NAME": tmp_path / "no folder" / "db.sqlite3"}}
    monkeypatch.setattr(health, "connection", ConnectionHandler(nowhere)["default"])
    answer = ask()
    assert answer.status_code == 503
    assert answer.content == b"The database does not answer or is not migrated.\n"


def test_a_data_folder_that_is_not_there_is_said(ask, settings):
    settings.DATA_DIR.rmdir()
    assert (ask().status_code, ask().content) == (503, b"The data folder is missing.\n")


def test_a_disk_that_is_nearly_full_is_said(ask, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE", 10**18)
    answer = ask()
    assert answer.status_code == 503
    assert b"MB left" in answer.content


def test_health_is_read_and_nothing_else(ask):
    ask()
    assert Client().post("/health/").status_code == 405
