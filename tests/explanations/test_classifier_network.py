"""The network is the report's, layer by layer."""

import pytest
import torch
from torch import nn

from explanations.classifier.network import (
    PARAMETER_COUNT,
    VGG13,
    fold_batch_norm,
    parameter_count,
    with_batch_norm,
)

# The report's table: output channels, size and parameters of every module of the feature part.
REPORT_TABLE = [
    ("Conv2d", 1_792), ("ReLU", 0), ("Conv2d", 36_928), ("ReLU", 0), ("MaxPool2d", 0),
    ("Conv2d", 73_856), ("ReLU", 0), ("Conv2d", 147_584), ("ReLU", 0), ("MaxPool2d", 0),
    ("Conv2d", 295_168), ("ReLU", 0), ("Conv2d", 590_080), ("ReLU", 0), ("MaxPool2d", 0),
    ("Linear", 4_195_328), ("ReLU", 0), ("Dropout", 0),
    ("Linear", 1_049_600), ("ReLU", 0), ("Dropout", 0), ("Linear", 10_250),
]  # fmt: skip


def test_the_layers_and_their_parameters_are_those_of_the_reports_table():
    network = VGG13()
    modules = [*network.conv_layers, *network.fc_layers]
    found = [(type(module).__name__, parameter_count(module)) for module in modules]
    assert found == REPORT_TABLE
    assert parameter_count(network) == PARAMETER_COUNT == 6_400_586


def test_no_relu_is_shared_or_works_in_place():
    network = VGG13()
    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == 8
    assert not any(relu.inplace for relu in relus)


def test_the_feature_part_ends_in_256_maps_of_4x4():
    features = VGG13().conv_layers(torch.zeros(2, 3, 32, 32))
    assert features.shape == (2, 256, 4, 4)


def test_folding_batch_norm_gives_the_same_function_in_the_reports_layers():
    torch.manual_seed(1)
    network = with_batch_norm(VGG13())
    network.train()
    for _ in range(3):
        network(torch.randn(16, 3, 32, 32))
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        before = network.eval()(images)
        folded = fold_batch_norm(network)
        assert torch.allclose(folded(images), before, atol=1e-5)
        assert not torch.allclose(before[0], before[1], atol=1e-5)
    modules = [*folded.conv_layers, *folded.fc_layers]
    assert [(type(module).__name__, parameter_count(module)) for module in modules] == REPORT_TABLE


@pytest.mark.parametrize("classes", [2, 7])
def test_the_number_of_classes_can_be_chosen(classes):
    assert VGG13(classes=classes)(torch.zeros(1, 3, 32, 32)).shape == (1, classes)
