"""The optional question of what is wrong: asked, stored, and listed by image."""

import base64
import csv
import json
from collections import Counter
from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from analysis.run import analyse
from analysis.study_data.diagnosis_rule import DIAGNOSIS, NOTHING, OF_MAPS, WRONG_CLASS
from analysis.study_data.example_images import example_images
from analysis.study_data.pictures import read_pictures
from explanations.models import StudyImage
from explanations.store.artefacts import ArtefactError
from surveys.export import writing
from surveys.export.feedback import (
    FEWEST_WHILE_BLINDED,
    ImageFeedback,
    Share,
    image_feedback,
    wilson,
)
from surveys.export.writing import export_study
from surveys.models import Answer
from surveys.pages import item_order, sequence
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks.loading import parse
from surveys.study_file.declaration import StudyFileError
from surveys.tasks import items
from surveys.tasks.items import diagnosis
from tests.surveys import designs
from tests.surveys.drawn import ARMS_THAT_DIAGNOSE as ARMS
from tests.surveys.drawn import diagnosed_study, drawn_study, trial_parts
from tests.surveys.factories import allocated, answers, end_and_unblind, record, walk

ASKED = "diagnosis = true"


def rows_of(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def study(tmp_path, db):
    return drawn_study(tmp_path, parts=trial_parts(more=ASKED), arms=ARMS)


@pytest.fixture
def diagnosed(tmp_path, db):
    """The same with 12 simulated people."""
    return diagnosed_study(tmp_path)


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


def test_the_counts_by_image_are_those_of_the_trials(diagnosed, tmp_path):
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
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


def seen(*answers, correct=True, method="gradcam", without_map=0, image="i1"):
    """An image with these diagnoses of people who saw a map, None for people who gave none."""
    said = dict(Counter(filter(None, answers)))
    people = {method: (len(answers), said), "": (without_map, {})}
    return ImageFeedback(
        stimulus=1,
        image=image,
        image_set="drawn",
        split="test",
        path="drawn 1",
        true_class="cat",
        predicted_class="cat" if correct else "dog",
        is_correct=correct,
        people=len(answers) + without_map,
        with_map=len(answers),
        counts=said,
        comments=0,
        by_method=people,
    )


@pytest.mark.parametrize(
    ("answers", "correct", "suspected"),
    [
        (["wrong_class"] * 3 + [None] * 6, True, "label"),
        (["wrong_class"] * 2 + [None], True, None),  # too few people
        (["wrong_class"] * 3 + [None] * 7, True, None),  # too small a share
        (["wrong_class"] * 9, False, None),  # the prediction is wrong, as they say
        (["background", "background", "wrong_reasons"] + [None] * 6, False, "background"),
        (["background", "cannot_tell", "cannot_tell"], True, None),
        (["nothing"] * 5, True, None),
        ([None] * 5, True, None),
    ],
)
def test_an_image_is_suspected_if_three_people_and_a_third_agree(answers, correct, suspected):
    assert seen(*answers, correct=correct).suspected == suspected


def test_people_without_a_map_do_not_dilute_what_others_say_about_it():
    image = seen(*["background"] * 3, correct=False, without_map=30)
    assert image.suspected == "background"
    assert image.share("background").value == 1
    assert image.share("cannot_tell") == wilson(0, 33)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # R: prop.test(9, 10, correct = FALSE)$conf.int and so on for each row
        (9, 10, 0.5958500, 0.9821238),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (17, 60, 0.1850683, 0.4076729),
    ],
)
def test_shares_have_wilsons_interval(count, total, low, high):
    share = wilson(count, total)
    assert share.value == count / total
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-7)


def test_a_share_of_nobody_is_empty():
    assert wilson(0, 0) == Share(None, None, None)


def test_the_list_for_the_next_training_names_the_file_of_each_image(diagnosed, tmp_path):
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only", formats=("sav",))
    rows = rows_of(tmp_path / "out", "diagnoses.csv")
    sources = dict(StudyImage.objects.values_list("source", "true_class"))
    assert rows
    for row in rows:
        assert row["image_set"] == "drawn"
        assert row["split"] == "test"
        assert sources[row["path"]] == row["true_class"]
        for key in diagnosis()[0].options:
            asked = int(row["with_map" if key in OF_MAPS else "trials"])
            share = wilson(int(row[f"n_{key}"]), asked)
            read = tuple(float(row[f"{end}_{key}"]) for end in ("share", "low", "high"))
            assert read == (share.value, share.low, share.high)
    document = json.loads((tmp_path / "out" / "diagnoses.json").read_text(encoding="utf-8"))
    assert [record["path"] for record in document["records"]] == [row["path"] for row in rows]


def test_the_images_about_which_most_is_said_come_first(diagnosed):
    images = image_feedback(diagnosed, Q(simulated=True))
    keys = [(image.suspected is None, -image.named) for image in images]
    assert keys == sorted(keys)
    assert len({key for _, key in keys}) > 1


def test_the_queries_depend_neither_on_people_nor_on_images(study):
    counts = []
    for people in (4, 9):
        simulate(study=study, number=people, seed=people, profile=load("mixed"))
        with CaptureQueriesContext(connection) as queries:
            assert image_feedback(study, Q(simulated=True))
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_while_blinded_counts_are_over_all_arms_and_of_several_people(study):
    for number in range(FEWEST_WHILE_BLINDED - 1):
        walk(allocated(study, f"real {number}"))
    assert image_feedback(study, Q(simulated=False)) == []
    walk(allocated(study, "one more"))
    images = image_feedback(study, Q(simulated=False))
    assert len(images) == 3
    for image in images:
        assert image.people == FEWEST_WHILE_BLINDED
        assert (image.with_map, image.by_method) == (None, None)
        # Without the number of maps, everybody is in the denominator.
        assert image.asked("background") == image.people
    end_and_unblind(study)
    for image in image_feedback(study, Q(simulated=False)):
        assert image.people == sum(people for people, _ in image.by_method.values())
        assert image.with_map == image.people - image.by_method.get("", (0, {}))[0]
        for key, number in image.counts.items():
            assert number == sum(said.get(key, 0) for _, said in image.by_method.values())


@pytest.mark.nightly
@pytest.mark.usefixtures("quick_report")
def test_the_export_has_small_pictures_of_what_is_named_and_the_report_shows_them(
    diagnosed, tmp_path
):
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
    named = [image for image in image_feedback(diagnosed, Q(simulated=True)) if image.named]
    shown = read_pictures(tmp_path / "out")
    trials = rows_of(tmp_path / "out", "trials.csv")
    keys = {row["explanation"] for row in trials if row["explanation"]}
    assert named
    assert shown.keys() >= {image.image for image in named} | keys
    assert max(map(len, shown.values())) < 20_000
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert {f"pictures/{name}.png" for name in shown} <= manifest["files"].keys()
    analyse(tmp_path / "out", tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    for image in named:
        content = base64.b64encode(shown[image.image]).decode()
        assert f"data:image/png;base64,{content}" in page


@pytest.mark.nightly
def test_images_with_right_and_with_wrong_predictions_are_exported_in_any_study(
    diagnosed, tmp_path
):
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
    trials = rows_of(tmp_path / "out", "trials.csv")
    judged = {row["image"]: row["prediction_correct"] == "1" for row in trials}
    chosen = example_images(judged.items())
    assert {judged[name] for name in chosen} == {True, False}
    assert set(chosen) <= read_pictures(tmp_path / "out").keys()


def test_images_of_patients_never_leave_the_server_with_an_export(diagnosed, tmp_path, monkeypatch):
    declared = writing.definition(diagnosed)
    of_patients = replace(declared, release=replace(declared.release, pictures="patients"))
    monkeypatch.setattr(writing, "definition", lambda study: of_patients)
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
    assert read_pictures(tmp_path / "out") == {}


@pytest.mark.nightly
def test_a_missing_picture_costs_neither_the_export_nor_the_page(diagnosed, tmp_path, monkeypatch):
    def damaged(source):
        raise ArtefactError("The file is damaged.")

    monkeypatch.setattr("explanations.pipeline.pictures.map_png", damaged)
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
    assert all(len(name) == 12 for name in read_pictures(tmp_path / "out"))
    assert (tmp_path / "out" / "diagnoses.csv").is_file()


def test_the_rule_and_the_page_speak_of_the_same_answers():
    options = diagnosis()[0].options
    assert {NOTHING, WRONG_CLASS, *OF_MAPS} <= options.keys()
    assert (diagnosis()[0].id, items.OF_MAPS) == (DIAGNOSIS, OF_MAPS)
    assert options.keys() - diagnosis(with_map=False)[0].options.keys() == set(OF_MAPS)
