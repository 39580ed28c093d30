"""Figures of the report's two recipes over several seeds: how far off, and base against L2.

The training of another seed is another draw, so the interval is Student's t over seeds. The figures
of an image or of a class within one network are not: they share the network's weights.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from explanations.evaluation.statistics import LEVEL, Mean
from explanations.source_report.stated import RECIPES, unit_of
from explanations.source_report.verdicts import FAILS, HOLDS, OPEN

FIGURES = {
    "test_accuracy": "Test accuracy",
    "test_loss": "Test loss",
    "precision": "Precision, macro, test",
    "recall": "Recall, macro, test",
    "f1": "F1, macro, test",
    "validation_accuracy": "Validation accuracy",
    "validation_loss": "Validation loss",
    "running_accuracy": "Train accuracy, running mean of the last epoch",
    "running_loss": "Train loss, running mean of the last epoch",
    "train_accuracy": "Train accuracy, finished weights",
    "train_loss": "Train loss, finished weights",
}
"""Figures of a card. The train figures of the report are probably running means, with dropout."""
RUNNING = "running"
FEWEST_SEEDS = 3
NEAR = {"loss": 0.05, "other": 0.01}
"""Largest distance from the report's figure that counts as reproduced.

A percentage point is also meant to cover the JPEG copies of CIFAR-10, whose effect was not
measured. The rounding of the printed figure comes on top (``near``).
"""

Card = Mapping[str, Any]


class CardError(ValueError):
    """Cards that do not belong together. The message names the files' figures and the cure."""


@dataclass(frozen=True)
class FigureOverSeeds:
    """A figure of a recipe as printed in the report, and as it is here over seeds."""

    name: str
    label: str
    printed: float
    by_seed: Mapping[int, float]
    mean: Mean
    off: Mean
    """Mean minus the report's figure."""
    next_seed: Mean
    """The same mean with the interval for a single new seed, such as the report's run."""
    verdict: str


@dataclass(frozen=True)
class BaseAgainstL2:
    """Difference of a figure, base minus L2, over the seeds that both recipes have."""

    name: str
    label: str
    printed: float
    difference: Mean | None
    """None if the recipes have no seed in common."""


def over_seeds(recipe: str, cards: Sequence[Card]) -> list[FigureOverSeeds]:
    """Compare the figures of a recipe's cards with the report's. Empty without cards."""
    figures = []
    for name, label in figures_in(cards).items():
        by_seed = {card["seed"]: figure_of(card, name) for card in cards}
        stated = printed_in_report(recipe, name)
        mean = t_mean(list(by_seed.values()))
        distances = [value - stated for value in by_seed.values()]
        next_seed = t_mean(distances, new=True)
        verdict = near(next_seed, name, unit_of(recipe, name.replace(RUNNING, "train")))
        figures.append(
            FigureOverSeeds(
                name, label, stated, by_seed, mean, t_mean(distances), next_seed, verdict
            )
        )
    return figures


def base_against_l2(base: Sequence[Card], l2: Sequence[Card]) -> list[BaseAgainstL2]:
    """Compute base minus L2 for every figure, paired by seed. Empty if a recipe has no card."""
    if not base or not l2:
        return []
    by_seed = [{card["seed"]: card for card in cards} for cards in (base, l2)]
    common = sorted(by_seed[0].keys() & by_seed[1].keys())
    rows = []
    for name, label in figures_in([*base, *l2]).items():
        differences = [
            figure_of(by_seed[0][seed], name) - figure_of(by_seed[1][seed], name) for seed in common
        ]
        printed = printed_in_report("base", name) - printed_in_report("l2", name)
        rows.append(BaseAgainstL2(name, label, printed, t_mean(differences) if common else None))
    return rows


def figures_in(cards: Sequence[Card]) -> dict[str, str]:
    """Return the label of each figure that all cards have; running means need a history."""
    with_history = all(card.get("history") for card in cards)
    return {
        name: label
        for name, label in (FIGURES.items() if cards else ())
        if with_history or not name.startswith(RUNNING)
    }


def printed_in_report(recipe: str, name: str) -> float:
    """Return the report's figure, which does not say how a train figure was computed."""
    return float(getattr(RECIPES[recipe], name.replace(RUNNING, "train")))


def figure_of(card: Card, name: str) -> float:
    """Return a figure of a card: of the split in its name, or else of the test images."""
    split, _, figure = name.partition("_")
    if split == RUNNING:
        return float(card["history"][-1][f"train_{figure}"])
    if not figure:
        split, figure = "test", name
    return float(card["evaluation"][split][figure])


def t_mean(values: Sequence[float], *, new: bool = False) -> Mean:
    """Compute the mean with Student's interval, which is None for a single value.

    With ``new``, it is the prediction interval for a single new value: the report's figures are of
    one training, which differs from the mean by more than the mean's own error.

    The bootstrap of ``mean_of`` is too narrow for three values.
    """
    numbers = np.asarray(values, dtype=np.float64)
    mean, count = float(numbers.mean()), len(numbers)
    if count == 1:
        return Mean(mean, None, None, 1)
    error = numbers.std(ddof=1) * math.sqrt(1 / count + new)
    reach = stats.t.ppf((1 + LEVEL) / 2, count - 1) * error
    return Mean(mean, mean - float(reach), mean + float(reach), count)


def near(off: Mean, name: str, unit: float) -> str:
    """Judge whether a figure is reproduced: its distance from the report's is small.

    The printed figure may have been rounded or truncated to its last digit, of size ``unit``, so
    that the real figure is from half a unit below it to a unit above it. It holds if the whole
    interval is within the tolerance of these figures, and does not hold if the whole interval is
    outside on one side.
    """
    if off.low is None or off.high is None or off.n < FEWEST_SEEDS:
        return OPEN
    tolerance = NEAR["loss" if name.endswith("loss") else "other"]
    lowest, highest = -tolerance - unit / 2, tolerance + unit
    if lowest <= off.low and off.high <= highest:
        return HOLDS
    return FAILS if off.high < lowest or off.low > highest else OPEN


def check(recipe: str, cards: Mapping[str, Card]) -> None:
    """Check that cards, by file, are of one recipe, of distinct seeds and of the same images.

    Raises CardError with the first contradiction.
    """
    seeds: dict[int, str] = {}
    images: dict[tuple[str, str], str] = {}
    for file, card in cards.items():
        if card["recipe"]["key"] != recipe:
            raise CardError(
                f"{file} is the card of the recipe {card['recipe']['key']}, but its name says "
                f"{recipe}. Rename it, or train the recipe {recipe}."
            )
        other = seeds.setdefault(card["seed"], file)
        if other != file:
            raise CardError(
                f"{other} and {file} are both of seed {card['seed']}. Remove one of them, or train "
                "another seed."
            )
        images[card["data"]["train_sha256"], card["data"]["test_sha256"]] = file
    if len(images) > 1:
        raise CardError(
            f"{' and '.join(images.values())} were trained or tested on different images, so that "
            "their figures cannot be averaged. Train all seeds from the same copy of CIFAR-10."
        )
