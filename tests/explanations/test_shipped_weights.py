"""The weights in the repository are what their cards say."""

import json
import re
import tarfile

import pytest

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.evaluation import evaluate
from explanations.classifier.network import PARAMETER_COUNT
from explanations.classifier.pipeline import hash_arrays
from explanations.imagesets.arrays import training_arrays
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.folder import FolderSet
from explanations.store.atomic_files import sha256_of_file
from tests.conftest import ROOT

SHIPPED = sorted((ROOT / "weights").glob("*.safetensors"))
CARDS = sorted((ROOT / "weights").glob("*.json"))
PARAMETERS = {"vgg13": PARAMETER_COUNT, "resnet_small": 393_826}


def test_a_card_without_its_weights_is_of_a_recipe_of_the_report():
    """The weights of further seeds would be 13 MB each, and only their figures are used."""
    assert {"cifar10", "scenes"} <= {path.stem for path in SHIPPED}
    without = {path.stem for path in CARDS} - {path.stem for path in SHIPPED}
    assert [name for name in without if not re.fullmatch(r"cifar10-(base|l2)(-s\d+)?", name)] == []
    for name in without:
        card = json.loads((ROOT / "weights" / f"{name}.json").read_text())
        assert card["weights"]["file"] == f"{name}.safetensors"
        assert card["network"]["parameters"] == PARAMETER_COUNT
        assert {"train", "validation", "test"} == card["evaluation"].keys()


@pytest.mark.parametrize("weights", SHIPPED, ids=lambda path: path.stem)
def test_a_card_describes_the_file_beside_it(weights):
    card = json.loads(weights.with_suffix(".json").read_text())
    assert card["weights"]["file"] == weights.name
    assert card["weights"]["sha256"] == sha256_of_file(weights)
    classifier = Classifier.load(weights)
    assert card["network"]["parameters"] == PARAMETERS[classifier.architecture]
    assert list(classifier.class_names) == card["network"]["class_names"]
    assert {"train", "validation", "test"} == card["evaluation"].keys()
    assert weights.stat().st_size < 14_000_000


@pytest.mark.nightly
@pytest.mark.parametrize("limit", [400, pytest.param(None, marks=pytest.mark.nightly)])
def test_the_scenes_classifier_is_right_as_often_as_its_card_says(limit):
    card = json.loads((ROOT / "weights" / "scenes.json").read_text())
    images, labels = training_arrays(open_image_set("scenes"), "test", limit=limit)
    figures = evaluate(Classifier.load(ROOT / "weights" / "scenes.safetensors"), images, labels)
    stated = card["evaluation"]["test"]["accuracy"]
    if limit:  # four hundred images: standard deviation 2 points
        assert figures.accuracy == pytest.approx(stated, abs=0.06)
    else:
        assert hash_arrays(images, labels) == card["data"]["test_sha256"]
        assert figures.accuracy == pytest.approx(stated, abs=2e-3)
    assert 0.8 <= stated <= 0.9  # a study of trust needs wrong predictions, and not too many


@pytest.mark.nightly
@pytest.mark.parametrize("limit", [100, pytest.param(None, marks=pytest.mark.nightly)])
def test_the_classifier_of_large_scenes_is_right_as_often_as_its_card_says(limit):
    weights = ROOT / "weights" / "scenes-128.safetensors"
    card = json.loads(weights.with_suffix(".json").read_text())
    assert weights.stat().st_size < 5_000_000
    images, labels = training_arrays(open_image_set("scenes-128"), "test", limit=limit)
    figures = evaluate(Classifier.load(weights), images, labels)
    stated = card["evaluation"]["test"]["accuracy"]
    if limit:  # a hundred images: standard deviation 4 points
        assert figures.accuracy == pytest.approx(stated, abs=0.12)
    else:
        assert hash_arrays(images, labels) == card["data"]["test_sha256"]
        assert figures.accuracy == pytest.approx(stated, abs=2e-3)
    assert 0.9 <= stated <= 0.97  # a study of trust needs wrong predictions


@pytest.mark.nightly
@pytest.mark.shared
def test_the_cifar10_classifier_is_right_about_as_often_on_a_few_jpegs(cifar10, photographs_of):
    """Three hundred images: standard deviation 2 points."""
    card = json.loads((ROOT / "weights" / "cifar10.json").read_text())
    images, classes = photographs_of(30)
    labels = [cifar10.class_names.index(name) for name in classes]
    share = (cifar10.probabilities(images).argmax(1) == labels).mean()
    assert share == pytest.approx(card["evaluation"]["test"]["accuracy"], abs=0.06)


@pytest.mark.nightly
@pytest.mark.shared
@pytest.mark.parametrize("name", [p.stem for p in SHIPPED if p.stem.startswith("cifar10")])
def test_a_cifar10_classifier_is_right_as_often_on_the_jpegs_as_its_card_says(
    shared_dir, tmp_path, name
):
    card = json.loads((ROOT / "weights" / f"{name}.json").read_text())
    with tarfile.open(shared_dir / "data" / "cifar10-jpeg.tar.xz") as archive:
        members = [member for member in archive if "test/" in member.name]
        archive.extractall(tmp_path, members=members, filter="data")
    test_folder = next(path for path in tmp_path.rglob("test") if path.is_dir())
    images, labels = training_arrays(FolderSet(test_folder.parent), "test")
    assert hash_arrays(images, labels) == card["data"]["test_sha256"]
    weights = ROOT / "weights" / f"{name}.safetensors"
    figures = evaluate(Classifier.load(weights), images, labels)
    assert figures.images == 10_000
    assert figures.accuracy == pytest.approx(card["evaluation"]["test"]["accuracy"], abs=1e-3)
    assert figures.loss == pytest.approx(card["evaluation"]["test"]["loss"], abs=1e-3)
