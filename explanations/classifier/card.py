"""Model card as JSON: training data, recipe and accuracy of a classifier."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from explanations.classifier.adapters import core_of
from explanations.classifier.architectures import label_of
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.evaluation import Evaluation
from explanations.classifier.header import VGG13_KEY
from explanations.classifier.network import parameter_count
from explanations.classifier.recipes import Recipe
from explanations.classifier.training import TrainingRun
from explanations.store.atomic_files import sha256_of_file, write_atomically

LIBRARIES = ("torch", "torchvision", "numpy", "safetensors", "scikit-learn", "pillow")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that influence a training run."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def model_card(
    *,
    weights: Path,
    run: TrainingRun,
    evaluations: dict[str, Evaluation],
    recipe: Recipe,
    seed: int,
    data: dict[str, Any],
    device: str,
    dtype: str,
    start: str = "",
) -> dict[str, Any]:
    """Build the card of the weights in ``weights``. Its figures are of the stored, rounded
    weights."""
    return {
        "weights": {"file": weights.name, "sha256": sha256_of_file(weights), "dtype": dtype},
        "network": network_card(run.classifier),
        "recipe": asdict(recipe),
        "seed": seed,
        "data": data | {"train_images": len(run.train), "validation_images": len(run.validation)},
        "evaluation": {split: figures.as_dict() for split, figures in evaluations.items()},
        "history": [asdict(record) for record in run.history],
        "training": {"device": device, "seconds": round(run.seconds, 1), "start": start},
        "versions": versions(),
    }


def registered_card(*, weights: Path, classifier: Classifier) -> dict[str, Any]:
    """Build the card of a classifier from elsewhere, whose training is not known."""
    return {
        "weights": {"file": weights.name, "sha256": sha256_of_file(weights), "dtype": "float32"},
        "network": network_card(classifier),
        "versions": versions(),
    }


def network_card(classifier: Classifier) -> dict[str, Any]:
    """Describe a network, its classes and its preprocessing."""
    declared = classifier.declaration
    name = label_of(classifier.architecture)
    return {
        "name": "VGG13" if classifier.architecture == VGG13_KEY else name,
        "architecture": classifier.architecture,
        "package": classifier.package,
        "parameters": parameter_count(core_of(classifier.network)),
        "class_names": list(declared.class_names),
        "mean": list(declared.mean),
        "std": list(declared.std),
        "input": str(declared.rule),
    }


def card_path(weights: Path) -> Path:
    """Return the path of the card of FILE.safetensors: FILE.json."""
    return weights.with_suffix(".json")


def read_card(weights: Path) -> dict[str, Any]:
    """Return the card of the weights. Raises CheckpointError if it is missing or damaged."""
    path = card_path(weights)
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} cannot be read ({error}). The card must lie beside its weights."
        ) from error
    return card


def write_card(card: dict[str, Any], weights: Path) -> None:
    """Write the card next to its weights, atomically."""
    write_atomically(card_path(weights), (json.dumps(card, indent=2) + "\n").encode())
