"""Images and networks of the page: what there is on this machine, and what is missing."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.classifier.card import card_path
from explanations.classifier.checkpoint import Classifier
from explanations.evaluation.cases import Case, read_cases, training_images
from explanations.imagesets.background import Background
from explanations.imagesets.base import ImageSet, ImageSetError, LabelledImage
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.decoding import content_hash
from explanations.source_report import seeds
from explanations.source_report.numbers import Network

BACKGROUND_IMAGES = 100
CANDIDATES = 100
"""Test images of each class among which the examples of the page are chosen."""

RECIPES = {"base": "cifar10-base", "l2": "cifar10-l2", "strong": "cifar10"}
"""Weights file of each recipe, without its ending. A card can be there without its weights."""
FURTHER_SEED = re.compile(r"-s(eed)?\d+")
"""Ending of the files of further seeds: cifar10-base-s1.json or cifar10-base-seed1.json."""
LABELS = {
    "base": "the report's recipe, base",
    "l2": "the report's recipe, l2",
    "strong": "this project's recipe, strong",
    "scenes": "the network of synthetic scenes",
}


@dataclass(frozen=True, eq=False)
class Sources:
    """Everything that the page can be made from."""

    photographs: ImageSet | None
    """CIFAR-10, or None if it is not on this machine."""
    networks: Mapping[str, Network]
    """Networks with weights by recipe, the report's recipe first, measured on CIFAR-10."""
    scenes: Network
    scene_set: ImageSet
    cards: Mapping[str, Sequence[Mapping[str, Any]]]
    """Cards of each recipe, one for each seed."""
    missing: Sequence[str] = field(default_factory=tuple)
    """Sentences about what is missing, each with its cure."""
    trained_with: Mapping[str, int] = field(default_factory=dict)
    """Seed of each network's training, by the network's label."""


def find(weights: Path, data_dir: Path | None, seed: int = 0) -> Sources:
    """Find image sets, weights and cards. CIFAR-10 is never downloaded.

    Raises CheckpointError for weights that cannot be read, ImageSetError if ``data_dir`` is not
    CIFAR-10, and CardError for cards that do not belong together.
    """
    missing = []
    photographs = None
    if data_dir is None:
        missing.append(
            "CIFAR-10 was not given, so all maps of photographs and all verdicts from them are "
            "left out. Add --data-dir DIR with its images as train/CLASS and test/CLASS."
        )
    else:
        photographs = open_image_set("cifar10", data_dir)
        photographs.entries("test")
    networks: dict[str, Network] = {}
    for key in RECIPES:
        path = weights / f"{RECIPES[key]}.safetensors"
        if not path.is_file():
            missing.append(
                f"The weights of the recipe {key} are not in {weights.name}/{path.name}. Train "
                f"them: manage.py train_classifier --data cifar10 --data-dir DIR --recipe {key} "
                f"--half --output {weights.name}/{path.name}"
            )
        elif photographs is not None:
            network = _network(key, path, photographs, seed)
            other = _other_training(weights, RECIPES[key])
            if other:
                seed_of = f"seed {other[0]} of the same recipe"
                network = replace(network, other=other[1], other_is=seed_of)
            networks[key] = network
    if {"base", "strong"} <= networks.keys() and networks["base"].other is None:
        # The shipped weights have one seed of each recipe.
        networks["base"] = replace(
            networks["base"], other=networks["strong"].classifier, other_is=LABELS["strong"]
        )
    cards = {key: _cards(key, weights) for key in RECIPES}
    missing += _missing_cards(cards)
    scene_set = open_image_set("scenes")
    scenes = _network("scenes", weights / "scenes.safetensors", scene_set, seed)
    trained_with = {
        LABELS[key]: int(read_card(weights / f"{name}.json")["seed"])
        for key, name in (RECIPES | {"scenes": "scenes"}).items()
        if (weights / f"{name}.json").is_file()
    }
    return Sources(
        photographs,
        networks,
        scenes,
        scene_set,
        cards,
        tuple(missing),
        trained_with,
    )


def cases_by_class(
    source: ImageSet, classifier: Classifier, limit: int, seed: int = 0
) -> dict[str, list[Case]]:
    """Select ``limit`` test images, balanced over the classes. A smaller selection is a part of
    it."""
    names = classifier.class_names
    cases = read_cases(source, classifier, "test", limit, seed)
    return {name: [case for case in cases if names[case.label] == name] for name in names}


def examples(source: ImageSet, classifier: Classifier, class_name: str) -> list[Case]:
    """Return the first test images of a class that are predicted correctly, likeliest first."""
    number = source.class_names.index(class_name)
    entries = [entry for entry in source.entries("test") if entry.class_index == number]
    images = [source.load("test", entry) for entry in entries[:CANDIDATES]]
    return likeliest_first(images, classifier, class_name)


def likeliest_first(
    images: Sequence[LabelledImage], classifier: Classifier, class_name: str
) -> list[Case]:
    """Return the correctly predicted images as cases, those of the highest probability first."""
    label = classifier.class_names.index(class_name)
    probabilities = classifier.probabilities(np.stack([image.pixels for image in images]))
    order = np.argsort(-probabilities[:, label], kind="stable")
    return [
        Case(
            images[place].pixels,
            label,
            label,
            content_hash(images[place].pixels),
            None if images[place].mask is None else images[place].mask > 0,
        )
        for place in order
        if probabilities[place].argmax() == label
    ]


def _network(key: str, path: Path, source: ImageSet, seed: int) -> Network:
    classifier = Classifier.load(path)
    try:
        training = training_images(source, 2 * BACKGROUND_IMAGES, seed)
    except ImageSetError:
        return Network(key, LABELS[key], classifier, (), seed)
    halves = training[:BACKGROUND_IMAGES], training[BACKGROUND_IMAGES:]
    backgrounds = [Background(half) for half in halves]
    narrow = Background(of_one_class(source, BACKGROUND_IMAGES))
    return Network(key, LABELS[key], classifier, backgrounds, seed, narrow=narrow)


def of_one_class(source: ImageSet, limit: int) -> NDArray[np.uint8]:
    """Return the first training images of the first class, shape (n, height, width, 3)."""
    entries = [entry for entry in source.entries("train") if entry.class_index == 0]
    return np.stack([source.load("train", entry).pixels for entry in entries[:limit]])


def _other_training(weights: Path, name: str) -> tuple[int, Classifier] | None:
    """Return the seed and the classifier of the first further seed whose weights are there.

    Raises CardError if they are not the weights of the card.
    """
    for path in _of_further_seeds(weights, name):
        file = path.with_suffix(".safetensors")
        if file.is_file():
            card, classifier = read_card(path), Classifier.load(file)
            if classifier.sha256 != card["weights"]["sha256"]:
                raise seeds.CardError(
                    f"{file.name} is not the file of which {path.name} is the card. Train this "
                    "seed again, or remove the file."
                )
            return int(card["seed"]), classifier
    return None


def _cards(recipe: str, weights: Path) -> list[Mapping[str, Any]]:
    """Read the cards of a recipe in the order of their seeds: FILE.json, FILE-s1.json and so on."""
    name = RECIPES[recipe]
    paths = [card_path(weights / f"{name}.safetensors"), *_of_further_seeds(weights, name)]
    cards = {path.name: read_card(path) for path in paths if path.is_file()}
    seeds.check(recipe, cards)
    return sorted(cards.values(), key=lambda card: int(card["seed"]))


def read_card(path: Path) -> Mapping[str, Any]:
    """Read a network's card."""
    card: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return card


def _of_further_seeds(weights: Path, name: str) -> list[Path]:
    return [
        path
        for path in sorted(weights.glob(f"{name}-s*.json"))
        if FURTHER_SEED.fullmatch(path.stem.removeprefix(name))
    ]


def _missing_cards(cards: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    missing = [f"There is no card of the recipe {key}." for key in cards if not cards[key]]
    for key in ("base", "l2"):
        if 0 < len(cards[key]) < seeds.FEWEST_SEEDS:
            missing.append(
                f"Only {len(cards[key])} of {seeds.FEWEST_SEEDS} seeds of the recipe {key} have a "
                "card, so that its figures have no verdict. Train further seeds: manage.py "
                f"train_classifier --recipe {key} --seed 1 --output "
                f"weights/{RECIPES[key]}-s1.safetensors"
            )
    return missing
