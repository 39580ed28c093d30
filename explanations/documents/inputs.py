"""Hash of what a picture was drawn from, stored in the picture, so that a stale one is found.

The hash covers weights, methods and drawings, not images: a test without CIFAR-10 can compute it.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from explanations.attribution import Attribution
from explanations.catalogue import Method
from explanations.methods.protocol import parameters_of

KEY = "Inputs"
"""Name of the hash among a PNG's texts."""
SIDE = 32


def inputs_of(weights_sha256: str, methods: Sequence[Method]) -> str:
    """Return the hash of weights, and of parameters and drawing of each method.

    A drawing is represented by its picture of a made-up map, so that every change that can be seen
    counts, and no other.
    """
    described = [
        {
            "key": method.key,
            "label": method.label,
            "version": method.explainer().version,
            "parameters": parameters_of(method.explainer()),
            "drawing": drawn_hash(method),
        }
        for method in methods
    ]
    text = json.dumps({"weights": weights_sha256, "methods": described}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def drawn_hash(method: Method) -> str:
    """Return the hash of a method's drawing of a made-up map of patches, in favour and against."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    image = np.stack([rows * 8, columns * 8, (rows + columns) * 4], axis=2).astype(np.uint8)
    segments = (rows // 8 * 4 + columns // 8).astype(np.uint8)
    relevance = (np.sin(segments * 2.4) + 0.2).astype(np.float32)
    picture = method.drawing.draw(image, Attribution(relevance, segments=segments))
    # Rounded to 6 bits, in which two machines agree.
    levels = np.rint(np.clip(picture, 0, 1) * 63).astype(np.uint8)
    return hashlib.sha256(levels.tobytes()).hexdigest()


def read_inputs(path: Path) -> str | None:
    """Return the hash that a picture contains, or None."""
    with Image.open(path) as picture:
        return picture.info.get(KEY)


def save(pixels: NDArray[np.uint8], path: Path, inputs: str) -> None:
    """Write pixels as a PNG with the hash of its inputs."""
    save_picture(Image.fromarray(pixels), path, inputs)


def save_picture(picture: Image.Image, path: Path, inputs: str) -> None:
    """Write a PNG with the hash of its inputs, as small as it gets."""
    texts = PngInfo()
    texts.add_text(KEY, inputs)
    picture.save(path, pnginfo=texts, optimize=True)
