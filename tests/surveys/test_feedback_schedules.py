"""After which trials people learn the truth: declared, shown, stored and exported."""

import csv

import pytest

from surveys.export.writing import export_study
from surveys.models import Participant
from surveys.pages import sequence
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from tests.daily import daily
from tests.surveys.designs import design_study, design_text
from tests.surveys.factories import allocated, walk, write_weights

TRIALS = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 4
wrong = 2
{more}
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""
ONE = '[[arms]]\nkey = "none"\nlabel = "No map"\n[[arms]]\nkey = "other"\nlabel = "Other"\n'


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "after"),
    daily(
        [
            ("", []),
            ("feedback = true", [1, 2, 3, 4, 5, 6]),
            ("feedback = true\nfeedback_first = 2", [1, 2]),
            ("feedback = true\nfeedback_every = 3", [3, 6]),
            ("feedback_score = true", []),
        ],
        2,
    ),
)
def test_feedback_follows_the_declared_trials_and_is_exported(tmp_path, more, after, client):
    study = design_study(tmp_path, arms=ONE, parts=TRIALS.format(more=more))
    someone = allocated(study, "someone", simulated=True)
    steps = definition(study).steps
    assert [one.trial_position for one in steps if one.kind == "feedback"] == after
    while (step := sequence.current_step(someone)) is not None and step.kind != "score":
        walk(someone, pages=1)
    if more.startswith("feedback_score"):
        page = client.get(f"/p/{someone.code}/").content.decode()
        assert "Right answers: " in page
        assert " of 6." in page
        walk(someone)
    assert Participant.objects.get(pk=someone.pk).state == "completed"
    export_study(study=study, output=tmp_path / "out", simulated="only")
    with (tmp_path / "out" / "trials.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if after:
        shown = [int(row["position"]) for row in rows if row["feedback_shown"] == "1"]
        assert shown == after
    else:
        assert "feedback_shown" not in rows[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("feedback_first = 2", "feedback_first limits feedback, which is off here"),
        ("feedback = true\nfeedback_every = 7", "feedback_every is 7, but a block has 6 trials"),
        ("feedback = true\nfeedback_every = 2\nfeedback_first = 2", "Remove one of the two"),
        ("feedback = true\nfeedback_every = 2", None),
    ],
)
def test_schedules_without_effect_are_refused(tmp_path, more, said):
    weights = write_weights(tmp_path / "w.safetensors")
    text = design_text(weights, arms=ONE, parts=TRIALS.format(more=more))
    if said is None:
        assert loading.parse(text).trial_parts[0].feedback_every == 2
        return
    with pytest.raises(StudyFileError, match=said):
        loading.parse(text)
