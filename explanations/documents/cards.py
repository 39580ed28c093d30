"""Learning curves and confusion matrices of the report's recipes, drawn from their model cards.

The shipped classifiers' pictures are next to their weights, where train_classifier writes them.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from explanations.classifier.figures import draw_confusion, draw_curves
from explanations.classifier.training import EpochRecord

OF_THE_REPORT = ("cifar10-base", "cifar10-l2")


def cards_of_the_report(weights: Path) -> list[Path]:
    """List the cards of the report's recipes that exist."""
    return [path for name in OF_THE_REPORT if (path := weights / f"{name}.json").is_file()]


def draw_cards(card_files: Sequence[Path], output: Path) -> Iterator[Path]:
    """Draw NAME-confusion.png and NAME-curves.png of every card NAME.json, and yield each path."""
    for card_file in card_files:
        card = json.loads(card_file.read_text(encoding="utf-8"))
        confusion = output / f"{card_file.stem}-confusion.png"
        names = card["network"]["class_names"]
        draw_confusion(card["evaluation"]["test"]["confusion"], names, confusion)
        yield confusion
        curves = output / f"{card_file.stem}-curves.png"
        draw_curves([EpochRecord(**record) for record in card["history"]], curves)
        yield curves
