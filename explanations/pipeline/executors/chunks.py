"""Pieces of work that any process can do, and their results, which are arrays and need no
database."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.methods.protocol import Explainer


class ExecutorError(RuntimeError):
    """Workers that cannot be reached. The message names the cure."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """A chunk of images to be explained by the same methods.

    On a CPU a chunk is a single image. The numbers are therefore the same to the last bit, however
    the work is divided and whichever process does it.
    """

    images: NDArray[np.uint8]
    """Images, as uint8 with shape (n, height, width, 3)."""
    targets: tuple[int, ...]
    explainers: Mapping[str, Explainer]
    background: str
    """Hash of the background. Empty if no method needs a background."""


@dataclass(frozen=True, eq=False)
class Done:
    """A method's maps of a chunk, in the order of its images."""

    method: str
    maps: tuple[Attribution, ...]
    seconds: float
    """Seconds per image."""
    device: str


@dataclass(eq=False)
class Explaining:
    """A classifier with everything it needs to work on chunks. Engines are created when first
    needed."""

    classifier: Classifier
    backgrounds: Mapping[str, Background]
    precision: str = "strict"
    _engines: dict[str, Engine] = field(default_factory=dict, init=False, repr=False)

    def explain(self, chunk: Chunk) -> Iterator[Done]:
        """Yield the maps method by method, so that each can be stored at once."""
        engine = self._engine(chunk.background)
        device = _device_name(self.classifier.device)
        started = time.monotonic()
        for method, attributions in engine.one_by_one(
            chunk.images, chunk.targets, chunk.explainers
        ):
            seconds = (time.monotonic() - started) / len(attributions)
            yield Done(method, tuple(attributions), seconds, device)
            started = time.monotonic()

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            background = self.backgrounds.get(name)
            self._engines[name] = Engine(self.classifier, background, self.precision)
        return self._engines[name]


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
