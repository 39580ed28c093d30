"""Learning curves and confusion matrix, as PNG files next to the weights."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from explanations.classifier.training import EpochRecord

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


def draw_confusion(confusion: list[list[int]], class_names: Sequence[str], path: Path) -> None:
    """Draw counts by true class (rows) and predicted class (columns), shaded by share
    of the row."""
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axis = plt.subplots(figsize=(6.6, 5.8), layout="constrained")
    image = axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
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
