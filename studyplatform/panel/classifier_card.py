"""A classifier's card as the panel shows it: recipe, results, confusion matrix, reliability diagram
and curves."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations.classifier.architectures import ARCHITECTURES
from explanations.classifier.recipes import RECIPES
from explanations.models import ClassifierWeights

SPLITS: Mapping[str, Promise] = {
    "train": _("Training images, after the training"),
    "validation": _("Validation images"),
    "test": _("Test images"),
}
IN_CURVES: Mapping[str, Promise] = {
    "train": _("While training"),
    "validation": _("Validation"),
}
"""The lines of the curves. Accuracy while training is that of images that were changed at random,
and of weights that changed meanwhile, unlike the accuracy of the finished weights in the table."""
BY_GROUP: Mapping[str, Promise] = {
    "by_class": _("Test images by class"),
    "by_group": _("Test images by group"),
}
RECIPE_SETTINGS: Mapping[str, Promise] = {
    "epochs": _("Epochs"),
    "learning_rate": _("Learning rate"),
    "weight_decay": _("Weight decay"),
    "decoupled_decay": _("Weight decay apart from the gradient (AdamW)"),
    "batch_size": _("Images per step"),
    "one_cycle": _("One-cycle schedule"),
    "augment": _("Shifts and mirror images"),
    "batch_norm": _("Batch normalisation, folded into the weights afterwards"),
    "dropout": _("Dropout"),
    "started_rate": _("Share of the learning rate for layers already trained"),
    "validation_share": _("Share of images for validation"),
}
"""The settings of a recipe by the keys of the card."""
SHADES = 4
WIDTH, HEIGHT = 320, 160
"""Size of a curve's drawing area."""


@dataclass(frozen=True)
class Result:
    """How well the classifier does on the images of a split."""

    label: str | Promise
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """A number of images in the confusion matrix, shaded from 0 to 4 by its share of the row."""

    count: int
    shade: int
    is_right: bool


@dataclass(frozen=True)
class Line:
    """A line of a curve, as the points of an SVG polyline, with its last value."""

    key: str
    label: str | Promise
    points: str
    last: float


@dataclass(frozen=True)
class Curve:
    """A measure by epoch, from 0 to ``top``."""

    label: str | Promise
    top: float
    lines: Sequence[Line]


@dataclass(frozen=True)
class Bar:
    """A bin of the reliability diagram, as a rectangle of its drawing."""

    x: float
    y: float
    width: float
    height: float
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Reliability:
    """The reliability diagram of the test images."""

    error: float
    """Expected calibration error."""
    bars: Sequence[Bar]
    points: Sequence[tuple[float, float]]
    """Mean confidence and accuracy of each bin, as places in the drawing."""


@dataclass(frozen=True)
class ClassifierCard:
    """What the model card tells. Parts that an incomplete card lacks are empty."""

    recipe: str
    settings: Sequence[tuple[str | Promise, Any]]
    facts: Sequence[tuple[str | Promise, Any]]
    technical: Sequence[tuple[str | Promise, Any]]
    """Facts that nobody needs to judge the classifier."""
    results: Sequence[Result]
    classes: Sequence[str]
    groups: Sequence[tuple[str | Promise, Sequence[Mapping[str, Any]]]]
    """A caption and a row per class or per group of images."""
    matrix: Sequence[tuple[str, Sequence[Cell]]]
    reliability: Reliability | None
    curves: Sequence[Curve]
    epochs: int
    warnings: Sequence[str] = ()
    """Copies of images, and groups such as patients, in two splits: the figures are too good."""


def card_of(weights: ClassifierWeights) -> ClassifierCard | None:
    """Return the card, or None if none was stored with the weights."""
    card: Mapping[str, Any] = weights.card
    if not card:
        return None
    recipe, network = card.get("recipe", {}), card.get("network", {})
    evaluation, history = card.get("evaluation", {}), card.get("history", [])
    # The training of a registered classifier is not known: its images are those of the figures.
    data_label = _("Training data") if recipe else _("Images of the figures")
    return ClassifierCard(
        recipe=_recipe_in_words(recipe),
        settings=[
            (RECIPE_SETTINGS.get(name, name.replace("_", " ")), _shown(value))
            for name, value in recipe.items()
            # A network that has its own dropout has no value here.
            if name not in ("key", "label") and value is not None
        ],
        facts=[
            (_("Network"), _network_in_words(network.get("name", ""))),
            (_("Parameters"), _grouped(network.get("parameters", ""))),
            (_("Input"), _input_in_words(str(network.get("input", "")))),
            (data_label, card.get("data", {}).get("name", "")),
            (_("Images divided by"), card.get("data", {}).get("split_rule", "")),
            (_("Grey values from black to white"), card.get("data", {}).get("grey_window", "")),
        ],
        technical=[
            (_("Package"), network.get("package", "")),
            (_("Seed"), card.get("seed", "")),
            (_("Weights, SHA-256"), f"{weights.sha256[:12]}…"),
        ],
        results=[
            Result(SPLITS.get(split, split), figures) for split, figures in evaluation.items()
        ],
        classes=weights.class_names,
        groups=[
            (label, evaluation["test"][key])
            for key, label in BY_GROUP.items()
            if evaluation.get("test", {}).get(key)
        ],
        matrix=_matrix(weights.class_names, evaluation.get("test", {}).get("confusion", [])),
        reliability=_reliability(evaluation.get("test", {})),
        curves=_curves(history),
        epochs=len(history),
        warnings=card.get("data", {}).get("warnings", ()),
    )


def _recipe_in_words(recipe: Mapping[str, Any]) -> str:
    """Return what the recipe is, for a known one in the catalogue's words: the words of a card are
    those of the version that trained the classifier."""
    known = RECIPES.get(str(recipe.get("key")))
    return gettext(known.label) if known else str(recipe.get("label", ""))


def _grouped(value: object) -> str:
    """Return a number with the language's separators of thousands, and other text as it is."""
    return number_format(value, force_grouping=True) if isinstance(value, int) else str(value)


def _network_in_words(name: str) -> str:
    """Return the name of the network, in the reader's language if the platform knows it."""
    return gettext(name) if name in {known.label for known in ARCHITECTURES} else name


def _matrix(
    classes: Sequence[str], counts: Sequence[Sequence[int]]
) -> Sequence[tuple[str, Sequence[Cell]]]:
    """Return a row per true class, with a cell per predicted class."""
    if len(counts) != len(classes):
        return []
    return [
        (
            name,
            [
                Cell(count, round(SHADES * count / max(sum(row), 1)), number == column)
                for column, count in enumerate(row)
            ],
        )
        for number, (name, row) in enumerate(zip(classes, counts, strict=True))
    ]


def _reliability(figures: Mapping[str, Any]) -> Reliability | None:
    """Return the diagram, or None for a card of an earlier version."""
    bins = figures.get("reliability") or []
    if not bins or "calibration_error" not in figures:
        return None
    return Reliability(
        error=figures["calibration_error"],
        bars=[
            Bar(
                x=round(WIDTH * part["low"], 1),
                y=round(HEIGHT * (1 - part["accuracy"]), 1),
                width=round(WIDTH * (part["high"] - part["low"]), 1),
                height=round(HEIGHT * part["accuracy"], 1),
                figures=part,
            )
            for part in bins
        ],
        points=[
            (round(WIDTH * part["confidence"], 1), round(HEIGHT * (1 - part["accuracy"]), 1))
            for part in bins
        ],
    )


def _curves(history: Sequence[Mapping[str, float]]) -> Sequence[Curve]:
    if len(history) < 2:
        return []
    curves = []
    for measure, label in (("loss", _("Loss")), ("accuracy", _("Accuracy"))):
        series = {
            key: [epoch[f"{key}_{measure}"] for epoch in history]
            for key in ("train", "validation")
            if all(f"{key}_{measure}" in epoch for epoch in history)
        }
        if series:
            highest = max(max(values) for values in series.values())
            top = 1.0 if measure == "accuracy" else highest or 1.0
            lines = [
                Line(key, IN_CURVES[key], _points(values, top), values[-1])
                for key, values in series.items()
            ]
            curves.append(Curve(label, top, lines))
    return curves


def _points(values: Sequence[float], top: float) -> str:
    step = WIDTH / (len(values) - 1)
    return " ".join(
        f"{number * step:.1f},{HEIGHT * (1 - value / top):.1f}"
        for number, value in enumerate(values)
    )


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value


INPUT_RULES = (
    (r"squeezed to (\d+) x \1 pixels, whatever the aspect",
     _("squeezed to %(size)s x %(size)s pixels, whatever the aspect")),
    (r"whole image, filled up with its mean colour to a square of (\d+) x \1 pixels",
     _("whole image, filled up with its mean colour to a square of %(size)s x %(size)s pixels")),
    (r"shorter side to (?P<side>\d+) pixels, then the centred square of (\d+) pixels",
     _("shorter side to %(side)s pixels, then the centred square of %(size)s pixels")),
    (r"largest centred square, resized to (\d+) x \1 pixels",
     _("largest centred square, resized to %(size)s x %(size)s pixels")),
)  # fmt: skip
"""The rules of the input as cards state them, and in the reader's language."""


def _input_in_words(stated: str) -> str:
    """Return the rule of the input in the reader's language, as it is stated if it is unknown."""
    for pattern, words in INPUT_RULES:
        if found := re.fullmatch(pattern, stated):
            sizes = found.groupdict() | {"size": found[found.re.groups]}
            return str(words) % sizes
    return stated
