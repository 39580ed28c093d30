"""What a plan asks for beyond the defaults stands in results.json and in the report."""

import json

import pytest

from analysis.run import analyse
from tests.analysis.conftest import THREE_ARMS, quick_analysis
from tests.analysis.tidy import write_study

MORE = """
[[contrasts]]
key = "maps"
label = "Grad-CAM against placebo"
weights = { gradcam = 1, placebo = -1 }

[sample_goal]
d = 0.5
power = 0.8
"""
EXPLORED = """
[[outcomes]]
key = "experience"
label = "Experience with AI"
kind = "scale"
scale = "experience"
role = "exploratory"
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = write_study(
        tmp_path_factory.mktemp("asked") / "data",
        arms=THREE_ARMS,
        per_arm=20,
        seed=2,
        trust={"gradcam": 2.0},
    )
    plan = folder / "plan.toml"
    text = 'ai_only = "placebo"\n' + plan.read_text()
    plan.write_text(
        text.replace('scale = "trust"', 'scale = "trust"\nsmallest_effect = 0.5') + EXPLORED + MORE
    )
    out = tmp_path_factory.mktemp("asked-out")
    with quick_analysis():
        analyse(folder, out)
    return out


@pytest.fixture(scope="module")
def results(output):
    return json.loads((output / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(output):
    return (output / "report.html").read_text(encoding="utf-8")


def outcome(results, key):
    return next(one for one in results["outcomes"] if one["outcome"]["key"] == key)


def test_every_arm_is_also_held_against_ai_only(results, report):
    found = outcome(results, "trust")["found"]
    assert [one["arm"] for one in found["against_ai_only"]] == ["none", "gradcam"]
    assert [one["arm"] for one in found["contrasts"]] == ["gradcam", "placebo"]
    assert "arms against “Placebo map”" in report


def test_planned_contrasts_and_the_verdict_of_equivalence_are_there(results, report):
    found = outcome(results, "trust")["found"]
    assert found["planned"][0]["difference"]["low"] > 0
    verdicts = {one["arm"]: one["verdict"] for one in found["contrasts"]}
    assert verdicts["gradcam"] == "different"
    assert verdicts["placebo"] in ("undecided", "equivalent")
    assert "Grad-CAM against placebo" in report
    assert "0.50 points" in report


def test_effect_sizes_come_with_intervals(results):
    for contrast in outcome(results, "trust")["found"]["contrasts"]:
        for name in ("g", "delta", "superiority"):
            assert contrast[name]["low"] < contrast[name]["value"] < contrast[name]["high"]


def test_exploratory_outcomes_stand_apart_and_in_no_confirmatory_family(results, report):
    explored, trust = outcome(results, "experience"), outcome(results, "trust")
    assert explored["adjustment"] == "Benjamini-Hochberg"
    assert (explored["family_size"], trust["family_size"]) == (1, 3)
    findings = report[report.index('id="findings"') : report.index('id="participants"')]
    assert "Trust in the classifier" in findings
    assert "Experience with AI" not in findings
    assert report.index('id="exploratory"') < report.index('id="outcome-experience"')


def test_the_sample_that_was_planned_is_held_against_the_one_there_is(results, report):
    assert results["sample"]["per_arm_rounded"] == 64
    assert results["sample"]["analysed_per_arm"] == 20
    assert "64 participants per arm were required" in report
