"""What the methods share while they explain: the network as a chain, the background, one batch."""

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
    """A classifier made ready. Holds what stays the same from image to image."""

    classifier: Classifier
    chain: Chain
    background: Background | None = None
    precision: str = "strict"
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def budget(self) -> Budget:
        return Budget(self.classifier.device)

    def keep(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` returns, made once for each ``name``."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("Made", self._kept[name])

    def pixels(self, images: NDArray[np.uint8]) -> Tensor:
        """Images uint8 (n, h, w, 3) as the chain takes them, (n, 3, h, w)."""
        return self.chain.enter(self.classifier.normalise(images))

    def layer_bytes(self, pixels: Tensor) -> list[int]:
        """Bytes of every layer of one image of this size."""
        shapes = self.chain.input_shapes(pixels)
        return [math.prod(shape) * self.chain.dtype.itemsize for shape in shapes]


@dataclass(frozen=True, eq=False)
class Batch:
    """A few images with the classes that are to be explained."""

    workspace: Workspace
    images: NDArray[np.uint8]
    """uint8 (n, height, width, 3)"""
    wanted: Tensor | None = None
    """Numbers of the classes to explain, int64 (n, k); None for the predicted one of each."""
    layers: Sequence[int] = ()
    """Feature modules whose maps are wanted beside the default one."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def targets(self) -> Tensor:
        """Numbers of the explained classes, int64 (n, k)."""
        return self.gradients.targets if self.wanted is None else self.wanted

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return (self.images.shape[1], self.images.shape[2])

    @cached_property
    def pixels(self) -> Tensor:
        """Network input, (n, 3, height, width)."""
        return self.workspace.pixels(self.images)

    @cached_property
    def gradients(self) -> GradientPass:
        """The one forward and backward pass that several methods read."""
        chain = self.workspace.chain
        layers = {*self.layers, *(() if chain.last_relu is None else (chain.last_relu,))}
        return gradient_pass(chain, self.pixels, self.wanted, sorted(layers))

    def cam(self, layer: int) -> Tensor:
        """The signed Grad-CAM map of a feature module, (n, k, rows, columns)."""
        found = self.gradients
        if layer not in found.cams:
            chain = self.workspace.chain
            found = gradient_pass(chain, self.pixels, self.targets, [layer])
        return found.cams[layer]

    @property
    def logits(self) -> Tensor:
        """(n, classes)"""
        return self.gradients.logits
