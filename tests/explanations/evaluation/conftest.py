"""The cast: a network that knows one thing, and a subject whose image shows it."""

import numpy as np
import pytest
import torch
from torch import nn

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.engine import METHODS, Engine
from explanations.evaluation.cases import Case
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.subject import Setting, Subject
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash

SIDE = 32
PATCH = (slice(20, 26), slice(4, 10))
"""Where the planted patch lies: rows, columns."""


def planted_classifier() -> Classifier:
    """Class 1 answers to red that is neither green nor blue, class 0 to nothing at all.

    It pools by means: a maximum would leave the gradient one pixel of four equal ones.
    """
    conv = nn.Conv2d(3, 2, 3, padding=1)
    last = nn.Linear(2 * 16 * 16, 2)
    with torch.no_grad():
        for parameter in (*conv.parameters(), *last.parameters()):
            parameter.zero_()
        conv.weight[0, :, 1, 1] = torch.tensor([1.0, -1.0, -1.0])
        conv.bias[0] = -0.5
        last.weight[1, : 16 * 16] = 0.2
    network = nn.Sequential(conv, nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), last)
    network.eval().requires_grad_(False)
    return Classifier(network, torch.zeros(3), torch.ones(3), ("nothing", "red"))


def planted_image(seed: int = 0) -> np.ndarray:
    """A chequered patch of red and cyan on a ground of dim grey noise.

    Its mean colour is grey: LIME paints over with the mean, and a plain red patch would stay red.
    """
    grey = np.random.default_rng(seed).integers(60, 120, (SIDE, SIDE, 1), dtype=np.uint8)
    image = np.repeat(grey, 3, axis=2)
    image[PATCH] = (10, 250, 250)
    image[planted_mask()] = (250, 10, 10)
    return image


def planted_mask() -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[PATCH] = np.indices((6, 6)).sum(0) % 2 == 0
    return mask


def planted_case(seed: int = 0) -> Case:
    image = planted_image(seed)
    return Case(image, 1, 1, content_hash(image), planted_mask())


@pytest.fixture(scope="session")
def planted(tmp_path_factory) -> Subject:
    """The planted image with all five methods' maps."""
    grounds = [planted_image(seed) for seed in (1, 2, 3)]
    for image in grounds:
        image[PATCH] = 90
    engine = Engine(planted_classifier(), Background(np.stack(grounds)))
    explainers = {key: catalogue.get(key).explainer() for key in METHODS}
    setting = Setting(engine, explainers, training=np.stack(grounds))
    folder = MapFolder(tmp_path_factory.mktemp("maps"), engine, explainers, 0)
    case = planted_case()
    list(folder.compute([case]))
    return Subject(setting, case, folder.read(case))
