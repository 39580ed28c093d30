"""The cast: a small random classifier, the shipped one, and a few scenes."""

import numpy as np
import pytest
import torch

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import VGG13, he_initialise
from explanations.imagesets.scenes import CLASS_NAMES, generate
from explanations.methods.protocol import Background
from tests.conftest import ROOT, missing


def random_classifier() -> Classifier:
    """The VGG13 with random weights, always the same ones."""
    torch.manual_seed(0)
    network = VGG13()
    he_initialise(network)
    network.eval().requires_grad_(False)
    return Classifier(network, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple(CLASS_NAMES))


@pytest.fixture(scope="session")
def untrained() -> Classifier:
    return random_classifier()


@pytest.fixture(scope="session", params=["untrained", "trained"])
def classifier(request, untrained) -> Classifier:
    if request.param == "untrained":
        return untrained
    weights = ROOT / "weights" / "scenes.safetensors"
    if not weights.is_file():
        missing("There is no weights/scenes.safetensors; train it with manage.py train_classifier.")
    return Classifier.load(weights)


@pytest.fixture(scope="session")
def scenes() -> np.ndarray:
    """Six test scenes, uint8 (6, 32, 32, 3)."""
    return np.stack([scene.image for scene in generate("test", 6, 0)])


@pytest.fixture(scope="session")
def background() -> Background:
    """Four training scenes; a real background has 100."""
    return Background(np.stack([scene.image for scene in generate("train", 4, 0)]))


@pytest.fixture(scope="session")
def weights_file(untrained, tmp_path_factory):
    """The random classifier on disk."""
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    untrained.save(path, torch.float16)
    return path
