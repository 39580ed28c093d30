"""A study file's plan is judged with the file, and each problem has the line of its key."""

import pytest

from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.conftest import ROOT
from tests.surveys.factories import study_text


def told(text: str) -> list[str]:
    with pytest.raises(StudyFileError) as refused:
        loading.parse(text)
    return list(refused.value.problems)


def test_faults_in_two_tables_of_a_plan_are_told_where_they_are(shared_dir):
    """The tables begin in lines 195 and 198; the faulty keys are in the lines after."""
    text = (shared_dir / "cases" / "studies" / "plan-line.toml").read_text(encoding="utf-8")
    mediation, bayes = told(text)
    assert mediation.startswith("line 196: [analysis]: mediation: nope cannot be used,")
    assert bayes == "line 199: [analysis]: 'scale' in [bayes] is -1. It must be above 0."


def test_what_the_data_will_lack_is_told_beside_faults_of_type():
    text = study_text("weights/none.safetensors").replace("scale = ", "scala = 1\nscale = ")
    text = text.replace('scale = "trust"', 'scale = "truth"\n[analysis.bayes]\nscale = "x"')
    unknown, scale, bayes = told(text)
    assert "unknown key 'scala' in [[outcomes]] 'trust': did you mean 'scale'?" in unknown
    assert "the scale 'truth' is not in codebook.csv" in scale
    assert "'scale' in [bayes] is 'x'. It must be a number." in bayes


def test_a_plan_value_that_is_not_toml_is_told_once():
    text = study_text("weights/none.safetensors").replace('control = "none"', "control = none")
    (problem,) = told(text)
    assert problem.startswith("line ")
    assert "it is not a TOML file: Invalid value." in problem


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('first = "first_answer"\n', "", "needs first, which [behaviour] does not name"),
        ('first = "first_answer"', 'first = "frist"', "'frist' is not a column of trials.csv"),
        (
            "[analysis.behaviour]",
            "[analysis.forgotten]",
            "needs first and either accepted or final",
        ),
        (
            'final = "final_answer"',
            'accepted = "agreed"',
            "'agreed' is a column that stays empty, because no task of the study asks it",
        ),
    ],
)
def test_a_measure_whose_columns_the_export_lacks_is_told_at_loading(old, new, message):
    text = (ROOT / "studies" / "judge-advisor.toml").read_text(encoding="utf-8")
    loading.parse(text)  # the control: the shipped study names every column
    assert text.count(old) == 1
    assert any(message in line for line in told(text.replace(old, new)))
