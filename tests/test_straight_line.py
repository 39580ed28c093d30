"""The whole line once: images, explanations, a study, people, their data, a report."""

import csv
import json
import re

import pytest
from django.conf import settings
from django.core.management import call_command

from explanations.models import Explanation, Prediction
from surveys.models import Answer, Participant, Study
from tests.conftest import ROOT
from tests.surveys.factories import scenes

ARMS = ("none", "gradcam", "placebo")
PEOPLE = 27

STUDY = """
slug = "{slug}"
title = "A study with three arms"
seed = {seed}

[consent]
version = "1"
text = "You may stop at any time."

[debrief]
text = "Thank you."

[images]
set = "scenes"
split = "test"
right = 4
wrong = 2

[classifier]
weights = "weights/scenes.safetensors"

[[arms]]
key = "none"
label = "No explanation"

[[arms]]
key = "gradcam"
label = "Grad-CAM"
method = "gradcam"

[[arms]]
key = "placebo"
label = "Placebo"
method = "placebo"

[questionnaires]
before = []
after = ["trust-v1"]

[allocation]
block_multiples = [1, 2]

[analysis]
control = "none"
alpha = 0.05

[[analysis.outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
family = "primary"

[[analysis.outcomes]]
key = "agreement_right"
label = "Agreement with right predictions"
kind = "trial_mean"
column = "agreed"
where = {{ prediction_correct = 1 }}
family = "primary"
"""

PLANTED = """
title = "Grad-CAM raises trust, and nothing else moves"
[base]
agree_right = 0.8
agree_wrong = 0.4
sureness = 3.3
seconds = 5.0
quits = 0.0
[base.scales]
trust = 3.4
[conditions.gradcam.scales]
trust = 2.2
"""


@pytest.fixture
def images():
    scenes(30)


def run_study(tmp_path, slug, seed, profile):
    """Load, precompute, open, simulate, export and analyse; results and the exported trials."""
    file = tmp_path / f"{slug}.toml"
    file.write_text(STUDY.format(slug=slug, seed=seed))
    call_command("load_study", str(file))
    call_command("precompute_explanations", study=slug, device="cpu")
    call_command("open_study", slug)
    call_command("simulate_participants", slug, n=PEOPLE, seed=seed, profile=str(profile))
    output = tmp_path / f"report-{slug}"
    call_command("run_analysis", slug, "--simulated-only", "--no-pdf", "--output", str(output))
    results = json.loads((output / "results.json").read_text())
    with (output / "data" / "trials.csv").open(newline="") as file:
        trials = list(csv.DictReader(file))
    return results, trials, (output / "report.html").read_text()


def outcome(results, key):
    return next(entry for entry in results["outcomes"] if entry["outcome"]["key"] == key)


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.nightly)])
@pytest.mark.django_db
def test_a_planted_effect_is_found_and_what_was_not_planted_is_not(
    images, tmp_path, request, whole
):
    if not whole:
        request.getfixturevalue("quick_report")
    profile = tmp_path / "profile.toml"
    profile.write_text(PLANTED)
    results, trials, report = run_study(tmp_path, "planted", 8, profile)

    # What was shown: the same six images in every arm, four right and two wrong.
    study = Study.objects.get(slug="planted")
    assert study.stimuli.filter(prediction__is_correct=False).count() == 2
    assert {row["arm"] for row in trials} == set(ARMS)
    assert len(trials) == PEOPLE * 6
    shown = {arm: {row["image"] for row in trials if row["arm"] == arm} for arm in ARMS}
    assert shown["none"] == shown["gradcam"] == shown["placebo"]
    assert len(shown["none"]) == 6
    for row in trials:
        assert (row["method"], bool(row["explanation"])) == (
            ("", False) if row["arm"] == "none" else (row["arm"], True)
        )
    assert Explanation.objects.filter(method="gradcam").count() >= 6
    assert Prediction.objects.count() == 30

    # The export says what was stored.
    agreed = sum(int(row["agreed"]) for row in trials)
    assert agreed == Answer.objects.filter(item="agreed", value="1").count()

    # Equal arms, and everybody marked as simulated.
    arms = [Participant.objects.filter(arm__key=arm).count() for arm in ARMS]
    assert max(arms) - min(arms) <= 2
    assert not Participant.objects.filter(simulated=False).exists()

    # The planted effect of 2.2 points is found with an interval that covers it.
    trust = outcome(results, "trust")
    assert trust["p_adjusted"] < 0.001
    contrasts = {entry["arm"]: entry["difference"] for entry in trust["found"]["contrasts"]}
    assert contrasts["gradcam"]["p"] < 0.001
    assert contrasts["gradcam"]["low"] <= 2.2 <= contrasts["gradcam"]["high"]
    assert contrasts["placebo"]["p"] > 0.05
    assert outcome(results, "agreement_right")["p_adjusted"] > 0.05
    assert results["simulated"] is True
    assert "imulated" in report
    text = re.sub(r"<style.*?</style>|<[^>]*>", " ", report, flags=re.S)
    assert re.findall(r".{0,60}\b(?:nan|inf|None)\b.{0,60}", text) == []


@pytest.mark.nightly
@pytest.mark.django_db
def test_where_nothing_was_planted_the_report_claims_nothing(images, tmp_path):
    profile = ROOT / "surveys" / "profiles" / "null.toml"
    results, _, _ = run_study(tmp_path, "nothing", 11, profile)
    assert all(entry["p_adjusted"] > 0.05 for entry in results["outcomes"])


@pytest.mark.nightly
@pytest.mark.django_db
def test_a_second_run_computes_nothing_again(images, tmp_path, capsys):
    file = tmp_path / "again.toml"
    file.write_text(STUDY.format(slug="again", seed=3))
    call_command("load_study", str(file))
    call_command("precompute_explanations", study="again", device="cpu")
    artefacts = {path: path.stat().st_mtime_ns for path in settings.DATA_DIR.rglob("*.pack")}
    rows = list(Explanation.objects.order_by("id").values_list("id", "sha256"))
    assert artefacts
    call_command("precompute_explanations", study="again", device="cpu")
    assert list(Explanation.objects.order_by("id").values_list("id", "sha256")) == rows
    assert artefacts == {
        path: path.stat().st_mtime_ns for path in settings.DATA_DIR.rglob("*.pack")
    }
