"""The weights in the repository are what their cards say."""

import json

import pytest

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.evaluation import evaluate
from explanations.classifier.network import PARAMETER_COUNT
from explanations.classifier.pipeline import hash_arrays
from explanations.files import sha256_of_file
from explanations.imagesets.arrays import training_arrays
from explanations.imagesets.catalogue import open_image_set
from tests.conftest import ROOT

CARDS = sorted((ROOT / "weights").glob("*.json"))


@pytest.mark.parametrize("card_file", CARDS, ids=lambda path: path.stem)
def test_a_card_describes_the_file_beside_it(card_file):
    card = json.loads(card_file.read_text())
    weights = card_file.with_suffix(".safetensors")
    assert card["weights"]["file"] == weights.name
    assert card["weights"]["sha256"] == sha256_of_file(weights)
    assert card["network"]["parameters"] == PARAMETER_COUNT
    assert list(Classifier.load(weights).class_names) == card["network"]["class_names"]
    assert {"train", "validation", "test"} == card["evaluation"].keys()
    assert weights.stat().st_size < 14_000_000


def test_the_scenes_classifier_is_right_as_often_as_its_card_says():
    card = json.loads((ROOT / "weights" / "scenes.json").read_text())
    images, labels = training_arrays(open_image_set("scenes"), "test")
    assert hash_arrays(images, labels) == card["data"]["test_sha256"]
    figures = evaluate(Classifier.load(ROOT / "weights" / "scenes.safetensors"), images, labels)
    assert figures.accuracy == pytest.approx(card["evaluation"]["test"]["accuracy"], abs=2e-3)
    # A study of trust needs wrong predictions, and not too many.
    assert 0.8 <= figures.accuracy <= 0.9
