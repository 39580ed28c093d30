"""The pages played in random order on both databases: what is stored always equals the model.

make test plays a few runs on SQLite. make nightly plays more, on PostgreSQL as well;
STUDY_MACHINE_RUNS=200 as many, and other ones each time.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

FEW = 6  # the fewest in which each outcome occurs
RUNS = int(os.environ.get("STUDY_MACHINE_RUNS", "30"))


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.nightly]),
    ]
)
def environment(request, tmp_path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    return os.environ | {"DATABASE_URL": url, "STUDY_DATA_DIR": str(tmp_path / "var")}


def _play(
    environment: dict[str, str], folder: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.surveys.pagesmachine", str(folder), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("runs", [FEW, pytest.param(RUNS, marks=pytest.mark.nightly)])
def test_in_any_order_the_database_equals_the_model(environment, tmp_path, runs):
    played = _play(environment, tmp_path, str(runs))
    assert played.returncode == 0, played.stdout[-5000:]
    counts = json.loads(played.stdout)
    assert counts["runs"] == runs
    # Each outcome occurred, or the runs would prove little; a few runs do not come to all of them.
    seldom = {"refused", "lapsed"} if runs >= RUNS else set()
    assert counts.keys() >= {"recorded", "replayed", "conflict"} | seldom, counts


@pytest.mark.nightly
def test_a_service_that_overwrites_answers_is_found_out(tmp_path):
    # The control: if this one passed, the test above would prove nothing.
    url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    environment = os.environ | {"DATABASE_URL": url, "STUDY_DATA_DIR": str(tmp_path / "var")}
    played = _play(environment, tmp_path, str(RUNS), "overwriting")
    assert played.returncode != 0
    assert "assert answers == person.sent" in played.stdout
