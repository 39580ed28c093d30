"""Figures that the source report prints, as data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A row of the report's table of layers: module, output shape without the batch, parameters."""

    name: str
    shape: tuple[int, ...]
    parameters: int


LAYERS = (
    Layer("Conv2d", (64, 64, 64), 1_792),
    Layer("ReLU", (64, 64, 64), 0),
    Layer("Conv2d", (64, 64, 64), 36_928),
    Layer("ReLU", (64, 64, 64), 0),
    Layer("MaxPool2d", (64, 32, 32), 0),
    Layer("Conv2d", (128, 32, 32), 73_856),
    Layer("ReLU", (128, 32, 32), 0),
    Layer("Conv2d", (128, 32, 32), 147_584),
    Layer("ReLU", (128, 32, 32), 0),
    Layer("MaxPool2d", (128, 16, 16), 0),
    Layer("Conv2d", (256, 16, 16), 295_168),
    Layer("ReLU", (256, 16, 16), 0),
    Layer("Conv2d", (256, 16, 16), 590_080),
    Layer("ReLU", (256, 16, 16), 0),
    Layer("MaxPool2d", (256, 8, 8), 0),
    Layer("Linear", (1024,), 4_195_328),
    Layer("ReLU", (1024,), 0),
    Layer("Dropout", (1024,), 0),
    Layer("Linear", (1024,), 1_049_600),
    Layer("ReLU", (1024,), 0),
    Layer("Dropout", (1024,), 0),
    Layer("Linear", (10,), 10_250),
)
SIZES_MB = {"input": 0.05, "forward and backward": 14.92, "parameters": 24.42, "total": 39.39}


@dataclass(frozen=True)
class Figures:
    """Figures of a recipe. Accuracies are shares; precision, recall and F1 have no stated split."""

    train_accuracy: float
    train_loss: float
    validation_accuracy: float
    validation_loss: float
    test_accuracy: float
    test_loss: float
    precision: float
    recall: float
    f1: float


UNITS = {
    "base": {"train_accuracy": 0.0001, "validation_accuracy": 0.0001},
    "l2": {"train_accuracy": 0.001, "validation_accuracy": 0.0001},
}
"""Unit of the last printed digit, where it is not 0.01: 89.29 % is printed to 0.0001."""


def unit_of(recipe: str, name: str) -> float:
    """Return the unit of the last digit of a printed figure."""
    return UNITS[recipe].get(name, 0.01)


RECIPES = {
    "base": Figures(0.8929, 0.32, 0.7552, 0.81, 0.75, 0.80, 0.76, 0.76, 0.76),
    "l2": Figures(0.76, 0.70, 0.7348, 0.77, 0.72, 0.79, 0.75, 0.75, 0.75),
}
