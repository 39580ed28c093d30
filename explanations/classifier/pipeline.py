"""Training from labelled arrays to weights, card, curves and confusion matrix on disk."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explanations.classifier.batches import LabelledTensors, split_validation
from explanations.classifier.card import card_path, model_card, read_card, write_card
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.evaluation import Evaluation, evaluate
from explanations.classifier.figures import draw_curves, draw_evaluation
from explanations.classifier.header import VGG13_KEY
from explanations.classifier.network import IMAGE_SIZE
from explanations.classifier.recipes import Recipe
from explanations.classifier.starting import Start
from explanations.classifier.training import for_architecture, train
from explanations.store.atomic_files import sha256_of_file

Images = np.ndarray[Any, np.dtype[np.uint8]]
Labels = np.ndarray[Any, np.dtype[np.int64]]


def train_to_file(
    *,
    train_images: Images,
    train_labels: Labels,
    test_images: Images,
    test_labels: Labels,
    class_names: tuple[str, ...],
    data: dict[str, Any],
    recipe: Recipe,
    seed: int,
    device: str,
    output: Path,
    half: bool = False,
    test_groups: Sequence[str] = (),
    architecture: str = VGG13_KEY,
    start: Start | None = None,
    crop: str = "centre",
) -> dict[str, Any]:
    """Train on uint8 images (n, size, size, 3), write all files next to ``output`` and return the
    card.

    ``data`` describes the data in the card, ``test_groups`` names the group of each test image.
    Training begins with the weights of ``start``, or with random weights. ``crop`` is the rule by
    which the images were made, as the weights record it. An interrupted run leaves
    ``<output>.training.safetensors``, from which the same call resumes. The card's figures are
    computed from the stored file, read back. Raises CheckpointError for images of another size, for
    weights that do not fit, and for an output that is not a .safetensors file.
    """
    check_output(output)
    size = IMAGE_SIZE if architecture == VGG13_KEY else train_images.shape[1]
    _check_shape(train_images, "training", size)
    _check_shape(test_images, "test", size)
    recipe = for_architecture(recipe, architecture)
    data_hash = hash_arrays(train_images, train_labels)
    state_file = output.with_suffix(".training.safetensors")
    run = train(
        data=to_tensors(train_images, train_labels),
        class_names=class_names,
        recipe=recipe,
        seed=seed,
        device=device,
        state_file=state_file,
        data_hash=data_hash,
        architecture=architecture,
        start=start,
    )
    dtype = torch.float16 if half else torch.float32
    run = replace(run, classifier=replace(run.classifier, crop=crop))
    run.classifier.save(output, dtype)
    # Half precision rounds the weights, so the figures must come from the file that will be used.
    stored = Classifier.load(output, device)
    card = model_card(
        weights=output,
        run=run,
        evaluations={
            "train": evaluate_tensors(stored, run.train),
            "validation": evaluate_tensors(stored, run.validation),
            "test": evaluate(stored, test_images, test_labels, test_groups),
        },
        recipe=recipe,
        seed=seed,
        data=data
        | {
            "train_sha256": data_hash,
            "test_sha256": hash_arrays(test_images, test_labels),
            "test_images": len(test_images),
        },
        device=device,
        dtype=str(dtype).removeprefix("torch."),
        start=start.origin if start else "",
    )
    draw_curves(run.history, output.with_name(f"{output.stem}-curves.png"))
    draw_evaluation(card["evaluation"]["test"], class_names, output)
    write_card(card, output)
    state_file.unlink(missing_ok=True)
    return card


def evaluate_again(
    *,
    weights: Path,
    train_images: Images,
    train_labels: Labels,
    test_images: Images,
    test_labels: Labels,
    test_groups: Sequence[str] = (),
    device: str,
) -> dict[str, Any]:
    """Compute the figures of the card of trained weights again, write the card and return it.

    A card of an earlier version thereby gets the figures that were added since. Nothing else of the
    card changes. Raises CheckpointError if the card is missing, belongs to other weights, or was
    made with other images.
    """
    card = read_card(weights)
    if card["weights"]["sha256"] != sha256_of_file(weights):
        raise CheckpointError(
            f"{card_path(weights).name} describes other weights than {weights.name}. Train again, "
            "or restore the card of these weights."
        )
    given = {
        "train_sha256": hash_arrays(train_images, train_labels),
        "test_sha256": hash_arrays(test_images, test_labels),
    }
    if differing := [name for name, value in given.items() if card["data"].get(name) != value]:
        part = " and ".join(name.removesuffix("_sha256") for name in differing)
        raise CheckpointError(
            f"The {part} images are not those in the card of {weights.name}. Give the images with "
            "which it was trained."
        )
    recipe = card["recipe"]
    parts = split_validation(
        to_tensors(train_images, train_labels), recipe["validation_share"], card["seed"]
    )
    stored = Classifier.load(weights, device)
    names = ("train", "validation")
    evaluations = {
        **{name: evaluate_tensors(stored, part) for name, part in zip(names, parts, strict=True)},
        "test": evaluate(stored, test_images, test_labels, test_groups),
    }
    card["evaluation"] = {name: figures.as_dict() for name, figures in evaluations.items()}
    write_card(card, weights)
    return card


def check_output(output: Path) -> None:
    """Raise CheckpointError if the output is not a .safetensors file."""
    if output.suffix != ".safetensors":
        raise CheckpointError(
            f"The output is {output.name}, but its name must end in .safetensors."
        )


def outputs_of(output: Path) -> tuple[Path, ...]:
    """List every file that a finished training run writes."""
    names = ("curves", "confusion", "reliability")
    figures = (output.with_name(f"{output.stem}-{name}.png") for name in names)
    return (output, card_path(output), *figures)


def to_tensors(images: Images, labels: Labels) -> LabelledTensors:
    """Convert uint8 images (n, height, width, 3) and labels (n,) to tensors."""
    return LabelledTensors(
        torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels.astype(np.int64))
    )


def evaluate_tensors(classifier: Classifier, data: LabelledTensors) -> Evaluation:
    """Evaluate the classifier on tensors."""
    return evaluate(classifier, data.images.permute(0, 2, 3, 1).numpy(), data.labels.numpy())


def hash_arrays(images: Images, labels: Labels) -> str:
    """Return the SHA-256 over shape, pixels and labels."""
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(np.ascontiguousarray(images).data)
    digest.update(np.ascontiguousarray(labels, dtype=np.int64).data)
    return digest.hexdigest()


def _check_shape(images: Images, part: str, size: int) -> None:
    if len(images) == 0:
        raise CheckpointError(f"The list of {part} images is empty. Give at least one image.")
    if images.shape[1:] != (size, size, 3):
        raise CheckpointError(
            f"The network takes {size}x{size} colour images, but the {part} images are "
            f"{images.shape[2]}x{images.shape[1]}. Resize them first."
        )
