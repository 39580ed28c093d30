"""What each kind of job does, and what it refuses: one row per kind."""

import ast
import json
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from explanations.imagesets.decoding import encode_png
from explanations.models import Explanation, ImageSet, Prediction
from studyplatform.jobs import queue
from studyplatform.jobs.folders import jobs_folder, result_file
from studyplatform.jobs.kinds import BY_KEY, KINDS, ArgumentsError, Lane, possible_here
from studyplatform.models import Job, StudyImageSet
from surveys import services
from surveys.models import Participant, Study
from tests.jobs.conftest import EVERY_KIND, MAPS, do_next
from tests.jobs.test_killed_workers import LONG, SHORT
from tests.surveys import factories
from tests.surveys.drawn import drawn_study
from tests.test_straight_line import STUDY

POWER = {"power": 0.5, "runs": 20, "most": 4, "seed": 1}
EVALUATION = {"images": 2, "subsample": 2, "methods": ["gradcam"]}
PEOPLE = {"number": 2, "profile": "null", "seed": 4}


@pytest.fixture
def pictured(db) -> Study:
    """A study of real pictures, of which nothing has been computed yet."""
    factories.scenes(24)
    return services.load_study(STUDY.format(slug="pictured", seed=5))


def output(job: Job) -> Path:
    return jobs_folder() / str(job.pk) / str(job.result["token"]) / "output"


def test_the_list_of_kinds_is_the_one_that_these_tests_know():
    assert tuple(BY_KEY) == EVERY_KIND
    assert set(possible_here()) == set(EVERY_KIND)


def test_a_machine_without_the_libraries_leaves_the_kind_to_others(monkeypatch):
    monkeypatch.setattr("studyplatform.jobs.kinds.find_spec", lambda name: None)
    assert set(possible_here()) == {
        *("folder", "power", "simulation", "look", "export", "report", "release"),
    }


def test_the_lanes_share_all_kinds_and_maps_hold_up_no_export(monkeypatch):
    assert set(Lane.COMPUTING.kinds) == {"maps", "classifier", "evaluation"}
    assert set(Lane.SHORT.kinds) == set(EVERY_KIND) - set(Lane.COMPUTING.kinds)
    monkeypatch.setattr("studyplatform.jobs.kinds.find_spec", lambda name: None)
    assert Lane.COMPUTING.kinds == ()


@pytest.mark.parametrize("kind", [kind.key for kind in KINDS])
def test_every_kind_names_a_body_a_form_and_its_words(kind, study):
    module, _, name = BY_KEY[kind].body.rpartition(".")
    # Read and not imported: the libraries behind it take seconds, and other tests run it.
    source = Path(find_spec(module).origin).read_text(encoding="utf-8")
    assert f"\ndef {name}(work: Work) -> Done:" in source
    assert all(str(text) for text in (BY_KEY[kind].label, BY_KEY[kind].sentence))
    assert BY_KEY[kind].form(study).as_p()


@pytest.mark.nightly
def test_predictions_alone_choose_no_images_and_compute_no_map(pictured):
    queue.enqueue("maps", study=pictured, data=MAPS | {"predictions_only": "on"}, by=None)
    job, _ = do_next()
    assert (job.state, job.error) == ("done", "")
    assert job.result["summary"] == "24 images predicted."
    assert Prediction.objects.count() == 24
    assert not pictured.stimuli.exists()
    assert not Explanation.objects.exists()


def offer(settings, study: Study, *names: str, split: str = "test") -> None:
    """A folder "offered" on the server with images of these names, in classes in turn."""
    for number, name in enumerate(names):
        label = study.classifier.class_names[number % 2]
        path = settings.IMAGE_FOLDERS / "offered" / split / label / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (40, 50, 3), dtype=np.uint8)
        path.write_bytes(encode_png(pixels))


FOLDER = {"folder": "offered", "split": "test"}


def test_a_folder_on_the_server_becomes_an_image_set_of_every_study(study, settings):
    offer(settings, study, "1.png", "2.png", "3.png")
    offer(settings, study, "4.png", split="train")
    queue.enqueue("folder", study=study, data=FOLDER, by=None)
    job, _ = do_next()
    assert job.state == "done", job.error
    assert job.result["summary"] == "3 images of “offered” are in place."
    images = ImageSet.objects.get(name="offered").images
    assert images.filter(split="test").count() == 3
    assert images.filter(split="background").count() == 1
    assert not StudyImageSet.objects.exists()
    assert {(one.width, one.height) for one in images.all()} == {(50, 40)}  # as they are
    queue.enqueue("folder", study=study, data=FOLDER, by=None)
    again, _ = do_next()
    assert again.result["summary"] == job.result["summary"]


def test_a_folder_without_splits_is_divided_by_the_rule_that_the_job_states(study, settings):
    offer(settings, study, *(f"{number}.png" for number in range(8)), split=".")
    data = FOLDER | {"split_rule": "75/25", "split_seed": 2}
    queue.enqueue("folder", study=study, data=data, by=None)
    job, _ = do_next()
    assert job.state == "done", job.error
    image_set = ImageSet.objects.get(name="offered")
    assert image_set.split_rule == "75/25, seed 2"
    assert image_set.images.filter(split="test").count() == 2
    assert image_set.images.filter(split="background").count() == 6
    # Without the rule, the same folder is refused with the cure, and a text is no rule.
    queue.enqueue("folder", study=study, data=FOLDER, by=None)
    job, _ = do_next()
    assert "classes without splits" in job.error
    with pytest.raises(ArgumentsError, match="'half' is not a split rule"):
        queue.enqueue("folder", study=study, data=FOLDER | {"split_rule": "half"}, by=None)


def test_a_folder_with_a_file_that_is_no_image_is_refused_whole(study, settings):
    offer(settings, study, "1.png", "2.png")
    page = next(settings.IMAGE_FOLDERS.rglob("1.png"))
    page.write_text("<html>")
    queue.enqueue("folder", study=study, data=FOLDER, by=None)
    job, _ = do_next()
    assert job.state == "failed"
    assert "1.png is not a readable image" in job.error
    assert not ImageSet.objects.filter(name="offered").exists()


def test_a_folder_never_adds_images_to_those_of_a_study(study, settings):
    offer(settings, study, "1.png")
    own = ImageSet.objects.create(name="offered", class_names=study.classifier.class_names)
    StudyImageSet.objects.create(image_set=own, study=study)
    queue.enqueue("folder", study=study, data=FOLDER, by=None)
    job, _ = do_next()
    assert job.state == "failed"
    assert "taken by images that were uploaded" in job.error
    assert not own.images.exists()


@pytest.mark.parametrize(
    "folder", ["..", "../var", "/etc", "offered/../..", "offered/test", ".hidden", "a b", "nowhere"]
)
def test_no_other_folder_can_be_named(study, settings, folder):
    offer(settings, study, "1.png")
    (settings.IMAGE_FOLDERS / ".hidden").mkdir()
    (settings.IMAGE_FOLDERS / "a b").mkdir()
    with pytest.raises(ArgumentsError, match="Folder"):
        queue.enqueue("folder", study=study, data=FOLDER | {"folder": folder}, by=None)
    with pytest.raises(ArgumentsError, match="Split"):
        queue.enqueue("folder", study=study, data=FOLDER | {"split": "../x"}, by=None)


@pytest.mark.nightly
def test_scenes_that_come_with_the_platform_are_drawn_when_they_are_missing(db):
    text = STUDY.format(slug="pictured", seed=5)
    study = services.load_study(text, images_later=True)
    assert study.image_set.images.count() == 0
    queue.enqueue("maps", study=study, data=MAPS | {"predictions_only": "on"}, by=None)
    job, _ = do_next()
    assert job.result["summary"] == "200 images predicted."
    assert study.image_set.images.filter(split="background").exists()


@pytest.mark.nightly
def test_uploaded_images_are_compared_with_the_scenes_that_the_classifier_was_trained_on(pictured):
    own = ImageSet.objects.create(name="own", class_names=pictured.image_set.class_names)
    pictured.image_set.images.filter(split="test").update(image_set=own)
    text = STUDY.format(slug="other", seed=5).replace('set = "scenes"', 'set = "own"')
    other = services.load_study(text)
    queue.enqueue("maps", study=other, data=MAPS | {"predictions_only": "on"}, by=None)
    job, _ = do_next()
    assert job.state == "done", job.error
    assert own.images.filter(split="background").count() == 100
    assert own.images.filter(split="test").count() == 24


def test_maps_are_computed_once_and_a_second_job_computes_nothing(pictured):
    queue.enqueue("maps", study=pictured, data=MAPS, by=None)
    job, told = do_next()
    assert job.state == "done", job.error
    assert job.result["summary"] == "24 images predicted, 14 maps of 7 images in place."
    assert Explanation.objects.count() == 14
    assert max(one.done for one in told) == next(one.total for one in told if one.total) == 14
    queue.enqueue("maps", study=pictured, data=MAPS, by=None)
    again, told = do_next()
    assert again.result["summary"] == job.result["summary"]
    assert any("0 maps computed" in one.sentence for one in told)


@pytest.mark.nightly
def test_the_methods_are_measured_on_the_studys_images(pictured):
    queue.enqueue("evaluation", study=pictured, data=EVALUATION, by=None)
    job, told = do_next()
    assert job.state == "done", job.error
    assert job.result["page"] == "report.html"
    assert {"report.html", "results.json", "results.csv"} <= {one["name"] for one in job.files}
    assert any(one.step for one in told)


MAP_QUALITY = """
[analysis.map_quality]
measures = ["entropy"]
outcomes = ["trust"]

[[analysis.outcomes]]"""


@pytest.mark.nightly
def test_a_report_compares_answers_with_the_maps_that_people_saw(pictured):
    source = pictured.source.replace("\n[[analysis.outcomes]]", MAP_QUALITY, 1)
    study = services.load_study(source.replace("pictured", "measured"))
    queue.enqueue("maps", study=study, data=MAPS, by=None)
    do_next()
    queue.enqueue("evaluation", study=study, data={**EVALUATION, "sample": "study"}, by=None)
    evaluation, _ = do_next()
    assert evaluation.state == "done", evaluation.error
    shown = set(study.stimuli.values_list("prediction__image__sha256", flat=True))
    images = (output(evaluation) / "images.csv").read_text()
    assert len(shown) == 6
    assert all(sha256 in images for sha256 in shown)
    services.open_study(study=study)
    call_command("simulate_participants", "measured", n=8, seed=1)
    queue.enqueue("report", study=study, data={"simulated": "only", "pdf": False}, by=None)
    report, told = do_next()
    assert report.state == "done", report.error
    assert any("newest evaluation" in one.sentence for one in told)
    found = json.loads((output(report) / "results.json").read_text())
    methods = found["optional_sections"]["map_quality"]["methods"]
    assert {row["arm"] for row in methods} == {"gradcam", "placebo"}


def test_a_study_has_no_use_for_methods_and_a_sample_needs_them(study):
    form = BY_KEY["evaluation"].form
    assert form(study, {"images": 2, "subsample": 3, "sample": "study"}).is_valid()
    # Without a choice, as a job of an earlier version names none, it is a sample.
    without = form(study, {"images": 2, "subsample": 2, "methods": ["gradcam"]})
    assert without.is_valid()
    assert without.arguments()["sample"] == "set"
    assert not form(study, {"images": 2, "subsample": 2, "sample": "set"}).is_valid()


def test_the_sample_size_is_simulated(study):
    queue.enqueue("power", study=planned(study), data=POWER, by=None)
    job, told = do_next()
    assert job.state == "done", job.error
    assert job.result["page"] == "power.html"
    assert {"power.html", "power.json"} <= {one["name"] for one in job.files}
    assert any("per arm" in one.step for one in told)


@pytest.mark.nightly
def test_the_effects_and_assumptions_that_were_entered_are_simulated(study):
    """The plan of this study names no smallest effect."""
    services.close_study(study=study)
    data = POWER | {"effect_trust": "2.0", "dropout": "0", "score_sd": "1.5"}
    queue.enqueue("power", study=study, data=data, by=None)
    job, _ = do_next()
    assert job.state == "done", job.error
    assert job.arguments["effects"] == {"trust": 2.0}
    power = json.loads((output(job) / "power.json").read_text())
    assert (
        power["asked"]["assumed"] | {"dropout": 0.0, "score_sd": 1.5} == (power["asked"]["assumed"])
    )
    (sample,) = job.result["provenance"]["samples"]
    assert (sample["outcome"], sample["effect"], sample["d"]) == ("trust", 2.0, 2.0 / 1.5)
    assert "smallest effects: trust 2.0" in (output(job) / "power.html").read_text()


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({}, "No outcome has a smallest effect that matters."),
        ({"effect_trust": ""}, "No outcome has a smallest effect that matters."),
        ({"effect_trust": "0"}, "0 is no effect."),
    ],
)
def test_a_sample_is_not_simulated_without_an_effect(study, entered, sentence):
    with pytest.raises(ArgumentsError, match=sentence):
        queue.enqueue("power", study=study, data=POWER | entered, by=None)


def planned(study: Study) -> Study:
    """The study with a smallest effect, which a simulation needs."""
    services.close_study(study=study)
    text = study.source.replace('scale = "trust"', 'scale = "trust"\nsmallest_effect = 2.0')
    Study.objects.filter(pk=study.pk).update(source=text)
    study.refresh_from_db()
    return study


def test_people_of_the_chosen_kinds_come(db, tmp_path):
    drawn = drawn_study(tmp_path)
    data = PEOPLE | {"number": 4, "styles": ["quitting", "double_clicking"]}
    queue.enqueue("simulation", study=drawn, data=data, by=None)
    job, _ = do_next()
    assert job.state == "done", job.error
    people = Participant.objects.filter(study=drawn, simulated=True)
    ended = people.filter(state="completed").count()
    assert 0 < ended < 4
    assert "quitting; double-clicking" in BY_KEY["simulation"].form.in_words(job.arguments)


@pytest.mark.nightly
def test_synthetic_people_take_part_and_stay_marked(db, tmp_path):
    drawn = drawn_study(tmp_path)
    queue.enqueue("simulation", study=drawn, data=PEOPLE, by=None)
    job, told = do_next()
    assert job.state == "done", job.error
    assert Participant.objects.filter(study=drawn, simulated=True).count() == 2
    assert not Participant.objects.filter(simulated=False).exists()
    assert [one.done for one in told] == [1, 2]
    assert len(job.checkpoint["ends"]) == 2


def test_an_export_is_a_folder_and_a_zip_file_with_hashes(study, enqueue):
    factories.walk(services.enrol(study=study, arrival_key="a"))
    enqueue("export", formats=["json", "csv"], simulated="none")
    job, _ = do_next()
    assert job.state == "done", job.error
    with zipfile.ZipFile(output(job) / "small.zip") as archive:
        assert {"small/participants.csv", "small/json/participants.json"} <= set(archive.namelist())
    manifest = json.loads((output(job) / "small" / "manifest.json").read_text())
    hashes = {one["name"]: one["sha256"] for one in job.files}
    for name, entry in manifest["files"].items():
        assert hashes[f"small/{name}"] == entry["sha256"]
    assert job.result["provenance"]["rows"]["participants.csv"] == 1
    assert job.result["summary"] == "1 person, 5 images judged"
    assert job.result["reveals_arms"] is False
    assert job.result["provenance"]["arms_blinded"] is True


def test_the_summary_of_an_export_counts_answers_and_not_trials_that_were_only_drawn(
    study, enqueue
):
    factories.allocated(study, "a")
    enqueue("export", formats=["csv"], simulated="none")
    job, _ = do_next()
    assert job.result["provenance"]["rows"]["trials.csv"] == 5
    assert job.result["summary"] == "1 person, 0 images judged"


@pytest.mark.nightly
def test_a_report_names_the_hashes_of_an_export_of_the_same_data(study, enqueue):
    for number in range(16):
        factories.walk(factories.allocated(study, str(number)), choice=number)
    factories.end_and_unblind(study)
    study.refresh_from_db()
    enqueue("export", formats=["csv"], simulated="none")
    enqueue("report", simulated="none", pdf=False)
    export, report = do_next()[0], do_next()[0]
    assert report.state == "done", report.error
    printed = json.loads((output(report) / "results.json").read_text())["provenance"]
    for key in ("data_sha256", "plan_sha256"):
        assert export.result["provenance"][key] == report.result["provenance"][key] == printed[key]
    assert report.result["page"] == "report.html"
    assert export.result["reveals_arms"] is report.result["reveals_arms"] is True


REFUSED = {
    "report of an open study": ("report", {"simulated": "none"}, "stay hidden until the study"),
    "report with real people of an open study": (
        "report", {"simulated": "included"}, "stay hidden until the study",
    ),
    "report without anybody": ("report", {"simulated": "only"}, "no simulated participants"),
    "export without anybody": (
        "export", {"simulated": "none", "formats": ["csv"]}, "No real participant has taken part",
    ),
    "export without a format": ("export", {"simulated": "none"}, "Formats: This field is required"),
    "too large a subsample": (
        "evaluation", {**EVALUATION, "subsample": 3}, "3 is more than the 2 images",
    ),
    "no method": ("evaluation", {"images": 2, "subsample": 2}, "Methods: This field is required"),
    "power of 1": ("power", {**POWER, "power": 1}, "less than or equal to 0.99"),
    "more people than places": ("simulation", {**PEOPLE, "number": 61}, "has 60 places left"),
    "nobody to simulate": ("simulation", {**PEOPLE, "number": 0}, "greater than or equal to 1"),
    "an unknown profile": ("simulation", {**PEOPLE, "profile": "/etc/passwd"}, "valid choice"),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED)
def test_what_cannot_be_done_is_refused_before_it_is_queued(study, row):
    kind, data, words = REFUSED[row]
    with pytest.raises(ArgumentsError, match=words):
        queue.enqueue(kind, study=study, data=data, by=None)
    assert not Job.objects.exists()


def test_synthetic_people_need_an_open_study(study):
    services.close_study(study=study)
    with pytest.raises(ArgumentsError, match="The study is not open"):
        queue.enqueue("simulation", study=study, data=PEOPLE, by=None)


def test_a_report_of_a_blinded_study_refuses_itself(study, enqueue):
    """Whatever the form allowed: the job asks again in the moment in which it would read arms."""
    factories.walk(factories.allocated(study, "a"))
    factories.end_and_unblind(study)
    enqueue("report", simulated="none", pdf=False)
    Study.objects.update(unblinded_at=None, unblinding_reason="")
    job, _ = do_next()
    assert job.state == "failed"
    assert "is blinded" in job.error
    assert not (jobs_folder() / str(job.pk) / "1" / "output").exists()


def test_an_unexpected_error_is_named_without_its_words(study, enqueue, monkeypatch, caplog):
    def broken(work):
        raise KeyError("an answer that somebody gave")

    monkeypatch.setattr("studyplatform.jobs.attempt.body_of", lambda kind: broken)
    enqueue("simulation", **PEOPLE)
    job, _ = do_next()
    assert job.error == "An unexpected error stopped the job: KeyError."
    assert str(job.pk) in job.cure
    assert "an answer" not in job.error + job.cure + job.log


@pytest.mark.parametrize("name", ["../../1/output/x", "/etc/passwd", "small", "nothing.csv"])
def test_no_name_leads_out_of_a_result(study, enqueue, name):
    factories.walk(services.enrol(study=study, arrival_key="a"))
    enqueue("export", formats=["csv"], simulated="none")
    job, _ = do_next()
    assert result_file(job.pk, job.result["token"], "small/participants.csv") is not None
    assert result_file(job.pk, job.result["token"], name) is None


def test_a_worker_is_killed_in_every_kind_of_job():
    """The rounds of the nightly test; a new kind needs a round of its own."""
    tree = ast.parse((Path(__file__).parent / "killing.py").read_text())
    jobs = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "JOBS"
    )
    kinds = {row.elts[0].value for row in jobs.values}
    assert kinds == BY_KEY.keys()
    assert {key.value for key in jobs.keys} == LONG.keys() | SHORT.keys() | {"torn"}
