"""What the engine refuses to explain, and what it accepts."""

import copy
import dataclasses

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision import models

from explanations.classifier.network import VGG13
from explanations.computing.preflight import PreflightError, steps_of
from explanations.engine import Engine


def small(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), *layers).eval()


class Functional(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.function = function

    def forward(self, images):
        return self.function(self.conv(images))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images):
        return images + self.conv(images)


class Conditional(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images):
        return self.conv(images) if images.sum() > 0 else images


class TwoOutputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, images):
        logits = self.conv(images)
        return logits, logits


def reused() -> nn.Module:
    relu = nn.ReLU()
    return small(relu, nn.Conv2d(4, 4, 3), relu)


def half_in_train_mode() -> nn.Module:
    network = small(nn.Dropout(0.5))
    network[1].train()
    return network


@pytest.mark.parametrize(
    ("network", "named", "cure"),
    [
        (VGG13(), "The network is in train mode", r"Call network\.eval\(\) first"),
        (half_in_train_mode(), "The module '1' is in train mode", r"Call network\.eval\(\)"),
        (reused(), "The module '1' is used more than once", "Create one per use"),
        (Functional(functional.relu), "the function 'relu'", "by a module, nn.ReLU"),
        (Functional(lambda x: x.relu()), "the function 'relu'", "by a module, nn.ReLU"),
        (
            Functional(lambda x: functional.max_pool2d(x, 2)),
            "the function 'max_pool2d'",
            "nn.MaxPool2d, that is used once",
        ),
        (
            Functional(lambda x: x.view(1, -1)),
            "the function 'view'",
            "nn.Flatten, that is used once",
        ),
        (Functional(torch.tanh), "the function 'tanh'", "a chain of modules"),
        (Functional(torch.flatten), "flattens from 0 to -1", "Use start_dim=1"),
        (Residual(), "'conv' does not follow from 'images' alone", "one chain, such as a VGG"),
        (Conditional(), "cannot be traced", "without conditions on the data"),
        (TwoOutputs(), "returns more than its logits", "returns one tensor"),
        (small(nn.MaxPool2d(3, 2)), "The module '1' pools windows", "Set stride equal"),
        (small(nn.MaxPool2d(2, padding=1)), "The module '1' pools with padding", "Use padding=0"),
        (small(nn.MaxPool2d(2, ceil_mode=True)), "The module '1' uses ceil_mode", "Switch both"),
        (small(nn.GELU()), "The module '1' is a GELU", "Replace it by one of: ReLU, MaxPool2d"),
        (
            small(nn.BatchNorm2d(4, track_running_stats=False)),
            "The module '1' keeps no running statistics",
            "Set track_running_stats=True",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")),
            "The module '0' pads with 'reflect'",
            "Use padding_mode='zeros'",
        ),
        (nn.Sequential(nn.ReLU()), "no layer with weights", "cannot be explained"),
    ],
)
def test_a_network_that_would_be_explained_wrongly_is_refused_by_name_with_the_cure(
    network, named, cure
):
    if not (isinstance(network, VGG13) or "train mode" in named):
        network.eval()
    with pytest.raises(PreflightError, match=named) as caught:
        steps_of(network)
    assert caught.match(cure)


def test_the_vgg13_is_accepted_with_its_modules_in_order():
    steps = steps_of(VGG13().eval())
    assert [type(step.module).__name__ for step in steps[:5]] == [
        "Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d",
    ]  # fmt: skip
    assert [step.name for step in steps[:2]] == ["conv_layers.0", "conv_layers.1"]
    assert len(steps) == 15 + 1 + 7


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
@pytest.mark.parametrize("norm", ["", "_bn"])
def test_the_vggs_of_torchvision_are_accepted(depth, norm):
    with torch.device("meta"):  # shapes without numbers: 144 million weights take seconds
        network = models.get_model(f"vgg{depth}{norm}").eval()
    kinds = [type(step.module) for step in steps_of(network)]
    assert kinds.count(nn.Conv2d) + kinds.count(nn.Linear) == depth
    assert (nn.BatchNorm2d in kinds) == bool(norm)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_0", "alexnet"])
def test_other_networks_of_torchvision_are_refused(name):
    with torch.device("meta"):
        network = models.get_model(name).eval()
    with pytest.raises(PreflightError):
        steps_of(network)


def test_in_place_relus_are_switched_off_on_the_engines_copy_alone(untrained, scenes):
    network = copy.deepcopy(untrained.network)
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = True
    in_place = dataclasses.replace(untrained, network=network)
    engine = Engine(in_place)
    assert not any(getattr(m, "inplace", False) for m in engine.workspace.chain.modules)
    assert all(m.inplace for m in network.modules() if isinstance(m, nn.ReLU))
    found = engine.explain(scenes[:1], methods=("saliency",))
    expected = Engine(untrained).explain(scenes[:1], methods=("saliency",))
    assert (found["saliency"].relevance == expected["saliency"].relevance).all()
