"""State that the methods share: the prepared network, the background, and a batch of images."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.classifier.adapters import Adapted, adapted
from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain, Layer, noise_images
from explanations.computing.gradients import (
    GradientPass,
    LayerPass,
    Network,
    gradient_pass,
    layer_pass,
)
from explanations.computing.memory import Budget
from explanations.computing.needs import Need
from explanations.computing.preflight import NotAChainError, PreflightError
from explanations.computing.whole import WholeNetwork
from explanations.imagesets.background import Background

Made = TypeVar("Made")
Pass = TypeVar("Pass", bound=LayerPass)
COLOURS, TWO_CLASSES = 3, 2
GRADIENT_LAYERS = 3
"""Memory of an image in a forward and backward pass, in sums of all layers."""


@dataclass(frozen=True, eq=False)
class Workspace:
    """A prepared classifier, with everything that does not change from image to image."""

    classifier: Classifier
    network: Network
    background: Background | None = None
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, classifier: Classifier, background: Background | None = None) -> "Workspace":
        """Prepare a classifier: as a chain, which is fast, or else as it is.

        Raises PreflightError for a network that no method explains correctly.
        """
        classifier = _adapted(classifier)
        network: Network
        try:
            network = Chain.of(classifier)
        except NotAChainError as reason:
            network = WholeNetwork.of(classifier, str(reason))
        return cls(classifier, network, background)

    @property
    def chain(self) -> Chain:
        """Return the network as a chain. Raises PreflightError if it is not a chain."""
        if isinstance(self.network, Chain):
            return self.network
        raise PreflightError(self.network.problem(Need.CHAIN))

    @cached_property
    def budget(self) -> Budget:
        """Return the limits of the classifier's device."""
        return Budget(self.classifier.device)

    def keep(self, name: str, make: Callable[[], Made]) -> Made:
        """Return the result of ``make``, which is called once for each ``name``."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("Made", self._kept[name])

    def pixels(self, images: NDArray[np.uint8]) -> Tensor:
        """Convert images with shape (n, height, width, 3) to the network's input with shape (n,
        channels, height, width)."""
        return self.network.enter(self.classifier.normalise(images))

    def layer_bytes(self, pixels: Tensor) -> list[int]:
        """Return the size of every layer's values for one image, in bytes."""
        shapes = self.network.input_shapes(pixels)
        return [math.prod(shape) * self.network.dtype.itemsize for shape in shapes]


def _adapted(classifier: Classifier) -> Classifier:
    """Return the classifier with a network of colour images and a logit per class.

    A stored classifier has been adapted when it was loaded; one from a caller's code may not be.
    """
    channels = len(classifier.mean)
    # A run in train mode would change the statistics of batch normalisation; it is refused later.
    trains = any(module.training for module in classifier.network.modules())
    if isinstance(classifier.network, Adapted) or trains or channels not in (1, COLOURS):
        return classifier
    in_colour = replace(
        classifier,
        network=_with_layers(classifier.network, channels, outputs=0),
        mean=classifier.mean.repeat(COLOURS // channels),
        std=classifier.std.repeat(COLOURS // channels),
    )
    if _count_logits(in_colour) != 1:
        return in_colour
    return replace(in_colour, network=_with_layers(classifier.network, channels, outputs=1))


def _with_layers(network: nn.Module, channels: int, outputs: int) -> nn.Module:
    """Put fixed layers around a caller's network, which stays as it is."""
    like = next(network.parameters(), None)
    trainable = [parameter.requires_grad for parameter in network.parameters()]
    changed = adapted(network, channels=channels, outputs=outputs)
    for parameter, requires_grad in zip(network.parameters(), trainable, strict=True):
        parameter.requires_grad_(requires_grad)
    if like is not None and isinstance(changed, Adapted):
        for name, layer in changed.named_children():
            if name != "network":
                layer.to(like.device, like.dtype)
    return changed


def _count_logits(classifier: Classifier) -> int:
    """Return the number of logits of a network for two classes, or 0 if it cannot be counted."""
    like = next(classifier.network.parameters(), None)
    if len(classifier.class_names) != TWO_CLASSES or like is None:
        return 0
    try:
        with torch.no_grad():
            pixels = classifier.normalise(noise_images(classifier.image_size, 2)).to(like.dtype)
            logits = classifier.network(pixels.contiguous())
    except Exception:  # the checks that follow name the fault
        return 0
    return int(logits.shape[1]) if isinstance(logits, Tensor) and logits.ndim == 2 else 0


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch of images to be explained with the same methods."""

    workspace: Workspace
    images: NDArray[np.uint8]
    """Images, as uint8 with shape (n, height, width, 3)."""
    wanted: Tensor | None = None
    """Numbers of the classes to explain, as int64 with shape (n, k), or None for the predicted
    class of each image.
    """
    layers: Sequence[Layer] = ()
    """Layers that the methods of this batch read."""
    shared: bool = False
    """Whether a method of this batch needs the gradients by the pixels, so that the maps of layers
    come from the pass that goes back to the pixels. Otherwise they need only a part of it."""
    _done: list[LayerPass] = field(default_factory=list, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def targets(self) -> Tensor:
        """Return the numbers of the explained classes, as int64 with shape (n, k)."""
        return self.logits.argmax(1, keepdim=True) if self.wanted is None else self.wanted

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width."""
        return (self.images.shape[1], self.images.shape[2])

    @cached_property
    def pixels(self) -> Tensor:
        """Return the network's input, with shape (n, channels, height, width)."""
        return self.workspace.pixels(self.images)

    @cached_property
    def gradients(self) -> GradientPass:
        """Return the forward and backward pass that several methods share.

        It is computed when a method first asks for it: methods that only ask for outputs, or for a
        layer near the end, do not pay for the way back to the pixels.
        """
        return self._kept(self._in_groups(gradient_pass, list(self.layers)))

    def cam(self, layer: Layer) -> Tensor:
        """Return the signed Grad-CAM map of a layer, with shape (n, k, rows, columns)."""
        if self.shared and layer in self.layers:
            return self.gradients.cams[layer]
        for done in self._done:
            if layer in done.cams:
                return done.cams[layer]
        layers = [*dict.fromkeys((*self.layers, layer))]
        return self._kept(self._in_groups(layer_pass, layers)).cams[layer]

    @property
    def logits(self) -> Tensor:
        """Return the logits, with shape (n, classes), of a pass that was made, or of a new one."""
        if not self._done:
            self._kept(self._in_groups(layer_pass, []))
        return self._done[0].logits

    def _kept(self, done: Pass) -> Pass:
        self._done.append(done)
        return done

    def _in_groups(self, make: Callable[..., Pass], layers: Sequence[Layer]) -> Pass:
        """Make a pass of all images, in groups that fit the memory."""
        network, count = self.workspace.network, len(self)
        if count > 1:
            # On a CPU a batch is one image. On a GPU many images of a large network would not fit.
            row_bytes = GRADIENT_LAYERS * sum(self.workspace.layer_bytes(self.pixels))
            most = max(1, self.workspace.budget.rows(row_bytes, in_cache=False))
            if count > most:
                groups = [slice(first, first + most) for first in range(0, count, most)]
                parts = [
                    make(
                        network,
                        self.pixels[some],
                        None if self.wanted is None else self.wanted[some],
                        layers,
                    )
                    for some in groups
                ]
                return type(parts[0]).joined(parts)
        return make(network, self.pixels, self.wanted, layers)
