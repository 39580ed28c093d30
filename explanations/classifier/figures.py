"""Learning curves, confusion matrix and reliability diagram, as PNG files next to the weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from explanations.classifier.training import EpochRecord

MOST_NUMBERS = 30
"""Largest number of classes for which a cell has room for its number."""
TRAIN, VALIDATION = "#0072b2", "#d55e00"


def draw_curves(history: Sequence[EpochRecord], path: Path) -> None:
    """Draw loss (nats) and accuracy by epoch, for training and validation."""
    epochs = [record.epoch for record in history]
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        for split, colour, marker in (("train", TRAIN, "o"), ("validation", VALIDATION, "s")):
            values = [getattr(record, f"{split}_{name}") for record in history]
            axis.plot(epochs, values, color=colour, marker=marker, markersize=4, label=split)
        axis.set(xlabel="Epoch", title=f"{name.capitalize()} by epoch")
        axis.set_ylabel("Cross entropy (nats)" if name == "loss" else "Share correct")
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False)
        axis.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_evaluation(figures: Mapping[str, Any], class_names: Sequence[str], weights: Path) -> None:
    """Draw the confusion matrix and the reliability diagram of test images next to the weights."""
    draw_confusion(
        figures["confusion"], class_names, weights.with_name(f"{weights.stem}-confusion.png")
    )
    draw_reliability(
        figures["reliability"],
        figures["calibration_error"],
        weights.with_name(f"{weights.stem}-reliability.png"),
    )


def draw_reliability(bins: Sequence[Mapping[str, Any]], error: float, path: Path) -> None:
    """Draw accuracy by confidence, in bins. Below the diagonal, the classifier is too confident."""
    figure, axis = plt.subplots(figsize=(4.4, 4.2), layout="constrained")
    axis.plot((0, 1), (0, 1), color="#777777", linestyle="--", linewidth=1, label="calibrated")
    axis.bar(
        [part["low"] for part in bins],
        [part["accuracy"] for part in bins],
        width=[part["high"] - part["low"] for part in bins],
        align="edge",
        color=TRAIN,
        edgecolor="white",
        alpha=0.75,
    )
    axis.plot(
        [part["confidence"] for part in bins],
        [part["accuracy"] for part in bins],
        color=VALIDATION,
        marker="o",
        markersize=4,
        linestyle="",
        label="mean of the bin",
    )
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="Confidence", ylabel="Share correct")
    axis.set_title(f"Reliability, test images (ECE {error:.3f})")
    axis.legend(frameon=False, loc="upper left")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_confusion(confusion: list[list[int]], class_names: Sequence[str], path: Path) -> None:
    """Draw counts by true class (rows) and predicted class (columns), shaded by share
    of the row."""
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(6.6, 5.8), layout="constrained")
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        if counts[row, column] and len(counts) <= MOST_NUMBERS:
            colour = "white" if shares[row, column] > 0.5 else "#222222"
            axis.text(
                column,
                row,
                str(counts[row, column]),
                ha="center",
                va="center",
                color=colour,
                fontsize=8,
            )
    axis.set_xticks(range(len(class_names)), class_names, rotation=45, ha="right")
    axis.set_yticks(range(len(class_names)), class_names)
    axis.set(xlabel="Predicted class", ylabel="True class", title="Confusion matrix, test images")
    figure.colorbar(image, label="Share of the true class", shrink=0.8)
    figure.savefig(path, dpi=120)
    plt.close(figure)
