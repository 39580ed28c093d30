"""Contract of an explanation method: what studies rely on, whichever method it is.

The author of a package runs it in a test of their own, with the platform's folder on the path::

    from explanations import catalogue
    from explanations.contracts.methods import check_method


    def test_my_method_keeps_the_contract():
        check_method(catalogue.get("my_method"))

The method is tried with few samples or steps on small networks with random weights: a chain of
modules, and a network with branches. Each function raises ContractError with the broken promise and
its cure.
"""

import ast
import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from explanations.attribution import Attribution
from explanations.catalogue import BUILT_IN, FLAGS, METHODS, Method
from explanations.classifier.checkpoint import Classifier
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.methods.protocol import Explainer, ResidualError, parameters_of

SIZE, CLASSES = 32, 5
QUICK = {"samples": 30, "steps": 4, "window": 0.5, "step": 0.25}
"""Parameters with which methods are tried, where they have them."""
SAME = 1e-5
"""Largest difference of two maps that must be equal but for rounding, relative to the largest
value."""
ENOUGH_STEPS = 50
OTHERS = 8
"""Classes that are tried where the map of the first is empty."""
LONGEST_SENTENCE = 160
JARGON = r"gradient|logit|pixel-wise|placebo|random|Grad-CAM|SHAP|LIME|neural|attribution"


class ContractError(AssertionError):
    """A broken promise of a method. The message names the cure."""


def check_method(method: Method, classifier: Classifier | None = None) -> None:
    """Check every promise of a method, on ``classifier`` and on the contract's own networks."""
    check_texts(method)
    check_imports(method)
    explainer = quick(method)
    check_declaration(method, explainer)
    check_amount(method)
    for tried in (classifier, chain(), branches()):
        if tried is not None and not Engine(tried).refusals({"one": explainer}):
            check_maps(method, explainer, tried)


def check_every_method(classifier: Classifier) -> dict[str, str]:
    """Check the maps of every method of the catalogue on a classifier.

    Returns the methods that cannot explain its network, with the reason and the cure.
    """
    # The shares of a deep network miss too much with few steps, and its map is then refused.
    explainers = {method.key: quick(method, steps=ENOUGH_STEPS) for method in METHODS}
    refusals = Engine(classifier).refusals(explainers)
    for method in METHODS:
        if method.key in refusals:
            continue
        try:
            check_maps(method, explainers[method.key], classifier)
        except ResidualError as error:
            refusals[method.key] = str(error)  # a map that misses too much is never returned
    return refusals


def check_texts(method: Method) -> None:
    """Check the words that participants read."""
    texts = [method.caption, *method.how_to_read, method.legend.low, method.legend.high]
    if not 2 <= len(method.how_to_read) <= 4:
        raise ContractError(
            f"{method.key}: how_to_read has {len(method.how_to_read)} sentences. Write 2 to 4."
        )
    for text in texts:
        if len(text) >= LONGEST_SENTENCE:
            raise ContractError(f"{method.key}: {text!r} is too long. Stay under 160 characters.")
        if found := re.search(JARGON, text, re.IGNORECASE):
            raise ContractError(
                f"{method.key}: {text!r} contains {found[0]!r}. Participants do not know the word."
            )
    for name, caption in (
        ("a class", method.caption_for("umbrella")),
        ("no class", method.caption_for(None)),
    ):
        if "{" in caption or ("umbrella" in caption) != (name == "a class"):
            raise ContractError(
                f"{method.key}: the caption for {name} is {caption!r}. Write {{answer}} where the "
                "class belongs, and no other brackets."
            )
    if method.package and method.read_like not in {built_in.key for built_in in BUILT_IN}:
        raise ContractError(
            f"{method.key}: read_like is {method.read_like!r}. Name a method of the platform whose "
            "pictures are read in the same way, such as gradcam, so that its comprehension "
            "questions fit."
        )


def check_declaration(method: Method, explainer: Explainer) -> None:
    """Check what an explainer says about itself."""
    parameters = parameters_of(explainer)
    if json.loads(json.dumps(parameters)) != parameters or "version" in parameters:
        raise ContractError(
            f"{method.key}: the parameters {parameters} must be values of JSON, and version a "
            "ClassVar: they name stored maps."
        )
    if not isinstance(explainer.version, int):
        raise ContractError(f"{method.key}: version must be a whole number.")
    needs = getattr(explainer, "needs", ())
    if not needs or not all(isinstance(need, Need) for need in needs):
        raise ContractError(
            f"{method.key}: needs is {needs!r}. Declare the class variable needs, a tuple of "
            "explanations.computing.needs.Need, so that networks that lack something are refused."
        )
    if not isinstance(explainer.passes((SIZE, SIZE), 3), Passes):
        raise ContractError(
            f"{method.key}: passes() must return explanations.computing.cost.Passes, from which "
            "the time is told before the work begins."
        )
    if getattr(type(explainer), "__dataclass_params__").frozen is not True:  # noqa: B009
        raise ContractError(f"{method.key}: the class must be a frozen dataclass.")


def check_amount(method: Method) -> None:
    """Check the number of samples or steps that a study can choose."""
    amount = method.amount
    if amount is None:
        return
    parameters = parameters_of(method.explainer())
    if parameters.get(amount.name) != amount.usual:
        raise ContractError(
            f"{method.key}: amount says {amount.name} {amount.usual}, but the class's default is "
            f"{parameters.get(amount.name)}. Write the same number in both."
        )
    tolerance = 0.125 if amount.stops else None
    try:
        method.with_amount(amount.most, tolerance).explainer()
        method.with_amount(amount.least).explainer()
    except (TypeError, ValueError) as error:
        raise ContractError(
            f"{method.key}: the class refuses what amount allows: {error}. Change one of them."
        ) from error


def check_imports(method: Method) -> None:
    """Check that a method does not import another method, and that reading its entry imports no
    torch."""
    own = method.path.rpartition(".")[0]
    others = {other.path.rpartition(".")[0] for other in METHODS} - {own}
    if imported := others.intersection(_imports(own)):
        raise ContractError(
            f"{method.key}: {own} imports the method {min(imported)}. Move what both need to a "
            "module of its own."
        )
    if method.package:
        _check_without_torch(method.key)


def _imports(module: str) -> Iterator[str]:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ContractError(f"The module {module} cannot be found. Correct path in the entry.")
    for node in ast.walk(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _check_without_torch(key: str) -> None:
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from explanations import catalogue; "
        f"catalogue.get({key!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stdout.strip() != "False":
        raise ContractError(
            f"{key}: the module of its entry point imports torch, which the web process must not. "
            f"Put the class into another module and name it in path. {done.stderr[-300:]}"
        )


def check_maps(method: Method, explainer: Explainer, classifier: Classifier) -> None:
    """Check the maps of a few random images."""
    network = classifier.network
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images = pictures(4, size=classifier.image_size)
    background = Background(pictures(3, seed=1, size=classifier.image_size))
    untouched = images.copy()
    target = min(3, len(classifier.class_names) - 1)
    explained = _Explained(explainer, Engine(classifier, background))
    first = explained(images[0], target)
    if first.relevance.shape != images.shape[1:3]:
        raise ContractError(
            f"{method.key}: the map has the shape {first.relevance.shape}, but the image "
            f"{images.shape[1:3]}. Enlarge coarse maps with explanations.computing.resizing."
        )
    if first.is_empty and not classifier_is_dead(classifier):
        _check_other_classes(method, explained, images[0])
    _check_unchanged(method, network, before, same_images=bool((images == untouched).all()))
    # By another engine, so that nothing that the first keeps can make the maps equal. The rest goes
    # on with it, because a large network takes longer to prepare than to explain.
    explained = _Explained(explainer, Engine(classifier, background))
    again = explained(images[0], target)
    if not np.array_equal(first.relevance, again.relevance):
        raise ContractError(
            f"{method.key}: the same seed gives another map. Draw only from the seeds."
        )
    _check_classes(method, explained, images[1])
    for image in (images[0], np.zeros_like(images[0]), np.full_like(images[0], 255)):
        found = explained(image, 1)
        if unknown := set(found.diagnostics["flags"]) - FLAGS.keys() - method.flags.keys():
            raise ContractError(
                f"{method.key}: the flag {min(unknown)!r} has no words. Add it to flags."
            )
    method.drawing.draw(images[0], first)


@dataclass(frozen=True)
class _Explained:
    """Maps of single images by one prepared engine."""

    explainer: Explainer
    engine: Engine

    def __call__(self, image: NDArray[np.uint8], target: int, seed: int = 7) -> Attribution:
        found = self.engine.explain(image[None], [target], {"one": self.explainer}, seed=seed)
        return found["one"][0]

    def of_classes(self, image: NDArray[np.uint8], targets: Sequence[int]) -> list[Attribution]:
        """Return an image's maps of several classes, which are explained together."""
        found = self.engine.explain(image[None], [targets], {"one": self.explainer})
        return [found["one"].of_class(column)[0] for column in range(len(targets))]

    @property
    def classes(self) -> int:
        """Return the number of classes."""
        return len(self.engine.workspace.classifier.class_names)


def _check_other_classes(method: Method, explained: _Explained, image: NDArray[np.uint8]) -> None:
    """Check that some class has a map: where nothing speaks for one class, its map is empty."""
    for target in range(min(OTHERS, explained.classes)):
        if not explained(image, target).is_empty:
            return
    raise ContractError(f"{method.key}: the map of an ordinary image is empty for every class.")


def _check_unchanged(
    method: Method, network: nn.Module, before: dict[str, torch.Tensor], *, same_images: bool
) -> None:
    clean = same_images and not any(module.training for module in network.modules())
    clean &= all(torch.equal(now, before[name]) for name, now in network.state_dict().items())
    clean &= all(parameter.grad is None for parameter in network.parameters())
    clean &= not any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
        for module in network.modules()
    )
    if not clean:
        raise ContractError(
            f"{method.key}: the images or the classifier's network are changed: weights, mode, "
            "gradients or hooks. Work on copies."
        )


def _check_classes(method: Method, explained: _Explained, image: NDArray[np.uint8]) -> None:
    targets = (2, 4) if explained.classes >= CLASSES else (0, 1)
    both = explained.of_classes(image, targets)
    for target, found in zip(targets, both, strict=True):
        alone = explained(image, target, seed=0)
        scale = max(float(np.abs(alone.relevance).max()), 1e-6)
        if float(np.abs(found.relevance - alone.relevance).max()) > SAME * scale:
            raise ContractError(
                f"{method.key}: the map of class {target} depends on the other classes that are "
                "explained with it. Return each class's own map along the second axis."
            )
        if found.diagnostics.keys() != alone.diagnostics.keys():
            raise ContractError(f"{method.key}: diagnostics must have the same keys for all maps.")


def quick(method: Method, **amounts: int) -> Explainer:
    """Return a method's explainer with few samples or steps: the contract is about its manners.

    ``amounts`` are used in place of the usual few.
    """
    explainer: Any = method.explainer()
    tried = {**QUICK, **amounts}
    few = {name: value for name, value in tried.items() if name in parameters_of(explainer)}
    changed: Explainer = dataclasses.replace(explainer, **few)
    return changed


def classifier_is_dead(classifier: Classifier) -> bool:
    """Check whether the logits do not react to the image, in which case an empty map is right."""
    probabilities = classifier.probabilities(pictures(4, size=classifier.image_size))
    return bool((probabilities == probabilities[0]).all())


def pictures(count: int, seed: int = 0, size: int = SIZE) -> NDArray[np.uint8]:
    """Return random images with large and small structures."""
    generator = np.random.default_rng(seed)
    side = -(-size // 4)
    coarse = generator.integers(0, 256, (count, 4, 4, 3)).repeat(side, axis=1).repeat(side, axis=2)
    fine = generator.integers(-30, 31, (count, size, size, 3))
    return (coarse[:, :size, :size] + fine).clip(0, 255).astype(np.uint8)


def chain() -> Classifier:
    """Return a classifier whose network is a chain of modules."""
    torch.manual_seed(0)
    return _classifier(
        nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(8 * 64, 16), nn.ReLU(), nn.Linear(16, CLASSES),
        )
    )  # fmt: skip


def branches() -> Classifier:
    """Return a classifier whose network has a branch, functions in place of modules and view()."""
    torch.manual_seed(1)
    return _classifier(_Branches())


class _Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.side = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8 * 16, CLASSES)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        values = torch.relu(self.norm(self.stem(pixels)))
        values = nn.functional.gelu(values + self.side(values))
        cells = nn.functional.max_pool2d(values, 5, 4, 1)
        logits: torch.Tensor = self.head(cells.reshape(cells.size(0), -1))
        return logits


def _classifier(network: nn.Module) -> Classifier:
    names = tuple(f"class {number}" for number in range(CLASSES))
    mean, std = torch.full((3,), 0.5), torch.full((3,), 0.25)
    return Classifier(network.eval(), mean, std, names, image_size=SIZE)
