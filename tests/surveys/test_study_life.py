"""From the file to an open study and back: services and their commands."""

import hashlib
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from analysis.sections.deviations import deviations, hold_to
from analysis.study_data.study_data import read_study
from explanations.models import ClassifierWeights, Explanation
from surveys import services
from surveys.models import Study
from surveys.services import StudyError
from surveys.services.stimuli import choose_stimuli
from surveys.study_checks import loading
from surveys.tidy.analysis_plan import plan_of
from tests.surveys import factories


@pytest.fixture
def file(db, tmp_path):
    """A study file whose images and weights are there."""
    factories.images()
    path = tmp_path / "small.toml"
    path.write_text(factories.study_text(factories.write_weights(tmp_path / "dots.safetensors")))
    return path


def run(*arguments: object) -> str:
    """The one line that a command prints."""
    return call_command(*map(str, arguments)).strip()


def test_a_study_is_loaded_as_a_draft_with_its_arms(file, capsys):
    assert run("load_study", file) == "Loaded the study 'small' as a draft, with 4 arms."
    study = Study.objects.get()
    assert (study.state, study.seed, study.title) == ("draft", 5, "A small study")
    assert study.source == file.read_text()
    shown = study.arms.values_list("position", "key", "blocks__condition__method")
    assert list(shown) == [
        (1, "none", ""),
        (2, "gradcam", "gradcam"),
        (3, "lime", "lime"),
        (4, "placebo", "placebo"),
    ]
    assert not study.slots.exists()
    assert study.classifier == ClassifierWeights.objects.get()


def test_the_unchanged_file_again_changes_nothing(file):
    run("load_study", file)
    arms = list(Study.objects.get().arms.values_list("pk", flat=True))
    assert run("load_study", file) == "The study 'small' is already loaded and unchanged."
    assert list(Study.objects.get().arms.values_list("pk", flat=True)) == arms


def test_a_changed_file_replaces_a_study_without_participants(file):
    run("load_study", file)
    study = Study.objects.get()
    factories.predict(study)
    choose_stimuli(study)
    services.open_study(study=study)
    file.write_text(file.read_text().replace("seed = 5", "seed = 6"))
    assert "as a draft" in run("load_study", file)
    study = Study.objects.get()
    assert (study.seed, study.state, study.stimuli.count()) == (6, "draft", 0)


@pytest.mark.parametrize("simulated", [False, True])
def test_a_changed_file_of_a_study_with_participants_is_refused(study, tmp_path, simulated):
    services.enrol(study=study, arrival_key="somebody", simulated=simulated)
    file = tmp_path / "changed.toml"
    file.write_text(study.source.replace("seed = 5", "seed = 6"))
    with pytest.raises(
        CommandError, match=r"has participants \(1\), .* change: seed\. .* another slug"
    ):
        run("load_study", file)
    file.write_text(study.source)
    assert "already loaded and unchanged" in run("load_study", file)
    assert Study.objects.get().seed == 5


def test_a_faulty_file_is_refused_by_name_with_all_its_problems(file):
    file.write_text(file.read_text().replace("right = 3", "").replace("seed = 5", ""))
    with pytest.raises(CommandError) as caught:
        run("load_study", file)
    for words in ("small.toml", "2 problems", "'right' in [images]", "'seed' is missing"):
        assert words in str(caught.value)
    assert not Study.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('set = "dots"', 'set = "spots"', "import_images --data spots --split test"),
        ('split = "test"', 'split = "train"', "import_images --data dots --split train"),
        ("dots.safetensors", "gone.safetensors", "does not exist. Train it"),
    ],
)
def test_what_a_study_needs_and_is_not_there_is_named_with_the_cure(file, old, new, words):
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(CommandError, match=words):
        run("load_study", file)
    assert not Study.objects.exists()


def test_a_classifier_of_other_classes_is_refused(file):
    image_set = factories.images()
    image_set.class_names = ["cat", "dog"]
    image_set.save()
    with pytest.raises(CommandError, match=r"has cat, dog\. Name weights"):
        run("load_study", file)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path, db):
    with pytest.raises(CommandError, match=r"does not exist. Check the path"):
        run("load_study", tmp_path / "none.toml")


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_the_file_comes_back_byte_for_byte(file, tmp_path, ends):
    content = file.read_bytes().replace(b"\n", ends) + "# schön, “ä” 😀".encode()
    file.write_bytes(content)
    run("load_study", file)
    back = tmp_path / "back.toml"
    assert run("dump_study", "small", "--output", back) == f"Wrote the study 'small' to {back}."
    assert back.read_bytes() == content
    printed = io.StringIO(newline="")
    call_command("dump_study", "small", stdout=printed)
    assert printed.getvalue().encode() == content
    assert "already loaded and unchanged" in run("load_study", back)


def test_a_study_opens_when_all_is_there(db, tmp_path):
    study = factories.draft_study(tmp_path)
    with pytest.raises(CommandError, match="0 of 5 stimuli are chosen") as caught:
        run("open_study", "small")
    assert "manage.py precompute_explanations --study small" in str(caught.value)
    factories.predict(study)
    choose_stimuli(study)
    Explanation.objects.filter(method="lime").first().delete()
    lost = study.stimuli.first().prediction.explanations.filter(method="gradcam")
    lost.delete()
    with pytest.raises(StudyError, match="the condition 'gradcam' has 4 of 5 gradcam maps"):
        services.open_study(study=study)
    assert Study.objects.get().state == "draft"


def test_an_open_study_tells_its_link_and_may_be_opened_again(study):
    assert run("open_study", "small") == "The study 'small' is open at /s/small/"
    services.close_study(study=study)
    assert Study.objects.get().state == "closed"
    run("open_study", "small")
    assert Study.objects.get().state == "open"


def test_an_unknown_study_is_answered_with_the_nearest(study):
    with pytest.raises(CommandError, match="did you mean 'small'"):
        run("open_study", "smal")


def test_without_any_study_the_cure_is_to_load_one(db):
    with pytest.raises(CommandError, match=r"Load one: manage\.py load_study"):
        run("open_study", "demo")


def exported(study: Study, folder: Path) -> dict:
    factories.export_closed(study=study, output=folder)
    return json.loads((folder / "manifest.json").read_text())


def test_the_launch_freezes_file_images_maps_weights_and_questionnaires(study):
    (version,) = study.versions.all()
    assert (version.number, version.people_before) == (1, 0)
    assert version.source == study.source
    assert version.source_sha256 == hashlib.sha256(study.source.encode()).hexdigest()
    assert version.weights_sha256 == study.classifier.sha256
    assert set(version.instruments) == {"ai-experience-v1", "trust-v1", "comments-v1"}
    services.close_study(study=study)
    services.open_study(study=study)
    assert study.versions.count() == 1


def test_texts_and_plan_can_be_corrected_under_way_as_a_new_version(study, finished, tmp_path):
    file = tmp_path / "small.toml"
    plan = study.source.replace('label = "Trust"', 'label = "Trust"\nfamily = "other"')
    file.write_text(plan.replace("What it was about.", "What it was all about."))
    assert "Corrected the study 'small', version 2." in run("load_study", file)
    study.refresh_from_db()
    assert study.state == "open"
    manifest = exported(study, tmp_path / "data")
    assert [one["people_before"] for one in manifest["versions"]] == [0, 1]
    (change,) = manifest["changes"]
    assert (change["version"], change["what"]) == (2, "study file: debrief, analysis")
    registered = json.loads((tmp_path / "data" / "registered.json").read_text())
    assert registered == plan_of(loading.parse(study.versions.first().source))
    assert registered["outcomes"][0].get("family") is None
    data = hold_to(read_study(tmp_path / "data"), registered)
    places = {(one.kind, one.where) for one in deviations(data, (), None)}
    assert ("study", "study file: debrief, analysis") in places
    assert ("plan", "outcomes “trust”, family") in places


def test_what_changes_behind_the_platform_is_a_deviation_too(study, finished, tmp_path, settings):
    shown = study.stimuli.first().prediction.explanations.filter(method="lime")
    assert exported(study, tmp_path / "data")["changes"] == []
    shown.update(sha256="1" * 64)
    study.versions.update(instruments={**study.versions.get().instruments, "trust-v1": "0" * 64})
    changed = exported(study, tmp_path / "data")["changes"]
    assert [one["what"] for one in changed] == ["images and maps", "questionnaire trust-v1"]
    assert {one["version"] for one in changed} == {0}
    said = [one.done for one in deviations(read_study(tmp_path / "data"), (), None)]
    assert all("when the data were exported" in done for done in said[:2])


@pytest.mark.parametrize(
    ("old", "new", "stay"),
    [
        ("What happens here.", "What really happens here.", True),
        ('label = "Trust"', 'label = "Trust in it"', True),
        ("right = 3", "right = 2", False),
        ("seed = 5", "seed = 6", False),
    ],
)
def test_images_of_a_draft_stay_chosen_while_only_texts_and_plan_change(
    db, tmp_path, old, new, stay
):
    study = factories.draft_study(tmp_path)
    factories.predict(study)
    chosen = {stimulus.pk for stimulus in choose_stimuli(study)}
    assert old in study.source
    changed = services.load_study(study.source.replace(old, new))
    assert (changed.state, changed.pk) == ("draft", study.pk)
    left = set(changed.stimuli.values_list("pk", flat=True))
    assert left == (chosen if stay else set())
