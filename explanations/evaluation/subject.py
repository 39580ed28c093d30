"""Input of a measure, consisting of an image with all its maps, and of the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations.attribution import Attribution, Floats
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.arithmetic import Forward, faster
from explanations.computing.chain import Chain
from explanations.computing.workspace import Batch
from explanations.engine import Engine
from explanations.evaluation.cases import Case
from explanations.evaluation.controls import CONTROLS
from explanations.evaluation.maps import ExplainedImage
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.dice import derive_seed
from explanations.methods.baselines import baseline_pixels
from explanations.methods.protocol import Explainer


@dataclass(frozen=True, eq=False)
class Setting:
    """The classifier, the compared methods, and everything else that is the same for all images."""

    engine: Engine
    explainers: Mapping[str, Explainer]
    seed: int = 0
    training: NDArray[np.uint8] | None = None
    """Training images for further backgrounds, as uint8 with shape (n, height, width, 3), or None
    if unavailable."""
    _last: dict[str, tuple[Any, Any]] = field(default_factory=dict, init=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """List the compared maps: the methods, then the controls."""
        return (*self.explainers, *CONTROLS)

    def logits(self, pixels: Tensor) -> Tensor:
        """Compute logits (n, classes) of normalised pixels (n, 3, height, width), piece
        by piece."""
        workspace = self.engine.workspace
        rows = workspace.budget.rows(max(workspace.layer_bytes(pixels)))
        forward = self._forward
        with exact_arithmetic(), torch.no_grad():
            pieces = [
                forward(workspace.network.enter(pixels[first : first + rows]), 0)
                for first in range(0, len(pixels), rows)
            ]
        return torch.cat(pieces)

    @cached_property
    def _forward(self) -> Forward:
        """Return the network in the engine's precision: fast is off by at most .001, as
        for LIME."""
        network = self.engine.workspace.network
        quick = faster(self.engine.workspace.classifier.device, network.dtype)
        # Only chains have a faster arithmetic.
        if self.engine.precision != "fast" or quick is None or not isinstance(network, Chain):
            return network.run
        return quick[1](network)

    def explained(
        self, name: str, image: NDArray[np.uint8], target: int, engine: Engine | None = None
    ) -> Floats:
        """Compute a map of a method or a control again, with shape (height, width)."""
        if name in CONTROLS:
            return CONTROLS[name](image, derive_seed(content_hash(image), name, self.seed))
        engine = engine or self.engine
        return self.explained_by(
            self.explainers[name], name, image, target, engine=engine
        ).relevance

    def explained_by(
        self,
        explainer: Explainer,
        name: str,
        image: NDArray[np.uint8],
        target: int,
        *,
        seed: int | None = None,
        engine: Engine | None = None,
    ) -> Attribution:
        """Explain with any explainer. ``name`` and ``seed`` determine its random choices."""
        engine = engine or self.engine
        chance = self.seed if seed is None else seed
        return engine.explain(image[None], [target], {name: explainer}, seed=chance)[name][0]

    def last(self, kind: str, key: Any, make: Any) -> Any:
        """Return the result of ``make``, kept until another ``key`` of this kind is requested."""
        if kind not in self._last or self._last[kind][0] != key:
            self._last.pop(kind, None)  # freed before the next is created, as engines are large
            self._last[kind] = (key, make())
        return self._last[kind][1]


@dataclass(frozen=True, eq=False)
class Subject:
    """An image, its maps by name, and the setting."""

    setting: Setting
    case: Case
    found: ExplainedImage

    @cached_property
    def maps(self) -> dict[str, Floats]:
        """Return the maps by name, as float32 with shape (height, width): the methods' maps, then
        the controls'."""
        image = self.case.image
        drawn = {name: self.setting.explained(name, image, 0) for name in CONTROLS}
        return {**{key: self.found.maps[key] for key in self.setting.explainers}, **drawn}

    @cached_property
    def pixels(self) -> Tensor:
        """Return the network's input, with shape (3, height, width)."""
        return self.setting.engine.workspace.pixels(self.case.image[None])[0]

    def baseline(self, name: str) -> Tensor:
        """Return an image without content as network input, with shape (3, height, width)."""
        batch = Batch(self.setting.engine.workspace, self.case.image[None])
        return baseline_pixels(name, batch)[0]

    def probabilities(self, pixels: Tensor) -> NDArray[np.float64]:
        """Compute the explained class's probability for network inputs (n, 3, height, width)."""
        of_class = self.setting.logits(pixels).softmax(1)[:, self.case.predicted]
        return of_class.double().cpu().numpy()
