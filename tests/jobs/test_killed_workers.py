"""kill -9 at any operation of a job: one other worker finishes it, with the same result."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.nightly
# make test kills a worker once, in tests/jobs/test_worker.py.

SHORT = {"simulation": 2}
LONG = {"simulation": 60, "export": 40, "every-format": 25, "report": 25, "report-as-pdf": 15,
        "power": 40, "predictions": 25, "maps": 40, "evaluation": 25, "evaluation-of-study": 20,
        "folder": 40, "release": 25, "classifier": 40, "look": 25}  # fmt: skip
"""How many operations are tried of each job of tests/jobs/killing.py."""
HUNG = 4 * 3600
"""Seconds after which a round hangs. An attempt of the evaluation takes ten seconds of a processor,
and a machine that does other work by night gave it a tenth of one: 3000 seconds were too few."""


def rounds(folder, counts: dict[str, int]) -> dict[str, dict[str, int]]:
    """What the script counted; see tests/jobs/killing.py."""
    folder.mkdir()
    result = subprocess.run(
        [sys.executable, "-m", "tests.jobs.killing", str(folder),
         *(f"{kind}:{points}" for kind, points in counts.items())],
        capture_output=True, text=True, cwd=ROOT, timeout=HUNG, check=False,
        env={**os.environ, "STUDY_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT),
             "DATABASE_URL": "", "OMP_NUM_THREADS": "1",
             "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    shutil.rmtree(folder)
    print(result.stderr)  # pytest shows it with a failure
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A few points and the control, in one process: loading takes the longest."""
    return rounds(tmp_path_factory.mktemp("kills") / "x", SHORT | {"torn": 3})


def finished_with_the_same_result(found: dict[str, int]) -> None:
    assert found["hit"] == found["points"], "the kill came at every point"
    assert found["not_done"] == 0
    assert found["other_result"] == 0
    assert found["taken_again"] == 0
    assert found["left_behind"] == 0


@pytest.mark.parametrize("kind", SHORT)
def test_a_worker_killed_now_and_then_is_replaced_by_one_that_finishes(short, kind):
    finished_with_the_same_result(short[kind])


def test_pages_and_note_in_separate_transactions_give_another_result(short):
    """The control: without the one transaction, a kill leaves somebody half-way."""
    assert short["torn"]["other_result"] > 0


@pytest.mark.parametrize("kind", LONG)
def test_a_worker_killed_at_any_operation_is_replaced_by_one_that_finishes(tmp_path, kind):
    finished_with_the_same_result(rounds(tmp_path / "x", {kind: LONG[kind]})[kind])
