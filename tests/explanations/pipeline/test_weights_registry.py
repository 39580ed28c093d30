import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from explanations.models import ClassifierWeights
from explanations.pipeline.weights_registry import RegistryError, register_classifier, weights_path
from explanations.store.atomic_files import sha256_of_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(settings, tmp_path):
    """A project folder with a small file that says that it is a classifier."""
    settings.BASE_DIR = tmp_path / "project"
    path = settings.BASE_DIR / "weights" / "small.safetensors"
    write(path)
    return path


def write(path, seed=0, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {"format": "study-classifier-1", "class_names": '["cat", "dog"]'}
    values = np.random.default_rng(seed).normal(size=3)
    save_file({"weight": values}, path, {**known, **metadata})


def write_card(path, sha256):
    card = {"weights": {"sha256": sha256}, "evaluation": {"test": {"accuracy": 0.87}}}
    path.with_suffix(".json").write_text(json.dumps(card))


def test_a_file_is_registered_once_under_its_hash(project):
    weights = register_classifier(project)
    assert register_classifier(project) == weights
    assert weights.sha256 == sha256_of_file(project)
    assert weights.class_names == ["cat", "dog"]
    assert (weights.name, weights.path, weights.card) == ("small", "weights/small.safetensors", {})
    assert weights_path(weights) == project


def test_the_card_beside_it_is_taken_along_also_when_it_comes_later(project):
    register_classifier(project)
    write_card(project, sha256_of_file(project))
    assert register_classifier(project).card["evaluation"]["test"]["accuracy"] == 0.87
    assert ClassifierWeights.objects.count() == 1


def test_a_file_outside_the_project_keeps_its_whole_path(project, tmp_path):
    path = tmp_path / "elsewhere" / "other.safetensors"
    write(path, seed=1)
    weights = register_classifier(path)
    assert weights.path == str(path)
    assert weights_path(weights) == path


def test_the_card_of_other_weights_is_refused(project):
    write_card(project, "0" * 64)
    with pytest.raises(RegistryError, match="describes weights with the hash 000000000000"):
        register_classifier(project)


@pytest.mark.parametrize("text", ["no json", "[]", "{}"])
def test_a_card_that_is_none_is_refused(project, text):
    project.with_suffix(".json").write_text(text)
    with pytest.raises(RegistryError, match=r"small\.json is not a model card"):
        register_classifier(project)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "does not exist. Train it"),
        (lambda path: path.write_bytes(b"0" * 100), "is not a readable safetensors file"),
        (
            lambda path: path.write_bytes(path.read_bytes()[:-5]),
            "is not a readable safetensors file",
        ),
        (lambda path: write(path, format="other"), "not 'other'"),
        (lambda path: write(path, class_names="cat"), "does not list its classes"),
    ],
    ids=["missing", "foreign", "truncated", "another format", "no classes"],
)
def test_a_file_that_is_no_classifier_is_refused(project, spoil, message):
    spoil(project)
    with pytest.raises(RegistryError, match=message):
        register_classifier(project)
    assert not ClassifierWeights.objects.exists()


def test_weights_that_changed_or_left_since_are_noticed(project):
    weights = register_classifier(project)
    write(project, seed=2)
    with pytest.raises(RegistryError, match=r"weights/small\.safetensors has changed"):
        weights_path(weights)
    project.unlink()
    with pytest.raises(RegistryError, match=r"weights/small\.safetensors is missing"):
        weights_path(weights)
