"""The engine: all explanations of many images in one call, usable without the rest of the platform.

Each method returns the numbers of the library that implements it (captum, shap, lime). The tests
check this, and ``explanations.verification.comparison`` checks it again at run time. Methods and
images share their work; docs/explanations.md explains how, and how fast the engine is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from explanations import catalogue
from explanations.attribution import Attributions, Floats, joined
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.exact import exact_arithmetic
from explanations.computing.arithmetic import PRECISIONS
from explanations.computing.chain import Chain, Layer
from explanations.computing.cost import Passes, Speed, in_words
from explanations.computing.needs import Need
from explanations.computing.preflight import PreflightError
from explanations.computing.workspace import Batch, Workspace
from explanations.imagesets.background import Background
from explanations.imagesets.decoding import content_hash
from explanations.methods.protocol import Explainer, flagged, image_seed, parameters_of

CERTAIN = 1 - 1e-7
FEWER = 200
"""Samples whose cost is told next to that of more samples."""
METHODS = ("gradcam", "saliency", "integrated_gradients", "deepshap", "lime")

Images = NDArray[np.uint8]
Targets = Sequence[int] | Sequence[Sequence[int]] | NDArray[np.int64] | Literal["all"] | None


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """Maps of every feature module at the module's own resolution, for n images."""

    names: tuple[str, ...]
    """Names of the modules in the network."""
    gradcam: tuple[Floats, ...]
    """Signed Grad-CAM map of each module, as float32 with shape (n, rows, columns) or (n, k, rows,
    columns)."""
    saliency: tuple[Floats, ...]
    """Largest absolute gradient over the channels of each module, of the shape of ``gradcam``."""


@dataclass(frozen=True, eq=False)
class Cost:
    """Time and memory of a method on this machine, for one image and one class."""

    explainer: Explainer
    speed: Speed
    size: int
    references: int

    @property
    def seconds(self) -> float:
        """Return the seconds for one image."""
        return self.speed.seconds(self._passes(self.explainer))

    @property
    def megabytes(self) -> int:
        """Return the memory that is needed in addition to the network's."""
        return self.speed.megabytes(self._passes(self.explainer))

    def __str__(self) -> str:
        """Say the cost, and what fewer samples would cost."""
        return self.said(amount=True)

    def said(self, *, amount: bool) -> str:
        """Say the cost as ``str`` does, without samples or steps if the caller has said them."""
        parameters = parameters_of(self.explainer)
        name = next((name for name in ("samples", "steps") if name in parameters), "")
        many = f"{parameters[name]:,} {name}, " if name and amount else ""
        said = f"{many}{self.size} px: about {in_words(self.seconds)} an image here"
        if name == "samples" and parameters[name] > FEWER:
            fewer: Any = replace(self.explainer, samples=FEWER)
            said += f"; {FEWER} samples: {in_words(self.speed.seconds(self._passes(fewer)))}"
        return f"{said}, {self.megabytes:,} MB"

    def _passes(self, explainer: Explainer) -> Passes:
        return explainer.passes((self.size, self.size), self.references)


class Explanations(Mapping[str, Attributions]):
    """Attributions by method key, with the classifier's probabilities."""

    def __init__(
        self,
        found: Mapping[str, Attributions],
        probabilities: Floats,
        targets: NDArray[np.int64],
        layers: LayerMaps | None,
    ) -> None:
        self._found = dict(found)
        self.probabilities = probabilities
        """Probabilities, as float32 with shape (n, classes)."""
        self.targets = targets
        """Numbers of the explained classes, (n,) or (n, k)."""
        self.layers = layers
        """Maps of every feature module, if they were requested."""

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
    """Explain ``classifier``'s logits for ``images``, as uint8 with shape (n, height, width, 3).

    ``targets`` contains class numbers, one per image or k per image; ``"all"`` selects every class
    and None the predicted class. ``methods`` is a list of catalogue keys, or a mapping from names
    of your choice to explainers with their own parameters. ``background`` contains the images that
    DeepSHAP compares with; None stands for one image of the mean colour. LIME's samples depend on
    ``seed`` and on each image's content, not on the order of the images or on the other images.
    With ``precision`` ``"fast"``, LIME's probabilities may be off by up to .001; the error is
    measured. ``layers`` adds the maps of every feature module, from the same pass. ``progress``
    shows a bar on a terminal.

    The network can be any module from images to logits. Raises PreflightError, before any map is
    computed, for a network or a method that cannot explain it correctly, ValueError for arguments
    that do not fit together, and OutOfMemoryError if memory does not suffice for a single row.
    """
    engine = Engine(classifier, background, precision)
    return engine.explain(images, targets, methods, seed=seed, layers=layers, progress=progress)


class Engine:
    """A classifier prepared for explanation, for callers that supply their images in parts."""

    def __init__(
        self,
        classifier: Classifier,
        background: Images | Background | None = None,
        precision: str = "strict",
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision is {precision!r}, but must be strict or fast.")
        if background is not None and not isinstance(background, Background):
            background = Background(background)
        with exact_arithmetic():
            self.workspace = Workspace.of(classifier, background)
        self.precision = precision

    @property
    def batch_size(self) -> int:
        """Return the number of images processed at once. Callers that split their images should use
        multiples of it."""
        return self.workspace.budget.group

    def refusals(self, methods: Sequence[str] | Mapping[str, Explainer]) -> dict[str, str]:
        """Return the methods that cannot explain this network, with the reason and the cure.

        The check computes a few images of random pixels at most, and no map.
        """
        with exact_arithmetic():
            reasons = {key: self._problem(one) for key, one in self.explainers(methods).items()}
        return {key: reason for key, reason in reasons.items() if reason}

    def costs(self, methods: Sequence[str] | Mapping[str, Explainer]) -> dict[str, Cost]:
        """Measure a few passes, and return what each method will take for one image and one class.

        The time is that of the passes alone: a chain, whose methods share work, is faster.
        """
        with exact_arithmetic():
            speed = self.workspace.keep("speed", lambda: Speed.measured(self.workspace))
        size = self.workspace.classifier.image_size
        background = self.workspace.background
        references = 1 if background is None else len(background.images)
        return {
            key: Cost(explainer, speed, size, references)
            for key, explainer in self.explainers(methods).items()
        }

    def key_parameters(self, explainer: Explainer) -> dict[str, Any]:
        """Return the parameters that belong in the key of a stored map.

        They are the method's own, with the layer that the network's rule finds in place of -1 where
        keys must contain it.
        """
        parameters = parameters_of(explainer)
        if not finds_its_layer(explainer):
            return parameters
        with exact_arithmetic():
            layer = self.workspace.network.layer_in_keys
        return parameters | {"layer": layer} if layer else parameters

    def _problem(self, explainer: Explainer) -> str:
        # A method with its own layer does not need the default one, and names a wrong layer itself.
        needs = [n for n in explainer.needs if n is not Need.GRID or finds_its_layer(explainer)]
        problems = (self.workspace.network.problem(need) for need in needs)
        return next((problem for problem in problems if problem), "")

    def _refuse(self, explainers: Mapping[str, Explainer]) -> None:
        refused = self.refusals(explainers)
        if refused:
            left = [key for key in explainers if key not in refused]
            lines = [f"{key}: {reason}" for key, reason in refused.items()]
            if left:
                lines.append(f"These methods work with the network: {', '.join(left)}.")
            raise PreflightError("\n".join(lines))

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
        """Explain images as the function ``explain`` does."""
        # The caller's modes of torch must not reach any step, so everything is computed inside.
        with exact_arithmetic():
            return self._explain(images, targets, methods, seed, layers=layers, progress=progress)

    def _explain(
        self,
        images: Images,
        targets: Targets,
        methods: Sequence[str] | Mapping[str, Explainer],
        seed: int,
        *,
        layers: bool,
        progress: bool,
    ) -> Explanations:
        explainers = self.explainers(methods)
        wanted = self._wanted(targets, images)
        self._refuse(explainers)
        every = range(self.workspace.chain.features) if layers else ()
        parts = []
        with tqdm(total=len(images), unit="image", disable=None if progress else True) as bar:
            for first in range(0, len(images), self.batch_size):
                some = slice(first, first + self.batch_size)
                targeted = None if wanted is None else wanted[some]
                batch = self._batch(images[some], targeted, explainers, every)
                attributions_by_key = {}
                for key, attributions in self._each(batch, explainers, seed):
                    bar.set_description(key, refresh=False)
                    attributions_by_key[key] = attributions
                parts.append(_Part(batch, attributions_by_key))
                bar.update(len(batch))
        # A caller who named at most one class per image gets arrays without the axis of classes.
        single = not isinstance(targets, str) and (targets is None or np.asarray(targets).ndim == 1)
        chain = self.workspace.chain if layers else None
        return _together(parts, chain, single=single)

    def one_by_one(
        self, images: Images, targets: Sequence[int], explainers: Mapping[str, Explainer]
    ) -> Iterator[tuple[str, Attributions]]:
        """Yield the attributions of one batch method by method, so that each can be stored at once.

        ``images`` contains at most ``batch_size`` images, ``targets`` one class number for each.
        """
        with exact_arithmetic():
            wanted = self._wanted(targets, images)
            self._refuse(explainers)
            batch = self._batch(images, wanted, explainers)
        for key, attributions in self._each(batch, explainers, seed=0):
            yield key, attributions.of_class(0)

    def explainers(self, methods: Sequence[str] | Mapping[str, Explainer]) -> dict[str, Explainer]:
        """Return the explainers by key, in the engine's precision if a method offers a choice."""
        explainers = (
            dict(methods)
            if isinstance(methods, Mapping)
            else {key: catalogue.get(key).explainer() for key in methods}
        )
        return {key: in_precision(one, self.precision) for key, one in explainers.items()}

    def _batch(
        self,
        images: Images,
        wanted: torch.Tensor | None,
        explainers: Mapping[str, Explainer],
        every: Sequence[int] = (),
    ) -> Batch:
        """Return a batch that knows what its methods read, so that one pass returns all of it and
        nothing else. ``every`` lists feature modules whose maps are needed in any case."""
        layers = list(dict.fromkeys((*every, *self._layers_of(explainers))))
        # A method that needs a layer needs no more than the layer: Grad-CAM alone does not go back
        # to the pixels.
        only_outputs_or_layers = {Need.GRID, Need.OUTPUTS}
        shared = bool(every) or any(
            only_outputs_or_layers.isdisjoint(explainer.needs) for explainer in explainers.values()
        )
        return Batch(self.workspace, images, wanted, layers, shared=shared)

    def _layers_of(self, explainers: Mapping[str, Explainer]) -> Iterator[Layer]:
        """Yield the layers that methods read, as the network numbers or names them."""
        network = self.workspace.network
        features = range(network.features if isinstance(network, Chain) else 0)
        for explainer in explainers.values():
            chosen = parameters_of(explainer).get("layer")
            if not isinstance(chosen, int | str):
                continue
            if Need.GRID in explainer.needs:
                yield network.layer(chosen)
            elif chosen in features:
                yield chosen

    def _each(
        self, batch: Batch, explainers: Mapping[str, Explainer], seed: int
    ) -> Iterator[tuple[str, Attributions]]:
        hashes = [content_hash(image) for image in batch.images]
        for key, explainer in explainers.items():
            numbers = catalogue.numbers_of(key)
            # Entered per method, because the caller's own code runs between two methods.
            with exact_arithmetic():
                seeds = [image_seed(sha256, numbers, seed) for sha256 in hashes]
                attributions = _with_common_flags(explainer.explain(batch, seeds), batch)
            yield key, attributions

    def _check(self, images: Images) -> None:
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or not len(images):
            raise ValueError(
                f"The images are {images.dtype} with shape {images.shape}. They must be uint8 with "
                "shape (n, height, width, 3), and there must be at least one image."
            )
        background = self.workspace.background
        if background is not None and background.images.shape[1:] != images.shape[1:]:
            raise ValueError(
                f"The background's images have the size {background.images.shape[1:3]}, but the "
                f"explained images have {images.shape[1:3]}. Bring both to the same size."
            )

    def _wanted(self, targets: Targets, images: Images) -> torch.Tensor | None:
        self._check(images)
        count = len(images)
        classes = len(self.workspace.classifier.class_names)
        if targets is None:
            return None
        if isinstance(targets, str):
            if targets != "all":
                raise ValueError(f"targets is {targets!r}. Give class numbers, 'all' or None.")
            targets = np.tile(np.arange(classes), (count, 1))
        wanted = np.asarray(targets)
        if wanted.ndim not in (1, 2) or len(wanted) != count or wanted.dtype.kind not in "iu":
            raise ValueError(
                f"targets is {wanted.dtype} with shape {wanted.shape}. For {count} images it must "
                f"be whole numbers with shape ({count},) or ({count}, k)."
            )
        if wanted.min() < 0 or wanted.max() >= classes:
            raise ValueError(
                f"targets contains {wanted.min()} to {wanted.max()}, but the class numbers are 0 "
                f"to {classes - 1}."
            )
        # One class per image becomes a column, so that all methods see (n, k).
        tensor = torch.from_numpy(wanted.astype(np.int64).reshape(count, -1))
        return tensor.to(self.workspace.classifier.device)


def _with_common_flags(attributions: Attributions, batch: Batch) -> Attributions:
    """Add the flags that depend on the image and the network, not on the method.

    ``certain`` is set where the probability is 1, so that LIME sees little change. ``ties`` is set
    for an image of a single colour.
    """
    probabilities = batch.logits.softmax(1).gather(1, batch.targets).tolist()
    pixels = batch.images.reshape(len(batch), -1, 3)
    of_one_colour = (pixels == pixels[:, :1]).all((1, 2)).tolist()
    diagnostics = [
        [
            {**about, "flags": [*about["flags"], *_common(probability, ties=ties)]}
            for about, probability in zip(of_image, row, strict=True)
        ]
        for of_image, row, ties in zip(
            attributions.diagnostics, probabilities, of_one_colour, strict=True
        )
    ]
    return replace(attributions, diagnostics=diagnostics)


def _common(probability: float, *, ties: bool) -> list[str]:
    return flagged(certain=probability >= CERTAIN, ties=ties)["flags"]


def finds_its_layer(explainer: Explainer) -> bool:
    """Check whether a method reads the layer that the network's rule finds."""
    return Need.GRID in explainer.needs and parameters_of(explainer).get("layer", -1) == -1


def in_precision(explainer: Explainer, precision: str) -> Explainer:
    """Return the explainer, in fast arithmetic if that is requested and the method offers it."""
    if precision == "fast" and "precision" in parameters_of(explainer):
        changed: Explainer = replace(explainer, precision=precision)
        return changed
    return explainer


@dataclass(frozen=True, eq=False)
class _Part:
    """Attributions of one batch."""

    batch: Batch
    found: Mapping[str, Attributions]


def _together(parts: Sequence[_Part], chain: Chain | None, *, single: bool) -> Explanations:
    attributions = {key: joined([part.found[key] for part in parts]) for key in parts[0].found}
    batches = [part.batch for part in parts]
    targets = np.concatenate([batch.targets.cpu().numpy() for batch in batches])
    probabilities = torch.cat([batch.logits.softmax(1) for batch in batches])
    return Explanations(
        {key: of_method.of_class(0) for key, of_method in attributions.items()}
        if single
        else attributions,
        probabilities.float().cpu().numpy(),
        targets[:, 0] if single else targets,
        _layer_maps(batches, chain, single=single) if chain else None,
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
