"""A piece of work that any process can do, and what comes back: arrays, no database."""

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
    """The machines that compute are out of reach; the message names the cure."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """A few images to be explained by the same methods.

    On a CPU it is one image. So it does not matter how the work is cut, who does it or beside
    what: the numbers are the same to the last bit.
    """

    images: NDArray[np.uint8]
    """uint8 (n, height, width, 3)"""
    targets: tuple[int, ...]
    explainers: Mapping[str, Explainer]
    background: str
    """Its hash; empty where no method compares."""


@dataclass(frozen=True, eq=False)
class Done:
    """One method's maps of a chunk, in the order of its images."""

    method: str
    maps: tuple[Attribution, ...]
    seconds: float
    """Per image."""
    device: str


@dataclass(eq=False)
class Explaining:
    """A classifier with all it needs to work on chunks; engines are made when first needed."""

    classifier: Classifier
    backgrounds: Mapping[str, Background]
    precision: str = "strict"
    _engines: dict[str, Engine] = field(default_factory=dict, init=False, repr=False)

    def explain(self, chunk: Chunk) -> Iterator[Done]:
        """Method by method, so that each can be kept as soon as it is there."""
        engine = self._engine(chunk.background)
        device = _device_name(self.classifier.device)
        started = time.monotonic()
        for method, found in engine.one_by_one(chunk.images, chunk.targets, chunk.explainers):
            seconds = (time.monotonic() - started) / len(found)
            yield Done(method, tuple(found), seconds, device)
            started = time.monotonic()

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            background = self.backgrounds.get(name)
            self._engines[name] = Engine(self.classifier, background, self.precision)
        return self._engines[name]


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
