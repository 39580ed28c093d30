"""Several workers that claim at once, on SQLite and on PostgreSQL: each job is taken by one."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

JOBS, WORKERS = 40, 4


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.nightly),
        pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.nightly]),
    ],
)
def taken(request, tmp_path_factory) -> dict[str, dict[str, int]]:
    """How often each job was taken; see tests/jobs/claiming.py."""
    folder = tmp_path_factory.mktemp("claiming")
    url = f"sqlite:///{folder / 'db.sqlite3'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    result = subprocess.run(
        [sys.executable, "-m", "tests.jobs.claiming", str(JOBS), str(WORKERS)],
        capture_output=True, text=True, cwd=ROOT, timeout=120, check=False,
        env={**os.environ, "DATABASE_URL": url, "STUDY_DATA_DIR": str(folder / "var"),
             "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1])


def test_every_job_is_taken_by_exactly_one_of_several_workers(taken):
    assert len(taken["guarded"]) == JOBS
    assert set(taken["guarded"].values()) == {1}


def test_without_the_condition_the_same_workers_take_a_job_twice(taken):
    """The control: if this one took each job once, the test above would prove nothing."""
    assert max(taken["unguarded"].values()) > 1
