"""A classifier is registered on a page: by a file or by an installed package, never by code."""

import pytest
import torch
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from safetensors.torch import save

from explanations.classifier import architectures
from explanations.classifier.checkpoint import Classifier
from explanations.models import ClassifierWeights
from explanations.pipeline.weights_registry import registered_names, weights_file
from studyplatform.jobs import uploaded_weights
from studyplatform.models import Job
from tests.explanations.packages import installed, lively
from tests.jobs.conftest import do_next
from tests.panel.conftest import add_member
from tests.surveys.drawn import drawn_study

KEY = "mobilenet_v3_small"
FORM = {"name": "mine", "architecture": KEY, "size": "32", "class_names": "car\ntruck\nboat\ntree"}


@pytest.fixture
def study(tmp_path, settings, db):
    settings.DATA_DIR = tmp_path / "data"
    study = drawn_study(tmp_path)
    add_member(study, "editor", make_changes=True)
    add_member(study, "viewer")
    return study


@pytest.fixture(scope="module")
def weights():
    torch.manual_seed(0)
    return save(lively(architectures.get(KEY).build(4, 32)).state_dict())


def page(study):
    return reverse("panel:register-classifier", args=[study.slug])


def send(browser, study, content=None, filename="mine.safetensors", **changes):
    data = {**FORM, **changes}
    if content is not None:
        data["weights"] = SimpleUploadedFile(filename, content)
    return browser.post(page(study), data)


def test_an_uploaded_file_becomes_a_classifier_that_study_files_can_name(study, signed_in, weights):
    browser = signed_in("editor")
    answer = send(browser, study, weights)
    assert answer.status_code == 302
    job, _ = do_next()
    assert job.state == "done", job.error
    assert 'weights = "mine"' in job.result["summary"]
    assert "its accuracy is" in job.result["summary"]
    classifier = Classifier.load(weights_file("mine"))
    assert (classifier.architecture, classifier.image_size) == (KEY, 32)
    card = ClassifierWeights.objects.get(name="mine").card
    assert card["evaluation"]["test"]["images"] == study.image_set.images.count()
    assert not list((weights_file("mine").parent.parent / "uploaded-weights").iterdir())
    text = browser.get(page(study)).content.decode()
    assert "MobileNetV3 small" in text
    again = send(browser, study, weights)
    assert again.status_code == 422
    assert "Another classifier has this name" in again.content.decode()


def test_a_network_of_an_installed_package_is_chosen_from_a_list(study, signed_in, tmp_path):
    (tmp_path / "site").mkdir()
    with installed(tmp_path / "site"):
        browser = signed_in("editor")
        assert "birds (somebody-else 2.1)" in browser.get(page(study)).content.decode()
        answer = send(browser, study, architecture="", size="", factory="birds")
        assert answer.status_code == 302
        job, _ = do_next()
    assert job.state == "done", job.error
    assert "has no accuracy" in job.result["summary"]  # its classes are not the study's
    assert registered_names() == ["mine"]
    assert send(browser, study, factory="os:system").status_code == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"class_names": "car\ncar"}, "is declared twice"),
        ({"mean": "124 116 104", "std": "58 57 57"}, "scale from 0 to 255"),
        ({"mean": "a lot"}, "is not a list of numbers"),
        ({"architecture": ""}, "does not record its network"),
        ({"name": "../mine"}, "Use letters, digits"),
        ({"resize": "16"}, "from the size 32"),
    ],
)
def test_a_faulty_declaration_is_refused_at_once(study, signed_in, weights, changes, said):
    answer = send(signed_in("editor"), study, weights, **changes)
    assert answer.status_code == 422
    assert said in answer.content.decode().replace("&#x27;", "'")
    assert not Job.objects.exists()


def test_what_the_network_itself_shows_is_refused_by_the_job(study, signed_in, weights):
    send(signed_in("editor"), study, weights, class_names="car\ntruck")
    job, _ = do_next()
    assert job.state == "failed"
    assert "2 class names are declared" in job.error
    assert registered_names() == []


def test_a_pickle_is_refused_and_not_kept(study, signed_in, settings):
    answer = send(signed_in("editor"), study, b"\x80\x02}q\x00.", filename="weights.pth")
    assert answer.status_code == 422
    assert "a pickle, which can run code" in answer.content.decode()
    assert not list((settings.DATA_DIR / "uploaded-weights").iterdir())


def test_without_a_file_the_page_asks_for_one_and_a_hash_is_none(study, signed_in, weights):
    browser = signed_in("editor")
    kept = uploaded_weights.keep(SimpleUploadedFile("x.safetensors", weights).file, "x.safetensors")
    for changes in ({}, {"upload": kept}, {"upload": "../" * 9}):
        answer = send(browser, study, **changes)
        assert answer.status_code == 422
        assert "Choose a file" in answer.content.decode()
    assert not Job.objects.exists()


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(study, signed_in, monkeypatch):
    monkeypatch.setattr(uploaded_weights, "LARGEST", 100)
    answer = send(signed_in("editor"), study, b"0" * 200)
    assert answer.status_code == 413
    assert "register_classifier" in answer.content.decode()


def test_whoever_may_only_look_cannot_register(study, signed_in, weights):
    assert send(signed_in("viewer"), study, weights).status_code == 404
    assert not Job.objects.exists()
