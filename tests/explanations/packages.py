"""Packages that look installed: a module and its metadata with entry points in a folder."""

import importlib
import sys
import textwrap
from contextlib import contextmanager

from torch import nn

CODE = """
import time

import torch
from torch import nn

from explanations.classifier.declaration import Declaration


class Residual(nn.Module):
    def __init__(self, channels=3, outputs=3):
        super().__init__()
        self.first = nn.Conv2d(channels, 6, 3, padding=1, stride=2)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Linear(6, outputs)

    def forward(self, pixels):
        hidden = torch.relu(self.first(pixels))
        return self.head((hidden + torch.relu(self.second(hidden))).mean((2, 3)))


COLOUR = {"size": 16, "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
GREY = {"size": 16, "mean": 0.5, "std": 0.25}
NAMES = ("cat", "dog", "owl")


def trained(network):
    torch.manual_seed(1)
    for parameter in network.parameters():
        parameter.data = torch.randn_like(parameter) * 0.5
    return network.eval()


def birds(pretrained=True):
    network = Residual()
    return (trained(network) if pretrained else network), Declaration(NAMES, **COLOUR)


def from_a_mapping():
    return trained(Residual()), {"class_names": NAMES, **COLOUR}


def grey(pretrained=True):
    return trained(Residual(channels=1)), Declaration(NAMES, **GREY)


def binary():
    return trained(Residual(outputs=1)), Declaration(("no", "yes"), **COLOUR)


def two_outputs():
    return trained(Residual(outputs=2)), Declaration(NAMES, **COLOUR)


def probabilities():
    return nn.Sequential(trained(Residual()), nn.Softmax(1)), Declaration(NAMES, **COLOUR)


def not_finite():
    network = trained(Residual())
    network.head.bias.data[1] = float("nan")
    return network, Declaration(NAMES, **COLOUR)


class Batchwise(Residual):
    def forward(self, pixels):
        return super().forward(pixels - pixels.mean(0))


def batchwise():
    return trained(Batchwise()), Declaration(NAMES, **COLOUR)


class Hidden(Residual):
    def __init__(self):
        super().__init__()
        self.shift = 9 * torch.randn(3, generator=torch.Generator().manual_seed(time.time_ns()))

    def forward(self, pixels):
        return super().forward(pixels) + self.shift


def hidden():
    return trained(Hidden()), Declaration(NAMES, **COLOUR)


class Detached(Residual):
    def forward(self, pixels):
        return super().forward(pixels.detach()) + 0 * pixels.sum()


def detached():
    return trained(Detached()), Declaration(NAMES, **COLOUR)


def two_results():
    class Pair(Residual):
        def forward(self, pixels):
            return super().forward(pixels), None
    return trained(Pair()), Declaration(NAMES, **COLOUR)


def only_a_network():
    return trained(Residual())


def no_network():
    return "network", Declaration(NAMES, **COLOUR)


def wrong_declaration():
    return trained(Residual()), {"class_names": NAMES, "mean": (124, 116, 104), "size": 16}


def failing():
    raise RuntimeError("no such file: weights.bin")


def without_weights():
    return trained(Residual()), open("birds.safetensors")


number = 7
"""
NAMES = (
    "birds", "from_a_mapping", "grey", "binary", "two_outputs", "probabilities", "not_finite",
    "batchwise", "hidden", "detached", "two_results", "only_a_network", "no_network",
    "wrong_declaration", "failing", "number",
    "without_weights",
)  # fmt: skip


def lively(network):
    """A network with random weights whose logits depend on the image, as those of trained ones do:
    the usual random weights of a deep network let the image fade away."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.fill_(0.02)
    return network


@contextmanager
def installed(folder, code=CODE, names=NAMES, group="explanation_studies.classifiers"):
    """Let a package with these entry points look installed, for as long as the context lasts."""
    module = "a_package_of_somebody_else"
    (folder / f"{module}.py").write_text(textwrap.dedent(code))
    metadata = folder / f"{module}-2.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody-else\nVersion: 2.1\n")
    points = [*(f"{name} = {module}:{name}" for name in names), "broken = no_such_module:x"]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{group}]", *points]) + "\n")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield folder
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(module, None)
        importlib.invalidate_caches()
