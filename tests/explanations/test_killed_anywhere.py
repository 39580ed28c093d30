"""kill -9 and a full disk at the first, second, third … operation, until one run has no fault.

Every run is a process of its own, forked from one that has loaded the libraries and has computed
nothing yet. Its operations are counted: each write to a pack (killed before, in the middle and
after), each fsync, each file that is made, each SQL statement and each commit.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SCRIPT = Path(__file__).with_name("fault_points.py")


def loop(folder: Path, *arguments: str) -> dict[str, int]:
    """What the script counted; its folder has a database with three images, and no maps."""
    folder.mkdir()
    result = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=900, check=False,
        env={**os.environ, "STUDY_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT),
             "DATABASE_URL": "", "OMP_NUM_THREADS": "1",
             "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    shutil.rmtree(folder)
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("fault", "every", "at_least"),
    [
        ("kill", 20, 1),
        ("full", 6, 3),
        pytest.param("kill", 1, 20, marks=pytest.mark.nightly),
        pytest.param("full", 1, 20, marks=pytest.mark.nightly),
    ],
)
def test_a_fault_at_any_operation_loses_nothing_that_was_finished(tmp_path, fault, every, at_least):
    found = loop(tmp_path / fault, fault, str(every))
    assert found["points"] >= at_least
    assert found["hit"] == found["points"], "the fault came at every point"
    assert found["torn"] == 0
    assert found["computed_again"] == 0
    assert found["other_manifest"] == 0
    assert found["unclear"] == 0


def test_a_store_that_notes_before_it_writes_is_caught(tmp_path):
    """The control: rows before numbers. A loop that does not see this proves nothing."""
    assert loop(tmp_path / "control", "kill", "--rows-first")["torn"] > 0
