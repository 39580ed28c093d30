"""The numbers of a report are those that R computes from its tidy tables."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.plan.catalogues.analyses import ANALYSES
from analysis.results import to_json
from tests.analysis.tidy import results_of
from tests.conftest import ROOT
from tests.recomputed_studies import clearest_results, every_analysis, one_arm

LIBRARIES = ("jsonlite", "lme4", "lmerTest", "pbkrtest", "emmeans", "numDeriv", "mvtnorm")
STUDIES = (every_analysis, clearest_results, one_arm)


def recompute(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the R script on a report's folder."""
    script = str(ROOT / "benchmarks" / "recompute.R")
    return subprocess.run(
        ["Rscript", script, str(folder)], capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def r() -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed.")
    code = "; ".join(f"library({name})" for name in LIBRARIES)
    if subprocess.run(["Rscript", "-e", code], capture_output=True, check=False).returncode:
        pytest.skip(f"R lacks one of {', '.join(LIBRARIES)}.")


def report_of(study: Callable[[Path], Path], folder: Path) -> Path:
    """Write the study's tidy tables and its results.json, as a report's folder has them."""
    data = study(folder / "data")
    results = results_of(data)
    assert results.failures == ()
    (folder / "results.json").write_text(to_json(results), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def one_arm_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_of(one_arm, tmp_path_factory.mktemp("one-arm"))


def test_the_studies_contain_every_analysis_of_the_catalogue(tmp_path):
    plans = [(study(tmp_path / study.__name__) / "plan.toml").read_text() for study in STUDIES]
    used = set(re.findall(r'^analysis = "(\w+)"', "\n".join(plans), re.MULTILINE))
    assert used == {analysis.key for analysis in ANALYSES}


@pytest.mark.nightly
@pytest.mark.usefixtures("r")
@pytest.mark.parametrize("study", STUDIES)
def test_r_finds_the_same_numbers(study, tmp_path):
    done = recompute(report_of(study, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 differ" in done.stdout
    assert done.stdout.rstrip().endswith("0 without one.")


@pytest.mark.nightly
@pytest.mark.usefixtures("r")
def test_a_number_that_was_changed_is_named(one_arm_report, tmp_path):
    changed = shutil.copytree(one_arm_report, tmp_path / "changed")
    results = changed / "results.json"
    text = results.read_text(encoding="utf-8")
    start = text.index('"dz"')
    place = text.index('"high": ', start) + len('"high": ')
    results.write_text(text[:place] + "9" + text[place:], encoding="utf-8")
    done = recompute(changed)
    assert done.returncode == 1
    assert "DIFFERS" in done.stdout
    assert "dz.high" in done.stdout


@pytest.mark.nightly
@pytest.mark.usefixtures("r")
def test_a_number_that_the_script_does_not_know_is_named(one_arm_report, tmp_path):
    changed = shutil.copytree(one_arm_report, tmp_path / "unknown")
    results = changed / "results.json"
    text = results.read_text(encoding="utf-8")
    results.write_text(text.replace('"dz"', '"mean_change"', 1), encoding="utf-8")
    done = recompute(changed)
    assert done.returncode == 1
    assert "NOT RECOMPUTED" in done.stdout
    assert "mean_change" in done.stdout
