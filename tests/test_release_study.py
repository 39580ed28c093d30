"""A study is released by its command and its job, to a folder that anybody may have."""

import csv
import json

import pytest
from django.core.management import call_command

from analysis.release.redo import repetition
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from tests.surveys import shipped

OF_SOMEBODY = ["--licence", "CC-BY-4.0", "--authors", "A. Meyer; B. Okafor", "--simulated-only"]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def release(study, folder, *options):
    call_command("release_study", study.slug, "--output", str(folder), *OF_SOMEBODY, *options)
    return folder


@pytest.mark.django_db
@pytest.mark.nightly
@pytest.mark.parametrize("path", shipped.FILES, ids=lambda path: path.stem)
def test_a_shipped_study_is_released_and_its_report_comes_out_again(path, tmp_path):
    study = shipped.open_study(path, shortened=True)
    simulate(study=study, number=6 * study.arms.count(), seed=3, profile=load("demo"))
    folder = release(study, tmp_path / "release")
    call_command("check_release", str(folder))
    assert repetition(folder).problems == []
    declared = json.loads((folder / "documentation" / "release.json").read_text())
    assert declared["smallest_class"] == 0 or declared["smallest_class"] >= 5
    data = sorted(path.name for path in (folder / "data").iterdir())
    assert all(name.startswith("study-") and name.endswith("_data.csv") for name in data)
