"""Pictures of docs/maps.md: python -m benchmarks.maps FOLDER.

FOLDER contains CIFAR-10 as test/CLASS/FILE and train/CLASS/FILE. The pictures are written to
docs/images: the gallery of all methods, the gallery as seen without red or green cones, and the
layers of a frog and a truck.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.engine import explain
from explanations.rendering import canvas, colours
from explanations.rendering.drawing import scaled

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
COLOUR_BLIND = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    classifier = Classifier.load(ROOT / "weights" / "cifar10.safetensors")
    IMAGES.mkdir(exist_ok=True)
    _gallery(classifier, folder)
    for name in ("frog", "truck"):
        _layers(classifier, folder, name)


@dataclass(frozen=True)
class Row:
    """An image of the gallery, its role, and the class that is explained."""

    words: str
    pixels: np.ndarray
    target: int


def _gallery(classifier: Classifier, folder: Path) -> None:
    background = _pixels(sorted((folder / "train").glob("*/*"))[::500])
    rows = _rows(classifier, folder)
    images = np.stack([row.pixels for row in rows])
    methods = [method.key for method in catalogue.METHODS]
    explanations = explain(classifier, images, [row.target for row in rows], methods, background)
    figure = _sheet(len(rows), len(methods) + 1, 1.35)
    for place, row in enumerate(rows):
        name = classifier.class_names[row.target]
        _cell(figure, place, 0, canvas.colours_of(row.pixels), f"{row.words}: {name}")
        for column, key in enumerate(methods, start=1):
            method = catalogue.get(key)
            attribution = explanations[key][place]
            title = method.label.replace(": ", ":\n") if place == 0 else ""
            note = "empty" if attribution.is_empty else ""
            picture = method.drawing.draw(row.pixels, attribution)
            _cell(figure, place, column, picture, note, title)
    path = _save(figure, "maps-gallery.png")
    with Image.open(path) as picture:
        seen = np.asarray(picture.convert("RGB"))
    for name, matrix in COLOUR_BLIND.items():
        Image.fromarray(simulated(seen, matrix)).save(IMAGES / f"maps-gallery-{name}.png")


def _rows(classifier: Classifier, folder: Path) -> list[Row]:
    """Choose two right and two wrong predictions, a class without positive evidence, and a flat
    image."""
    files = sorted((folder / "test").glob("*/*"))[::25]
    images = _pixels(files)
    true = np.array([classifier.class_names.index(file.parent.name) for file in files])
    said = np.concatenate(
        [classifier.probabilities(images[i : i + 100]).argmax(1) for i in range(0, 400, 100)]
    )
    rights, wrongs = np.flatnonzero(said == true), np.flatnonzero(said != true)
    chosen = [rights[0], rights[len(rights) // 2], wrongs[0], wrongs[len(wrongs) // 2]]
    rows = [Row("right" if i in rights else "wrong", images[i], int(said[i])) for i in chosen]
    for index in chosen:
        print(f"{files[index].relative_to(folder)}, says {classifier.class_names[said[index]]}")
    # All classes are searched, because Grad-CAM is rarely empty for the predicted class.
    cams = explain(classifier, images, "all", ["gradcam"])["gradcam"].relevance
    empty = np.argwhere(cams.max((2, 3)) == 0)
    predicted = sum(said[image] == target for image, target in empty)
    print(f"Grad-CAM is empty for {len(empty)} of {cams[:, :, 0, 0].size} images and classes,")
    print(f"for {predicted} of {len(images)} predicted classes")
    if len(empty):
        rows.append(Row("not predicted", images[empty[0][0]], int(empty[0][1])))
    flat = np.full_like(images[0], 128)
    rows.append(Row("flat", flat, int(classifier.probabilities(flat[None]).argmax())))
    return rows


def _layers(classifier: Classifier, folder: Path, name: str) -> None:
    """Draw Grad-CAM and saliency of every feature module for the surest of 100 right
    predictions."""
    files = sorted((folder / "test" / name).glob("*"))[:100]
    images = _pixels(files)
    number = classifier.class_names.index(name)
    best = int(classifier.probabilities(images)[:, number].argmax())
    image = images[best]
    layers = explain(classifier, image[None], [number], ["saliency"], layers=True).layers
    assert layers is not None
    figure = _sheet(4, 8, 1.35)
    _cell(figure, 0, 0, canvas.colours_of(image), "image / Grad-CAM")
    _cell(figure, 2, 0, canvas.colours_of(image), "image / saliency")
    pairs = zip(_named(classifier), layers.gradcam, layers.saliency, strict=True)
    for place, (module, cam, saliency) in enumerate(pairs, start=1):
        row, column = divmod(place, 8)
        positive = np.maximum(cam[0], 0)
        words = f"{place - 1} {module}, {cam.shape[-1]}x{cam.shape[-1]}"
        _cell(
            figure,
            row,
            column,
            _heat(image, positive),
            words if positive.any() else f"{words}: empty",
        )
        glow = colours.glow(canvas.pixelated(scaled(saliency[0], 99)))
        _cell(figure, row + 2, column, glow, words)
    shares = ", ".join(f"{float((np.maximum(cam[0], 0) > 0).mean()):.0%}" for cam in layers.gradcam)
    print(f"{name}: {files[best].name}; share of cells above zero by layer: {shares}")
    _save(figure, f"layers-{name}.png")


def _named(classifier: Classifier) -> list[str]:
    """Name each feature module, numbered among its kind: conv1, relu1, …, pool3."""
    short = {"Conv2d": "conv", "ReLU": "relu", "MaxPool2d": "pool"}
    kinds = [short[type(module).__name__] for module in classifier.network.conv_layers]
    return [f"{kind}{kinds[: place + 1].count(kind)}" for place, kind in enumerate(kinds)]


def _heat(image: np.ndarray, relevance: np.ndarray) -> colours.Colours:
    """Draw the layer's own map, enlarged from its own resolution, over the image."""
    drawn = catalogue.get("gradcam").drawing
    return drawn.draw(image, Attribution(np.ascontiguousarray(relevance, dtype=np.float32)))


def _pixels(files: Sequence[Path]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(file).convert("RGB")) for file in files])


def _sheet(rows: int, columns: int, inches: float) -> Figure:
    figure, _ = plt.subplots(rows, columns, figsize=(columns * inches, rows * inches * 1.12 + 0.2))
    for axes in figure.axes:
        axes.axis("off")
    return figure


def _cell(
    figure: Figure, row: int, column: int, picture: colours.Colours, below: str, above: str = ""
) -> None:
    columns = figure.axes[0].get_subplotspec().get_gridspec().ncols
    axes = figure.axes[row * columns + column]
    axes.imshow(np.clip(picture, 0, 1), interpolation="nearest")
    axes.text(0.5, -0.04, below, transform=axes.transAxes, ha="center", va="top", fontsize=7)
    axes.set_title(above, fontsize=8)


def _save(figure: Figure, name: str) -> Path:
    figure.tight_layout(pad=0.4)
    path = IMAGES / name
    figure.savefig(path, dpi=110, facecolor="white")
    plt.close(figure)
    return path


def simulated(pixels: np.ndarray, matrix: Sequence[Sequence[float]]) -> np.ndarray:
    """Convert a uint8 sRGB image with shape (height, width, 3) to a dichromat's view, by way of
    linear light."""
    srgb = pixels / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(matrix).T, 0, 1)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    return np.rint(encoded * 255).astype(np.uint8)


if __name__ == "__main__":
    main()
