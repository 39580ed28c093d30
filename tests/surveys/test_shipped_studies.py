"""Every study file that ships is loaded, opened, simulated, exported and analysed."""

import pytest
from django.core.management import call_command

from analysis.outcomes.repeated import condition_means
from analysis.results import compute
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from surveys.export.writing import export_study
from surveys.simulation.profile import read
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file import stored
from tests.daily import daily
from tests.surveys import shipped

PROFILE = """
title = "Maps by Grad-CAM make people follow, and trust"
[base]
agree_right = 0.5
agree_wrong = 0.05
sureness = 3.0
seconds = 6.0
quits = 0.0
[spread]
agreement_person = 0.1
agreement_image = 0.1
scale_person = 0.2
[conditions.gradcam]
agree_wrong = 10.0
[conditions.gradcam.scales]
trust = 2.5
trusting = 2.5
state_trust = 2.5
"""
DESIGNS = {
    "demo": (7, 1, "decide"),
    "judge-advisor": (5, 1, "judge_advisor"),
    "residual": (5, 1, "decide"),
    "source-report": (6, 1, "decide"),
    "within": (4, 4, "decide"),
}
OUTCOMES = {
    "demo": ("trust", "agreement_wrong"),
    "judge-advisor": ("over_reliance", "trust"),
    "residual": ("trust", "agreement_wrong"),
    "source-report": ("trust", "agreement_wrong"),
    "within": ("agreement_wrong", "state_trust"),
}
"""Where the planted effect must show, although so few people take part."""


def test_the_published_kinds_of_design_ship():
    found = {}
    for path in shipped.FILES:
        study = loading.parse(path.read_text(encoding="utf-8"))
        main = next(part for part in study.trial_parts if not part.is_practice)
        found[study.slug] = (len(study.arms), study.blocks, main.task)
    assert found == DESIGNS


@pytest.mark.parametrize("path", shipped.FILES, ids=lambda path: path.stem)
def test_what_a_study_tells_its_participants_is_true(path):
    study = loading.parse(path.read_text(encoding="utf-8"))
    shown = [part for part in study.trial_parts if not part.is_practice]
    pictures = sum(part.trials_per_block for part in shown)  # of each block
    wrong = sum(part.wrong for part in shown)
    for language, number in (("en", "{} pictures"), ("de", "{} Bilder")):
        assert number.format(pictures) in study.in_language(language).consent.text
    assert f"{wrong} of the {pictures} answers" in study.debrief.text
    assert f"{wrong} der {pictures} Antworten" in study.in_language("de").debrief.text
    assert study.slug == path.stem


@pytest.mark.django_db
@pytest.mark.parametrize("path", daily(shipped.FILES, 1), ids=lambda path: path.stem)
def test_a_shipped_study_comes_back_byte_for_byte(path, tmp_path):
    study = shipped.load(path)
    call_command("dump_study", study.slug, "--output", str(tmp_path / "back.toml"))
    assert (tmp_path / "back.toml").read_bytes() == path.read_bytes()


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")  # so few people are alike
@pytest.mark.django_db
@pytest.mark.nightly  # by day, the straight line and the study of one arm go this way
@pytest.mark.parametrize("path", shipped.FILES, ids=lambda path: path.stem)
def test_a_shipped_study_goes_from_its_file_to_its_results(path, tmp_path):
    study = shipped.open_study(path, shortened=True)
    people = 3 * study.arms.count()
    came = simulate(study=study, number=people, seed=3, profile=read(PROFILE))
    assert came.completed == people
    export_study(study=study, output=tmp_path / "data", simulated="only")
    data = read_study(tmp_path / "data")
    assert len(data.participants) == people
    scores = score_table(data)
    outcomes = {one.outcome.key: one.outcome for one in compute(data, scores).outcomes}
    declared = [one["key"] for one in stored.definition(study).analysis["outcomes"]]
    assert list(outcomes) == declared
    for key in OUTCOMES[study.slug]:
        if outcomes[key].within == "condition":
            means = condition_means(data, outcomes[key]).mean()
        else:
            means = scores.groupby("arm")[key].mean()
        assert means.idxmax() == "gradcam", means
