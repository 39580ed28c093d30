"""kill -9 and a full disk at the first, second, third … operation, until one run has no fault.

Every run is a process of its own, forked from one that has loaded the libraries and has computed
nothing yet. Its operations are counted: each write to a pack (killed before, in the middle and
after), each fsync, each file that is made, each SQL statement and each commit.

By day, pipeline/test_precompute.py stops and kills single runs and refuses a row before its file,
and store/test_artefacts.py fills the disk.
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


def loop(folder: Path, *rounds: str) -> dict[str, dict[str, int]]:
    """What the script counted in each round; its folder has three images and no maps."""
    folder.mkdir()
    result = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), *rounds],
        capture_output=True, text=True, cwd=ROOT, timeout=900, check=False,
        env={**os.environ, "STUDY_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT),
             "DATABASE_URL": "", "OMP_NUM_THREADS": "1",
             "DJANGO_SETTINGS_MODULE": "studyplatform.settings"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-3000:]
    shutil.rmtree(folder)
    return json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A few points of each fault, and the control, in one process: loading takes the longest.

    The wrong order leaves two operations in a row at which a kill does damage, the fifteenth and
    the sixteenth. Every fifth one comes to one of them; if other operations are added, every second
    one does.
    """
    return loop(tmp_path_factory.mktemp("faults") / "x", "kill:40", "full:12", "rows-first:5")


def nothing_was_lost(found: dict[str, int], at_least: int) -> None:
    assert found["points"] >= at_least
    assert found["hit"] == found["points"], "the fault came at every point"
    assert found["torn"] == 0
    assert found["computed_again"] == 0
    assert found["other_manifest"] == 0
    assert found["unclear"] == 0


@pytest.mark.nightly
@pytest.mark.parametrize(("faults", "at_least"), [("kill:40", 1), ("full:12", 2)])
def test_a_fault_now_and_then_loses_nothing_that_was_finished(short, faults, at_least):
    nothing_was_lost(short[faults], at_least)


@pytest.mark.nightly
@pytest.mark.parametrize("faults", ["kill:1", "full:1"])
def test_a_fault_at_any_operation_loses_nothing_that_was_finished(tmp_path, faults):
    nothing_was_lost(loop(tmp_path / "x", faults)[faults], 20)


@pytest.mark.nightly
def test_a_store_that_notes_before_it_writes_is_caught(short):
    """The control: rows before numbers. A loop that does not see this proves nothing."""
    assert short["rows-first:5"]["torn"] > 0
