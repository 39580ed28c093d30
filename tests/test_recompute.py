"""The numbers of a report are those that R computes from its tidy tables."""

import shutil
import subprocess
from pathlib import Path

import pytest

from analysis.run import analyse
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import write_study
from tests.conftest import ROOT

LIBRARIES = "library(jsonlite); library(lme4); library(lmerTest); library(mvtnorm)"
RELIANCE = """
[[outcomes]]
key = "reliance"
label = "Wrong advice followed"
kind = "trial_mean"
column = "agreed"
where = { prediction_correct = 0 }
analysis = "logistic_trials"
"""


def recompute(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the R script on a report's folder."""
    script = str(ROOT / "benchmarks" / "recompute.R")
    return subprocess.run(
        ["Rscript", script, str(folder)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The folder of a report with scores and a logistic mixed model."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed.")
    loaded = subprocess.run(["Rscript", "-e", LIBRARIES], capture_output=True, check=False)
    if loaded.returncode:
        pytest.skip("R lacks jsonlite, lme4, lmerTest or mvtnorm.")
    folder = write_study(
        tmp_path_factory.mktemp("recomputed") / "data", arms=THREE_ARMS, per_arm=20, seed=3
    )
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + RELIANCE)
    output = tmp_path_factory.mktemp("recomputed") / "report"
    analyse(folder, output)
    return output


@pytest.mark.nightly
def test_r_finds_the_same_numbers(report):
    done = recompute(report)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ" in done.stdout


@pytest.mark.nightly
def test_a_number_that_was_changed_is_named(report, tmp_path):
    changed = shutil.copytree(report, tmp_path / "changed")
    results = changed / "results.json"
    text = results.read_text(encoding="utf-8")
    start = text.index('"welch"')
    place = text.index('"statistic": ', start) + len('"statistic": ')
    results.write_text(text[:place] + "9" + text[place:], encoding="utf-8")
    done = recompute(changed)
    assert done.returncode == 1
    assert "welch.statistic" in done.stdout
