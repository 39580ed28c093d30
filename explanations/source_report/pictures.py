"""Pictures of the page as data URIs: maps drawn in the report's way and in this platform's."""

import base64
import io
from collections.abc import Sequence

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.attribution import Attribution, Floats
from explanations.rendering import canvas
from explanations.rendering.colours import Colours
from explanations.rendering.drawing import Drawing, scaled

SIZE = 224
"""Side of a picture: seven screen pixels for each of 32, which keeps the page small."""
QUALITY = 82
RED, BLUE = (255, 0, 81), (0, 139, 251)
"""Colours of shap's image plot, in which the report shows its values."""
PERCENTILE = 99.5


def plain(image: NDArray[np.uint8]) -> str:
    """Return the image itself."""
    return data_uri(canvas.colours_of(image))


def drawn(drawing: Drawing, image: NDArray[np.uint8], attribution: Attribution) -> str:
    """Return the map in one of the platform's drawings."""
    return data_uri(drawing.draw(image, attribution))


def hot(relevance: Floats) -> str:
    """Return the absolute values in matplotlib's map "hot", without the image, as in the report."""
    sizes = np.abs(relevance)
    largest = float(sizes.max())
    colours = matplotlib.colormaps["hot"](sizes / largest if largest else sizes)[..., :3]
    return data_uri(canvas.repeated(colours.astype(np.float32), canvas.shape_of(colours)))


def on_one_scale(image: NDArray[np.uint8], maps: Sequence[Floats]) -> list[str]:
    """Return signed maps in red and blue over the grey image, all on the same scale.

    The scale is the 99.5th percentile of the absolute values of all maps together, so that a pale
    picture means small values.
    """
    ground = canvas.greyscale(image)
    together = scaled(np.stack(maps), PERCENTILE)
    return [
        data_uri(_red_and_blue(ground, canvas.pixelated(values, ground.shape[:2])))
        for values in together
    ]


def data_uri(colours: Colours) -> str:
    """Encode a picture on the 0..1 scale as a JPEG in a data URI."""
    pixels = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    buffer = io.BytesIO()
    picture = Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    picture.save(buffer, format="JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def png_uri(content: bytes) -> str:
    """Return a PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def _red_and_blue(ground: Colours, values: Floats) -> Colours:
    strength = np.abs(values)[..., None]
    colour = np.where(values[..., None] > 0, np.array(RED), np.array(BLUE)) / 255
    pale = 0.6 + 0.4 * ground
    return np.asarray((1 - strength) * pale + strength * colour, dtype=np.float32)
