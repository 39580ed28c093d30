"""Contract of a classifier: what studies rely on, whichever network it is.

The author of a package runs it in a test of their own, with the platform's folder on the path::

    from explanations.contracts.classifiers import check_factory


    def test_my_network_keeps_the_contract(tmp_path):
        check_factory("my_network", tmp_path)

Each function raises ContractError with the broken promise and its cure.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torchvision.ops import StochasticDepth

from explanations.classifier import architectures
from explanations.classifier.admission import from_factory
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.declaration import Declaration
from explanations.classifier.exact import exact_arithmetic

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SETTLING = 32
"""Images of which batch normalisation takes its statistics."""
LARGEST_LOGIT = 10.0
SAME = 1e-4
"""Largest difference of two probabilities that must be equal but for rounding."""


class ContractError(AssertionError):
    """A broken promise of a classifier. The message names the cure."""


def check_factory(name: str, folder: Path) -> Classifier:
    """Check the classifier of an installed package's entry point, and return it.

    ``folder`` is an empty folder for the weight file. Raises FactoryError or CheckpointError if it
    cannot be registered, and ContractError if a promise is broken.
    """
    classifier = from_factory(name)
    check_classifier(classifier, folder)
    return classifier


def check_architecture(
    key: str, folder: Path, *, size: int = 0, classes: tuple[str, ...] = ("a", "b", "c")
) -> Classifier:
    """Check a network of the catalogue with random weights, and return its classifier."""
    kind = architectures.get(key)
    size = size or kind.size
    torch.manual_seed(0)
    with exact_arithmetic():
        network = _settled(kind.build(len(classes), size), size)
        classifier = Classifier.of(
            network,
            Declaration(classes, size, MEAN, STD),
            architecture=key,
            outputs=len(classes),
        )
    check_classifier(classifier, folder)
    return classifier


def _settled(network: nn.Module, size: int) -> nn.Module:
    """Give a network with random weights logits like a trained network's.

    With the statistics of batch normalisation that has never seen an image, deep networks return
    the same logits for every image; with statistics of other images than those it is tried with,
    logits in the thousands, whose rounding is larger than the contract's bounds.
    """
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of this batch alone
        if isinstance(module, nn.Dropout | StochasticDepth):
            module.eval()  # statistics of dropped branches let the logits grow as well
        if isinstance(module, nn.Linear) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.05)  # a transformer's last layer begins with zeros
    images = _settling_images(size)
    last = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    with torch.no_grad():
        network(images)
        largest = float(network.eval()(images).abs().max())
        for values in last.parameters():
            values.mul_(min(1.0, LARGEST_LOGIT / largest))
    return network


def _settling_images(size: int) -> torch.Tensor:
    """Return the input of images of all colours and contrasts, coarse and fine. The contrast is up
    to twice the possible one, since products of results grow fast where images exceed it."""
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> torch.Tensor:
        return torch.rand((SETTLING, *shape), generator=generator)

    coarse = nn.functional.interpolate(drawn(3, 4, 4), size=size)
    fineness = drawn(1, 1, 1)
    pattern = fineness * drawn(3, size, size) + (1 - fineness) * coarse - 0.5
    pixels = drawn(3, 1, 1) + 2 * drawn(1, 1, 1) * pattern
    return (pixels - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def check_classifier(classifier: Classifier, folder: Path) -> None:
    """Check every promise of a classifier, with random images. Raises ContractError."""
    images = _images(classifier)
    probabilities = classifier.probabilities(images)
    _check_probabilities(classifier, images, probabilities)
    _check_independence(classifier, images, probabilities)
    _check_storage(classifier, images, probabilities, folder)
    _check_gradients(classifier, images)


def _images(classifier: Classifier) -> NDArray[np.uint8]:
    """Return the inputs derived from a wide, a tall and a square image."""
    generator = np.random.default_rng(0)
    size = classifier.image_size
    shapes = ((size, 2 * size), (size + 7, size), (size, size))
    # Of different brightness, because a deep network with random weights sees no more in noise.
    raw = [
        generator.integers(0, brightest, (*shape, 3), dtype=np.uint8)
        for shape, brightest in zip(shapes, (256, 60, 140), strict=True)
    ]
    return np.stack([classifier.input_of(image) for image in raw])


def _check_probabilities(
    classifier: Classifier, images: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> None:
    expected = (3, len(classifier.class_names))
    if probabilities.shape != expected:
        raise ContractError(
            f"The probabilities have the shape {probabilities.shape}, but must be {expected}: a "
            "row per image, a column per class."
        )
    if not np.isfinite(probabilities).all() or abs(probabilities.sum(1) - 1).max() > SAME:
        raise ContractError(
            "The probabilities are not finite or do not sum to 1. Return logits, without softmax."
        )
    # Compared before the softmax, which rounds the probability of a sure network to exactly 1.
    with exact_arithmetic(), torch.no_grad():
        logits = classifier.network(classifier.normalise(images).contiguous())
    if not (logits != logits[0]).any():
        raise ContractError(
            "All images get the same logits. Check that forward() uses its input and that mean and "
            "std are on the scale from 0 to 1."
        )


def _check_independence(
    classifier: Classifier, images: NDArray[np.uint8], probabilities: NDArray[np.float32]
) -> None:
    again = classifier.probabilities(images[::-1].copy(), batch_size=1)[::-1]
    if abs(again - probabilities).max() > SAME:
        raise ContractError(
            "An image's probabilities depend on the other images or change from call to call. "
            "Return the network in evaluation mode, without batch statistics and random layers."
        )


def _check_storage(
    classifier: Classifier,
    images: NDArray[np.uint8],
    probabilities: NDArray[np.float32],
    folder: Path,
) -> None:
    path = folder / "contract.safetensors"
    classifier.save(path)
    stored = Classifier.load(path)
    if stored.declaration != classifier.declaration:
        raise ContractError(
            f"The file declares {stored.declaration}, but the classifier {classifier.declaration}."
        )
    if abs(stored.probabilities(images) - probabilities).max() > SAME:
        raise ContractError(
            "The classifier that is read from its file gives other probabilities. Register every "
            "tensor that forward() needs as a parameter or a buffer."
        )


def _check_gradients(classifier: Classifier, images: NDArray[np.uint8]) -> None:
    with exact_arithmetic():
        pixels = classifier.normalise(images[:1]).contiguous().requires_grad_()
        logits = classifier.network(pixels)
        (gradient,) = torch.autograd.grad(logits.sum(1)[0] + logits[0, 0], pixels)
    if not torch.isfinite(gradient).all() or not gradient.any():
        raise ContractError(
            "The logits have no gradient with respect to the pixels, which saliency, Grad-CAM and "
            "Integrated Gradients need. Remove detach(), no_grad() and rounding from forward()."
        )
    if any(parameter.grad is not None for parameter in classifier.network.parameters()):
        raise ContractError("The weights collect gradients. Freeze them: requires_grad_(False).")
