"""State that the methods share: the network as a chain, the background, and a batch of images."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain
from explanations.computing.gradients import GradientPass, gradient_pass
from explanations.computing.memory import Budget
from explanations.imagesets.background import Background

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class Workspace:
    """A prepared classifier, with everything that does not change from image to image."""

    classifier: Classifier
    chain: Chain
    background: Background | None = None
    precision: str = "strict"
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

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
        """Convert images with shape (n, height, width, 3) to the chain's input with shape (n, 3,
        height, width)."""
        return self.chain.enter(self.classifier.normalise(images))

    def layer_bytes(self, pixels: Tensor) -> list[int]:
        """Return the size of every layer's values for one image, in bytes."""
        shapes = self.chain.input_shapes(pixels)
        return [math.prod(shape) * self.chain.dtype.itemsize for shape in shapes]


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
    layers: Sequence[int] = ()
    """Feature modules whose maps are needed in addition to the default module's."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def targets(self) -> Tensor:
        """Return the numbers of the explained classes, as int64 with shape (n, k)."""
        return self.gradients.targets if self.wanted is None else self.wanted

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width."""
        return (self.images.shape[1], self.images.shape[2])

    @cached_property
    def pixels(self) -> Tensor:
        """Return the network's input, with shape (n, 3, height, width)."""
        return self.workspace.pixels(self.images)

    @cached_property
    def gradients(self) -> GradientPass:
        """Return the forward and backward pass that several methods share."""
        chain = self.workspace.chain
        layers = {*self.layers, *(() if chain.last_relu is None else (chain.last_relu,))}
        return gradient_pass(chain, self.pixels, self.wanted, sorted(layers))

    def cam(self, layer: int) -> Tensor:
        """Return the signed Grad-CAM map of a feature module, with shape (n, k, rows, columns)."""
        gradients = self.gradients
        if layer not in gradients.cams:
            chain = self.workspace.chain
            gradients = gradient_pass(chain, self.pixels, self.targets, [layer])
        return gradients.cams[layer]

    @property
    def logits(self) -> Tensor:
        """Return the logits, with shape (n, classes)."""
        return self.gradients.logits
