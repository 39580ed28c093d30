"""The counts of attempts: they hold over processes, end, and forget."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from studyplatform.accounts import throttle
from studyplatform.accounts.throttle import Limit
from studyplatform.models import Attempt
from surveys.web.client_address import client_address
from tests.conftest import ROOT
from tests.postgres import postgres

__all__ = ["postgres"]
LIMIT = Limit("test", 5, timedelta(minutes=15))


def test_a_window_ends(db):
    assert [throttle.allows(LIMIT, "a") for _ in range(6)] == [True] * 5 + [False]
    Attempt.objects.update(since=timezone.now() - timedelta(minutes=16))
    assert throttle.allows(LIMIT, "a")
    assert Attempt.objects.get().count == 1


def test_subjects_count_apart(db):
    for _ in range(6):
        throttle.allows(LIMIT, "anna", "192.0.2.1")
    assert throttle.allows(LIMIT, "anna", "192.0.2.2")
    assert throttle.allows(LIMIT, "ben", "192.0.2.1")
    assert not throttle.allows(LIMIT, "anna", "192.0.2.1")


def test_a_success_gives_one_attempt_back_or_all(db):
    for _ in range(5):
        throttle.allows(LIMIT, "a")
    throttle.give_back(LIMIT, "a")
    assert [throttle.allows(LIMIT, "a") for _ in range(2)] == [True, False]
    throttle.forget(LIMIT, "a")
    assert throttle.allows(LIMIT, "a")


def test_old_counts_are_deleted(db):
    throttle.allows(LIMIT, "a")
    Attempt.objects.update(since=timezone.now() - timedelta(days=2))
    throttle.allows(LIMIT, "b")
    assert Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_a_household_with_ipv6_counts_as_one_address(rf, sent, counted):
    assert client_address(rf.get("/", REMOTE_ADDR=sent)) == counted


@pytest.mark.parametrize(
    "database",
    [
        pytest.param("sqlite", marks=pytest.mark.nightly),
        pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.nightly]),
    ],
)
def test_attempts_from_two_processes_at_the_same_moment_share_one_limit(
    database, request, tmp_path
):
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    environment = os.environ | {"DATABASE_URL": url, "STUDY_DATA_DIR": str(tmp_path / "var")}
    command = [sys.executable, "-m", "tests.panel.guessing"]
    subprocess.run([*command, "prepare"], env=environment, cwd=ROOT, check=True)
    processes = [
        subprocess.Popen(
            command, env=environment, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert allowed(processes) == 5
    # The control: looking first and counting afterwards lets parallel attempts through.
    assert allowed(processes) > 5
    for process in processes:
        process.communicate(timeout=60)


def allowed(processes: list[subprocess.Popen[str]]) -> int:
    """How many attempts of the processes, each with eight threads, are allowed."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return sum(int(process.stdout.readline()) for process in processes)
