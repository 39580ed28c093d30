"""A study of one arm: loaded, walked, registered, analysed and reported without a comparison."""

import re

import pytest
from django.core.management import call_command

from analysis.run import analyse
from analysis.study_data.study_data import read_study
from surveys.export.writing import export_study
from surveys.simulation.profile import FOLDER, read
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.surveys import designs, factories

ARM = '[[arms]]\nkey = "gradcam"\nlabel = "Grad-CAM"\nmethod = "gradcam"\n'
PARTS = """
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "questionnaire"
questionnaire = "state-trust-v1"
key = "trust-before"
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 4
wrong = 4
[[parts]]
kind = "questionnaire"
questionnaire = "state-trust-v1"
key = "trust-after"
"""
PLAN = """[analysis]
[[analysis.outcomes]]
key = "trust"
label = "Trust before and after"
kind = "scale"
scale = "state_trust"
analysis = "paired"
where = { part = "trust-after" }
before = { part = "trust-before" }
[[analysis.outcomes]]
key = "agreement"
label = "Agreement with right and wrong predictions"
kind = "trial_mean"
column = "agreed"
analysis = "logistic_trials"
within = "prediction_correct"
random = ["participant"]
"""


def single_arm(folder) -> str:
    weights = factories.write_weights(folder / "dots.safetensors")
    text = designs.design_text(weights, arms=ARM, parts=PARTS)
    return text[: text.index("[analysis]")] + PLAN


@pytest.fixture
def study(db, tmp_path):
    factories.images(60)
    path = tmp_path / "one.toml"
    path.write_text(single_arm(tmp_path), encoding="utf-8")
    return path


def test_an_analysis_of_arms_is_refused_with_what_can_be_used(tmp_path):
    text = single_arm(tmp_path).replace('analysis = "paired"', 'analysis = "one_way"')
    with pytest.raises(StudyFileError, match=r"compares arms, but the plan has one\. Use one of"):
        loading.parse(text)


@pytest.mark.nightly
@pytest.mark.usefixtures("quick_report")
def test_one_arm_goes_from_the_file_to_the_report(study, tmp_path):
    from surveys.models import Study
    from surveys.services.stimuli import choose_stimuli
    from tests.surveys.test_load_to_export import draw_maps

    call_command("load_study", str(study))
    stored = Study.objects.get()
    factories.predict(stored, wrong=20)
    choose_stimuli(stored)
    draw_maps("gradcam")
    call_command("open_study", stored.slug)
    stored.refresh_from_db()
    profile = read((FOLDER / "mixed.toml").read_text(encoding="utf-8"))
    simulate(study=stored, number=16, seed=5, profile=profile)
    data = tmp_path / "data"
    export_study(study=stored, output=data, simulated="only")
    assert set(read_study(data).participants["arm"]) == {"gradcam"}
    results = analyse(data, tmp_path / "out")
    trust, agreement = (result.found for result in results.outcomes)
    assert [time.label for time in trust.arms] == ["trust-before", "trust-after"]
    assert agreement.model.startswith("agreed ~ prediction_correct + (")
    (contrast,) = agreement.contrasts
    assert contrast.label == "right prediction − wrong prediction"
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", "", page)
    for word in ("Control: “", "All arms", "randomised to", "1 arms", "Largest SMD", "other arms"):
        assert word not in text, word


def test_one_arm_is_registered_without_a_comparison_of_arms(study, tmp_path):
    call_command("preregister", str(study), "--output", str(tmp_path / "registered"))
    text = (tmp_path / "registered" / "preregistration.md").read_text(encoding="utf-8")
    assert "A single arm, to which everybody belongs" in text
    assert "Control:" not in text
    assert "the other arms" not in text
    assert "agreed ~ prediction_correct + (" in text
    assert "the type III Wald χ² test of the prediction_correct" in text
    assert "H1 (primary): the two times differ in “Trust before and after”" in text
