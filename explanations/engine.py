"""All explanations of many images in one call: the engine, useful without the rest.

Each method's numbers are those of the library that people use for it (captum, shap, lime), which
the tests check and ``explanations.verification.comparison`` checks again at run time; the work
is shared between methods and images. docs/explanations.md says how, and how fast.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from explanations import catalogue
from explanations.attribution import Attributions, Floats, joined
from explanations.classifier.checkpoint import Classifier
from explanations.computing.arithmetic import PRECISIONS, exact_arithmetic
from explanations.computing.chain import Chain
from explanations.computing.workspace import Batch, Workspace
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.methods.protocol import Explainer, image_seed, parameters_of

CERTAIN = 1 - 1e-7
METHODS = ("gradcam", "saliency", "integrated_gradients", "deepshap", "lime")

Images = NDArray[np.uint8]
Targets = Sequence[int] | Sequence[Sequence[int]] | NDArray[np.int64] | Literal["all"] | None


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """Maps of every feature module at its own size, for n images."""

    names: tuple[str, ...]
    """The modules' names in the network."""
    gradcam: tuple[Floats, ...]
    """Per module the signed Grad-CAM map, float32 (n, rows, columns) or (n, k, …)."""
    saliency: tuple[Floats, ...]
    """Per module the largest absolute gradient over its channels, of the same shape."""


class Explanations(Mapping[str, Attributions]):
    """The attributions by the key of their method, with what the classifier said."""

    def __init__(
        self,
        found: Mapping[str, Attributions],
        probabilities: Floats,
        targets: NDArray[np.int64],
        layers: LayerMaps | None,
    ) -> None:
        self._found = dict(found)
        self.probabilities = probabilities
        """float32 (n, classes)"""
        self.targets = targets
        """Numbers of the explained classes, (n,) or (n, k)."""
        self.layers = layers
        """Every feature module's maps, where they were asked for."""

    def __getitem__(self, method: str) -> Attributions:
        return self._found[method]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def explain(
    classifier: Classifier,
    images: Images,
    targets: Targets = None,
    methods: Sequence[str] | Mapping[str, Explainer] = METHODS,
    background: Images | Background | None = None,
    seed: int = 0,
    precision: str = "strict",
    *,
    layers: bool = False,
    progress: bool = True,
) -> Explanations:
    """Explain ``classifier``'s logits for ``images``, uint8 (n, height, width, 3).

    ``targets``: class numbers, one per image or k per image; ``"all"``; None for the predicted
    class. ``methods``: keys of the catalogue, or explainers with parameters of their own by a name
    of yours. ``background``: images that DeepSHAP compares with; None for one of the mean colour.
    ``seed`` decides LIME's samples, together with each image's content: order and neighbours do
    not matter. ``precision`` ``"fast"`` lets LIME's probabilities be off by up to .001, measured.
    ``layers``: also the maps of every feature module, from the same pass. ``progress``: a bar on a
    terminal.

    Raises PreflightError for a network that cannot be explained exactly, ValueError for arguments
    that do not fit together, OutOfMemoryError when not even one row fits.
    """
    engine = Engine(classifier, background, precision)
    return engine.explain(images, targets, methods, seed=seed, layers=layers, progress=progress)


class Engine:
    """A classifier made ready to be explained, for callers that bring their images in parts."""

    def __init__(
        self,
        classifier: Classifier,
        background: Images | Background | None = None,
        precision: str = "strict",
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision is {precision!r}; choose strict or fast.")
        if background is not None and not isinstance(background, Background):
            background = Background(background)
        self.workspace = Workspace(classifier, Chain.of(classifier), background)
        self.precision = precision

    @property
    def batch_size(self) -> int:
        """How many images are worked on together; a caller's parts are best multiples of it."""
        return self.workspace.budget.group

    def explain(
        self,
        images: Images,
        targets: Targets = None,
        methods: Sequence[str] | Mapping[str, Explainer] = METHODS,
        *,
        seed: int = 0,
        layers: bool = False,
        progress: bool = False,
    ) -> Explanations:
        """As the function ``explain``."""
        explainers = self.explainers(methods)
        wanted = self._wanted(targets, images)
        modules = range(self.workspace.chain.features) if layers else self._modules_of(explainers)
        parts = []
        with tqdm(total=len(images), unit="image", disable=None if progress else True) as bar:
            for first in range(0, len(images), self.batch_size):
                some = slice(first, first + self.batch_size)
                targeted = None if wanted is None else wanted[some]
                batch = Batch(self.workspace, images[some], targeted, modules)
                found = {}
                for key, attributions in self._each(batch, explainers, seed):
                    bar.set_description(key, refresh=False)
                    found[key] = attributions
                parts.append(_Part(batch, found))
                bar.update(len(batch))
        single = not isinstance(targets, str) and (targets is None or np.asarray(targets).ndim == 1)
        return _together(parts, self.workspace.chain, layers=layers, single=single)

    def one_by_one(
        self, images: Images, targets: Sequence[int], explainers: Mapping[str, Explainer]
    ) -> Iterator[tuple[str, Attributions]]:
        """One batch, method by method, for a caller that keeps each as soon as it is there.

        There are at most ``batch_size`` images with one target each.
        """
        wanted = self._wanted(targets, images)
        batch = Batch(self.workspace, images, wanted, self._modules_of(explainers))
        for key, attributions in self._each(batch, explainers, seed=0):
            yield key, attributions.of_class(0)

    def explainers(self, methods: Sequence[str] | Mapping[str, Explainer]) -> dict[str, Explainer]:
        """The methods by key, in the engine's precision where they have a choice."""
        explainers = (
            dict(methods)
            if isinstance(methods, Mapping)
            else {key: catalogue.get(key).explainer() for key in methods}
        )
        return {key: in_precision(one, self.precision) for key, one in explainers.items()}

    def _modules_of(self, explainers: Mapping[str, Explainer]) -> list[int]:
        """The feature modules that they look at: the one pass brings the maps of all of them."""
        wanted = {parameters_of(one).get("layer") for one in explainers.values()}
        return [number for number in range(self.workspace.chain.features) if number in wanted]

    def _each(
        self, batch: Batch, explainers: Mapping[str, Explainer], seed: int
    ) -> Iterator[tuple[str, Attributions]]:
        hashes = [content_hash(image) for image in batch.images]
        for key, explainer in explainers.items():
            with exact_arithmetic():
                seeds = [image_seed(sha256, key, seed) for sha256 in hashes]
                found = explainer.explain(batch, seeds)
            yield key, _with_certainty(found, batch)

    def _check(self, images: Images) -> None:
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or not len(images):
            raise ValueError(
                "Images must be uint8 (n, height, width, 3) with at least one image, "
                f"got {images.dtype} {images.shape}."
            )
        background = self.workspace.background
        if background is not None and background.images.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"The background's images are {background.images.shape[1:3]}, the others "
                f"{images.shape[1:3]}. Bring both to one size."
            )

    def _wanted(self, targets: Targets, images: Images) -> torch.Tensor | None:
        self._check(images)
        count = len(images)
        classes = len(self.workspace.classifier.class_names)
        if targets is None:
            return None
        if isinstance(targets, str):
            if targets != "all":
                raise ValueError(f"targets is {targets!r}; give class numbers, 'all' or None.")
            targets = np.tile(np.arange(classes), (count, 1))
        wanted = np.asarray(targets)
        if wanted.ndim not in (1, 2) or len(wanted) != count or wanted.dtype.kind not in "iu":
            raise ValueError(
                f"targets must be whole numbers ({count},) or ({count}, k) for {count} images, "
                f"got {wanted.dtype} {wanted.shape}."
            )
        if wanted.min() < 0 or wanted.max() >= classes:
            raise ValueError(
                f"targets must be class numbers 0 to {classes - 1}, "
                f"got {wanted.min()} to {wanted.max()}."
            )
        tensor = torch.from_numpy(wanted.astype(np.int64).reshape(count, -1))
        return tensor.to(self.workspace.classifier.device)


def _with_certainty(found: Attributions, batch: Batch) -> Attributions:
    """The flag ``certain`` where the class's probability is 1: then LIME sees little change."""
    probabilities = batch.logits.softmax(1).gather(1, batch.targets).tolist()
    diagnostics = [
        [
            {**about, "flags": [*about["flags"], *(["certain"] if probability >= CERTAIN else [])]}
            for about, probability in zip(of_image, row, strict=True)
        ]
        for of_image, row in zip(found.diagnostics, probabilities, strict=True)
    ]
    return replace(found, diagnostics=diagnostics)


def in_precision(explainer: Explainer, precision: str) -> Explainer:
    """The explainer as it is, or made fast where ``fast`` is asked for and it has a choice."""
    if precision == "fast" and "precision" in parameters_of(explainer):
        changed: Explainer = replace(explainer, precision=precision)
        return changed
    return explainer


@dataclass(frozen=True, eq=False)
class _Part:
    """What was found for one batch."""

    batch: Batch
    found: Mapping[str, Attributions]


def _together(parts: Sequence[_Part], chain: Chain, *, layers: bool, single: bool) -> Explanations:
    found = {key: joined([part.found[key] for part in parts]) for key in parts[0].found}
    batches = [part.batch for part in parts]
    targets = np.concatenate([batch.targets.cpu().numpy() for batch in batches])
    probabilities = torch.cat([batch.logits.softmax(1) for batch in batches])
    return Explanations(
        {key: one.of_class(0) for key, one in found.items()} if single else found,
        probabilities.float().cpu().numpy(),
        targets[:, 0] if single else targets,
        _layer_maps(batches, chain, single=single) if layers else None,
    )


def _layer_maps(batches: Sequence[Batch], chain: Chain, *, single: bool) -> LayerMaps:
    def maps(kind: str) -> tuple[Floats, ...]:
        layers = range(chain.features)
        values = [
            torch.cat([getattr(batch.gradients, kind)[layer] for batch in batches])
            for layer in layers
        ]
        return tuple((v[:, 0] if single else v).float().cpu().numpy() for v in values)

    return LayerMaps(tuple(chain.names[: chain.features]), maps("cams"), maps("saliencies"))
