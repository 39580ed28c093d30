"""The rules on small networks of other shapes than the VGG13's, beside shap in float64."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from explanations.computing.rescale import Windows, relu_multiplier
from explanations.engine import explain
from explanations.verification import reference_methods

NETWORKS = {
    "pool behind a ReLU": (nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
    "pool that leaves rows out": (nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d((3, 4))),
    "pool without a ReLU": (nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()),
    "pool of the pixels": (nn.MaxPool2d(2), nn.Conv2d(3, 6, 3, padding=1), nn.ReLU()),
    "pool behind a pool": (nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.MaxPool2d(2)),
    "pool of one place": (nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(1)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_rules_are_shaps(untrained, scenes, background, name):
    torch.manual_seed(3)
    features = nn.Sequential(*NETWORKS[name])
    flat = features(torch.zeros(1, 3, 32, 32)).numel()
    network = nn.Sequential(*features, nn.Flatten(), nn.Linear(flat, 10)).eval().double()
    small = dataclasses.replace(untrained, network=network)
    found = explain(small, scenes[:1], [4], ("deepshap",), background)["deepshap"].channels[0]
    expected = reference_methods.deepshap_of_type(torch.float64, small, scenes[0], 4, background)
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()


def test_a_relu_has_its_slope_at_the_reference_where_nothing_changes():
    ours = torch.tensor([2.0, -1.0, 1.0, 1e-7, -1e-7, 0.0])
    theirs = torch.tensor([2.0, -3.0, -1.0, -1e-7, 1e-7, 0.0])
    assert relu_multiplier(ours, theirs).tolist() == [1, 0, 0.5, 0, 1, 0]


def test_the_first_place_that_holds_a_maximum_wins_as_in_torch():
    values = torch.tensor([[1.0, 5.0, 2.0, 2.0], [5.0, 0.0, 1.0, 2.0]])[None, None]
    windows = Windows.of(nn.MaxPool2d(2), values, values, torch.float32)
    assert windows.maximum.flatten().tolist() == [5, 2]
    assert windows.winner.flatten().tolist() == [1, 0]
