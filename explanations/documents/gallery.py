"""The pictures of docs/maps.md: all methods on six images, the same as seen without red or green
cones, the layers of a frog and a truck, and a wall of one image's maps by a residual network."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

matplotlib.use("Agg")
from matplotlib import pyplot as plt

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import Chain
from explanations.documents import inputs
from explanations.engine import explain
from explanations.imagesets.base import ImageSet
from explanations.rendering import canvas, colours
from explanations.rendering.drawing import scaled

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
LAYERED = ("frog", "truck")
EVERY_TEST_IMAGE, EVERY_TRAINING_IMAGE = 25, 500
"""Steps through the sorted images, from which the gallery's are chosen."""
CANDIDATES = 100
DPI = 110
WALL_COLUMNS, WALL_REFERENCES = 4, 20
COLOURS_OF_A_WALL = 256
"""Colours of the file, which is a quarter as large as in full colour."""

Pixels = NDArray[np.uint8]


def methods_shown() -> list[catalogue.Method]:
    """List the methods of the gallery: those of the report, and the placebos."""
    return [method for method in catalogue.METHODS if method.by_default or method.is_placebo]


def methods_by_layer() -> list[catalogue.Method]:
    """List the methods that are drawn for every module."""
    return [catalogue.get("gradcam"), catalogue.get("saliency")]


def methods_on_the_wall() -> list[catalogue.Method]:
    """List the methods that explain a residual network: LRP needs a chain of modules."""
    return [method for method in catalogue.METHODS if method.key != "lrp"]


def draw_wall(classifier: Classifier, source: ImageSet, output: Path) -> Iterator[Path]:
    """Draw the maps of one image by every method, and yield the path."""
    training = source.entries("train")[:WALL_REFERENCES]
    background = np.stack([source.load("train", entry).pixels for entry in training])
    loaded = [source.load("test", entry) for entry in source.entries("test")[:WALL_REFERENCES]]
    images = np.stack([image.pixels for image in loaded])
    true = np.array([classifier.class_names.index(image.class_name) for image in loaded])
    probabilities = classifier.probabilities(images)
    # The image of which the classifier is least sure although it is right has the liveliest maps.
    of_truth = np.where(probabilities.argmax(1) == true, probabilities[range(len(true)), true], 1.0)
    chosen = int(of_truth.argmin())
    image, target = images[chosen], int(true[chosen])
    methods = methods_on_the_wall()
    keys = [method.key for method in methods]
    explanations = explain(classifier, image[None], [target], keys, background)
    rows = -(-(len(methods) + 1) // WALL_COLUMNS)
    figure = _sheet(rows, WALL_COLUMNS, 1.6)
    _cell(figure, 0, 0, canvas.colours_of(image), "", classifier.class_names[target])
    for place, method in enumerate(methods, start=1):
        picture = method.drawing.draw(image, explanations[method.key][0])
        title = method.label.replace(": ", ":\n")
        _cell(figure, *divmod(place, WALL_COLUMNS), picture, "", title)
    path = output / "maps-wall.png"
    stamp = inputs.inputs_of(classifier.sha256, methods)
    _save(figure, path, stamp)
    with Image.open(path) as drawn:
        # The usual choice of colours shows the brightest cells of a heat map in orange.
        coverage = Image.Quantize.MAXCOVERAGE
        few = drawn.convert("RGB").quantize(COLOURS_OF_A_WALL, method=coverage, kmeans=3)
    inputs.save_picture(few, path, stamp)
    yield path


def draw_gallery(classifier: Classifier, source: ImageSet, output: Path) -> Iterator[Path]:
    """Draw the gallery and its two simulations, and yield each path."""
    training = source.entries("train")[::EVERY_TRAINING_IMAGE]
    background = np.stack([source.load("train", entry).pixels for entry in training])
    rows = _rows(classifier, source)
    images = np.stack([row.pixels for row in rows])
    methods = methods_shown()
    keys = [method.key for method in methods]
    explanations = explain(classifier, images, [row.target for row in rows], keys, background)
    figure = _sheet(len(rows), len(methods) + 1, 1.35)
    for place, row in enumerate(rows):
        name = classifier.class_names[row.target]
        _cell(figure, place, 0, canvas.colours_of(row.pixels), f"{row.words}: {name}")
        for column, method in enumerate(methods, start=1):
            attribution = explanations[method.key][place]
            title = method.label.replace(": ", ":\n") if place == 0 else ""
            note = "empty" if attribution.is_empty else ""
            picture = method.drawing.draw(row.pixels, attribution)
            _cell(figure, place, column, picture, note, title)
    stamp = inputs.inputs_of(classifier.sha256, methods)
    path = output / "maps-gallery.png"
    _save(figure, path, stamp)
    yield path
    with Image.open(path) as opened:
        seen = np.asarray(opened.convert("RGB"))
    for name, matrix in COLOUR_BLIND.items():
        simulation = output / f"maps-gallery-{name}.png"
        inputs.save(simulated(seen, matrix), simulation, stamp)
        yield simulation


def draw_layers(classifier: Classifier, source: ImageSet, output: Path) -> Iterator[Path]:
    """Draw Grad-CAM and saliency of every module for a frog and a truck, and yield each path."""
    stamp = inputs.inputs_of(classifier.sha256, methods_by_layer())
    for name in LAYERED:
        path = output / f"layers-{name}.png"
        _save(_layers(classifier, source, name), path, stamp)
        yield path


@dataclass(frozen=True)
class Row:
    """An image of the gallery, its role, and the class that is explained."""

    words: str
    pixels: Pixels
    target: int


def _rows(classifier: Classifier, source: ImageSet) -> list[Row]:
    """Choose two right and two wrong predictions, a class without positive evidence, and a flat
    image."""
    entries = source.entries("test")[::EVERY_TEST_IMAGE]
    loaded = [source.load("test", entry) for entry in entries]
    images = np.stack([image.pixels for image in loaded])
    true = np.array([classifier.class_names.index(image.class_name) for image in loaded])
    said = classifier.probabilities(images).argmax(1)
    rights, wrongs = np.flatnonzero(said == true), np.flatnonzero(said != true)
    chosen = [rights[0], rights[len(rights) // 2], wrongs[0], wrongs[len(wrongs) // 2]]
    rows = [Row("right" if i in rights else "wrong", images[i], int(said[i])) for i in chosen]
    # All classes are searched, because Grad-CAM is rarely empty for the predicted class.
    cams = explain(classifier, images, "all", ["gradcam"])["gradcam"].relevance
    empty = np.argwhere(cams.max((2, 3)) == 0)
    if len(empty):
        rows.append(Row("not predicted", images[empty[0][0]], int(empty[0][1])))
    flat = np.full_like(images[0], 128)
    rows.append(Row("flat", flat, int(classifier.probabilities(flat[None]).argmax())))
    return rows


def _layers(classifier: Classifier, source: ImageSet, name: str) -> Figure:
    """Draw Grad-CAM and saliency of every feature module for the surest of 100 right
    predictions."""
    number = classifier.class_names.index(name)
    of_class = source.class_names.index(name)
    entries = [entry for entry in source.entries("test") if entry.class_index == of_class]
    images = np.stack([source.load("test", entry).pixels for entry in entries[:CANDIDATES]])
    best = int(classifier.probabilities(images)[:, number].argmax())
    image = images[best]
    layers = explain(classifier, image[None], [number], ["saliency"], layers=True).layers
    assert layers is not None  # noqa: S101 - requested above
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
        glow = colours.glow(canvas.pixelated(scaled(saliency[0], 99), canvas.shape_of(image)))
        _cell(figure, row + 2, column, glow, words)
    return figure


def _named(classifier: Classifier) -> list[str]:
    """Name each feature module, numbered among its kind: conv1, relu1, …, pool3."""
    short = {"Conv2d": "conv", "ReLU": "relu", "MaxPool2d": "pool"}
    chain = Chain.of(classifier)
    kinds = [short[type(module).__name__] for module in chain.modules[: chain.features]]
    return [f"{kind}{kinds[: place + 1].count(kind)}" for place, kind in enumerate(kinds)]


def _heat(image: Pixels, relevance: colours.Colours) -> colours.Colours:
    """Draw the layer's own map, enlarged from its own resolution, over the image."""
    drawn = catalogue.get("gradcam").drawing
    return drawn.draw(image, Attribution(np.ascontiguousarray(relevance, dtype=np.float32)))


def _sheet(rows: int, columns: int, inches: float) -> Figure:
    figure, _ = plt.subplots(rows, columns, figsize=(columns * inches, rows * inches * 1.12 + 0.2))
    for axes in figure.axes:
        axes.axis("off")
    return figure


def _cell(
    figure: Figure, row: int, column: int, picture: colours.Colours, below: str, above: str = ""
) -> None:
    place = figure.axes[0].get_subplotspec()
    assert place is not None  # noqa: S101 - every cell of a sheet has one
    axes = figure.axes[row * place.get_gridspec().ncols + column]
    axes.imshow(np.clip(picture, 0, 1), interpolation="nearest")
    axes.text(0.5, -0.04, below, transform=axes.transAxes, ha="center", va="top", fontsize=7)
    axes.set_title(above, fontsize=8)


def _save(figure: Figure, path: Path, stamp: str) -> None:
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=DPI, facecolor="white", metadata={inputs.KEY: stamp})
    plt.close(figure)


def simulated(pixels: Pixels, matrix: Sequence[Sequence[float]]) -> Pixels:
    """Convert a uint8 sRGB image with shape (height, width, 3) to a dichromat's view, by way of
    linear light."""
    srgb = pixels / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(matrix).T, 0, 1)
    encoded = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    levels: Pixels = np.rint(encoded * 255).astype(np.uint8)
    return levels
