"""The optional question of what is wrong: asked, stored, and listed by image."""

import csv
from collections import Counter

import pytest

from surveys.export.dataset import Table, Variable
from surveys.export.diagnoses import diagnoses
from surveys.export.writing import export_study
from surveys.models import Answer
from surveys.pages import item_order, sequence
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.tasks.items import diagnosis
from tests.surveys import designs
from tests.surveys.drawn import drawn_study, trial_parts
from tests.surveys.factories import allocated, answers, end_and_unblind, record, walk

ASKED = "diagnosis = true"
ARMS = ("none", "gradcam", "lime")


def rows_of(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def study(tmp_path, db):
    return drawn_study(tmp_path, parts=trial_parts(more=ASKED), arms=ARMS)


def first_trial(study, method):
    """A participant of an arm, and the step of the first trial."""
    for number in range(20):
        person = allocated(study, f"person {number}")
        if person.arm.key == method:
            steps = sequence.steps_of(person)
            return person, next(step for step in steps if step.kind == "trial")
    raise AssertionError(method)


def test_only_people_who_see_a_map_are_asked_about_it(study):
    asked = {}
    for method in ("none", "gradcam"):
        items = {item.id: item for item in item_order.items(*first_trial(study, method))}
        assert not items["diagnosis"].required
        assert not items["diagnosis_comment"].required
        asked[method] = list(items["diagnosis"].options)
    assert asked["none"] == ["nothing", "wrong_class", "cannot_tell"]
    assert asked["gradcam"] == [
        *("nothing", "wrong_class", "wrong_reasons", "background", "cannot_tell")
    ]


def test_nobody_is_asked_unless_the_file_says_so(tmp_path, db):
    study = drawn_study(tmp_path, parts=trial_parts(), arms=ARMS)
    items = item_order.items(*first_trial(study, "gradcam"))
    assert "diagnosis" not in {item.id for item in items}


def test_a_trial_without_a_diagnosis_is_complete(study):
    person = allocated(study, "silent")
    while step := sequence.current_step(person):
        given = answers(person, step)
        asked = {key: text for key, text in given.items() if not key.startswith("diagnosis")}
        record(person, step.key, asked)
    assert person.state == person.State.COMPLETED
    assert Answer.objects.filter(submission__participant=person).exists()
    assert not Answer.objects.filter(item__startswith="diagnosis").exists()


def test_it_is_refused_for_a_task_that_hides_the_answer(tmp_path):
    text = designs.design_text(tmp_path / "w.safetensors")
    assert parse(text.replace('kind = "trials"', f'kind = "trials"\n{ASKED}'))
    hidden = text.replace(
        'kind = "trials"', f'kind = "trials"\ntask = "forward_simulation"\n{ASKED}'
    )
    with pytest.raises(StudyFileError) as refused:
        parse(hidden)
    (problem,) = [one for one in refused.value.problems if "diagnosis" in one]
    assert "the task 'forward_simulation' does not show" in problem
    assert "'decide'" in problem
    assert problem.startswith(f"line {hidden.splitlines().index(ASKED) + 1}: ")


def test_the_counts_by_image_are_those_of_the_trials(study, tmp_path):
    simulate(study=study, number=24, seed=3, profile=load("mixed"))
    export_study(study=study, output=tmp_path / "out", simulated="only")
    trials = [row for row in rows_of(tmp_path / "out", "trials.csv") if row["answered_at"]]
    said = Counter((row["image"], row["diagnosis"]) for row in trials if row["diagnosis"])
    assert len(said) > 3
    by_image = rows_of(tmp_path / "out", "diagnoses.csv")
    assert {row["image"] for row in by_image} == {row["image"] for row in trials}
    for row in by_image:
        shown = [trial for trial in trials if trial["image"] == row["image"]]
        assert int(row["trials"]) == len(shown)
        assert int(row["with_map"]) == sum(bool(trial["method"]) for trial in shown)
        assert int(row["comments"]) == sum(bool(trial["diagnosis_comment"]) for trial in shown)
        for key in diagnosis()[0].options:
            assert int(row[f"n_{key}"]) == said[row["image"], key]
    described = {(row["file"], row["column"]) for row in rows_of(tmp_path / "out", "codebook.csv")}
    assert {("diagnoses.csv", column) for column in by_image[0]} <= described
    assert ("trials.csv", "diagnosis") in described


def test_a_blinded_export_has_neither_the_answers_nor_the_list(study, tmp_path):
    walk(allocated(study, "real"))
    export_study(study=study, output=tmp_path / "blind")
    assert not (tmp_path / "blind" / "diagnoses.csv").exists()
    assert "diagnosis" not in rows_of(tmp_path / "blind", "trials.csv")[0]
    end_and_unblind(study)
    export_study(study=study, output=tmp_path / "open")
    assert (tmp_path / "open" / "diagnoses.csv").exists()


NAMES = (
    *("image", "true_class", "predicted_class", "prediction_correct", "method", "answered_at"),
    *("diagnosis", "diagnosis_comment"),
)


def listed(*answers, correct=1, method="gradcam"):
    """What is suspected of an image by these diagnoses, None for people who gave none."""
    rows = [["i1", "cat", "cat", correct, method, 1, answer, None] for answer in answers]
    table = diagnoses(Table("trials", tuple(Variable(name, "text", "") for name in NAMES), rows))
    (row,) = table.rows
    return row[-1]


@pytest.mark.parametrize(
    ("answers", "correct", "suspected"),
    [
        (["wrong_class"] * 3 + [None] * 6, 1, "label"),
        (["wrong_class"] * 2 + [None], 1, None),  # too few people
        (["wrong_class"] * 3 + [None] * 7, 1, None),  # too small a share
        (["wrong_class"] * 9, 0, None),  # the prediction is wrong, as they say
        (["background", "background", "wrong_reasons"] + [None] * 6, 0, "background"),
        (["background", "cannot_tell", "cannot_tell"], 1, None),
        (["nothing"] * 5, 1, None),
        ([None] * 5, 1, None),
    ],
)
def test_an_image_is_suspected_if_three_people_and_a_third_agree(answers, correct, suspected):
    assert listed(*answers, correct=correct) == suspected


def test_the_images_about_which_most_is_said_come_first():
    said = {"quiet": "nothing", "odd": "cannot_tell"}
    rows = [[name, "cat", "cat", 1, "lime", 1, text, None] for name, text in said.items()] * 2
    table = diagnoses(Table("trials", tuple(Variable(name, "text", "") for name in NAMES), rows))
    assert [row[0] for row in table.rows] == ["odd", "quiet"]


def test_people_without_a_map_do_not_dilute_what_others_say_about_it():
    rows = [["i1", "cat", "dog", 0, "lime", 1, "background", None]] * 3
    rows += [["i1", "cat", "dog", 0, None, 1, None, None]] * 30
    table = diagnoses(Table("trials", tuple(Variable(name, "text", "") for name in NAMES), rows))
    assert table.rows[0][-1] == "background"
