"""Catalogue of the networks that a weight file can belong to, readable without torch.

A network from another package is added by an entry point of that package, see ``factories``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from explanations.classifier import factories
from explanations.classifier.header import VGG13_KEY, VGG13_SIZE
from explanations.translatable import gettext_noop

if TYPE_CHECKING:
    from torch import nn

OF_A_FACTORY = "explanations.classifier.factory_networks.network_of"
IMAGENET_SIZE = 224
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class UnknownArchitectureError(ValueError):
    """Unknown architecture key. The message lists the valid keys."""


@dataclass(frozen=True)
class Architecture:
    """A kind of network, which can be built with any number of outputs."""

    key: str
    label: str
    path: str
    """Dotted path of the function that builds the network, resolved when it is first needed."""
    size: int
    """Usual width and height of the input, in pixels."""
    name: str = ""
    """Name by which the function knows the network."""

    def build(self, outputs: int, size: int, *, empty: bool = False) -> "nn.Module":
        """Return the network with random weights. This imports torch.

        With ``empty``, weights are to be loaded afterwards and may be left without memory. Raises
        ValueError for an input size that the network cannot have.
        """
        network: nn.Module = _resolved(self.path)(self.name, outputs, size, empty=empty)
        return network


def _torchvision(name: str, label: str, key: str = "") -> Architecture:
    path = "explanations.classifier.torchvision_networks.build"
    return Architecture(key or name, label, path, IMAGENET_SIZE, name)


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        VGG13_KEY, gettext_noop("VGG13 of this project (32 pixels)"),
        "explanations.classifier.network.build", VGG13_SIZE,
    ),
    Architecture(
        "resnet_small", gettext_noop("Small residual network of this project"),
        "explanations.classifier.small_resnet.build", 128,
    ),
    _torchvision("resnet18", "ResNet-18"),
    _torchvision("resnet34", "ResNet-34"),
    _torchvision("resnet50", "ResNet-50"),
    _torchvision("densenet121", "DenseNet-121"),
    _torchvision("mobilenet_v3_small", "MobileNetV3 small"),
    _torchvision("mobilenet_v3_large", "MobileNetV3 large"),
    _torchvision("efficientnet_b0", "EfficientNet-B0"),
    _torchvision("convnext_tiny", "ConvNeXt tiny"),
    _torchvision("alexnet", "AlexNet"),
    _torchvision("vgg11", "VGG11"),
    _torchvision("vgg11_bn", gettext_noop("VGG11 with batch normalisation")),
    # The key "vgg13" is the project's own network in every weight file so far.
    _torchvision("vgg13", gettext_noop("VGG13 of torchvision"), key="torchvision_vgg13"),
    _torchvision("vgg13_bn", gettext_noop("VGG13 of torchvision with batch normalisation")),
    _torchvision("vgg16", "VGG16"),
    _torchvision("vgg16_bn", gettext_noop("VGG16 with batch normalisation")),
    _torchvision("vit_b_16", gettext_noop("Vision transformer ViT-B/16")),
    _torchvision("swin_t", "Swin transformer tiny"),
)  # fmt: skip


def _resolved(path: str) -> Callable[..., Any]:
    """Return the function at a dotted path, whose module imports torch."""
    module, _, name = path.rpartition(".")
    function: Callable[..., Any] = getattr(import_module(module), name)
    return function


def get(key: str) -> Architecture:
    """Return the architecture with this key. UnknownArchitectureError lists the valid keys."""
    for architecture in ARCHITECTURES:
        if architecture.key == key:
            return architecture
    known = ", ".join(architecture.key for architecture in ARCHITECTURES)
    raise UnknownArchitectureError(
        f"Unknown architecture {key!r}. Choose from: {known}. A network of another package is "
        "registered by its entry point (--factory)."
    )


def label_of(key: str) -> str:
    """Return an architecture's label, or the key itself for a network of another package."""
    labels = {architecture.key: architecture.label for architecture in ARCHITECTURES}
    return labels.get(key, key)


def build(key: str, outputs: int, size: int, *, empty: bool = False) -> "nn.Module":
    """Return the network of a weight file, by the architecture's key in its header.

    Raises UnknownArchitectureError, FactoryError for a package that is missing or fails, and
    ValueError for an input size that the network cannot have.
    """
    if key.startswith(factories.PREFIX):
        network: nn.Module = _resolved(OF_A_FACTORY)(key.removeprefix(factories.PREFIX))
        return network
    return get(key).build(outputs, size, empty=empty)
