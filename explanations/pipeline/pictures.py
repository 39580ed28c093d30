"""Pictures for the pages, drawn from stored files without torch."""

import hashlib
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext
from numpy.typing import NDArray

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.models import Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store, picture_path
from explanations.rendering import canvas
from explanations.rendering.drawing import VERSION
from explanations.rendering.viewing import DEFAULT, VIEWS, View
from explanations.store.artefacts import ArtefactStore, Stored
from explanations.store.atomic_files import write_atomically


def image_png(image: StudyImage, *, dense: bool = False) -> bytes:
    """Draw the image: in squares if it is tiny, else smoothly, as large as a page shows it.

    ``dense`` draws it for a screen with two dots per pixel. Raises ArtefactError if its file is
    missing or damaged.
    """
    if image.is_tiny:
        return canvas.png(canvas.colours_of(_ground(image, dense=dense)))
    return _kept(
        _image_name(image, dense=dense),
        lambda: canvas.png(canvas.colours_of(_ground(image, dense=dense))),
    )


def map_png(explanation: Explanation, view: View = DEFAULT, *, dense: bool = False) -> bytes:
    """Draw the map over its image, as large as the image's own picture. The picture is drawn once
    and kept in the data folder.

    Raises ArtefactError if the artefact or the image is missing or damaged.
    """
    drawing = catalogue.get(explanation.method).drawing

    def draw() -> bytes:
        ground = _ground(explanation.prediction.image, dense=dense)
        return canvas.png(view.draw(drawing, ground, _attribution(explanation)))

    return _kept(picture_name(explanation, view, dense=dense), draw)


def picture_name(explanation: Explanation, view: View, *, dense: bool = False) -> str:
    """Return the name of a map's picture in the data folder.

    It depends on everything that determines the picture, so that an outdated one is never served.
    """
    drawing = catalogue.get(explanation.method).drawing
    geometry = _geometry(explanation.prediction.image, dense=dense)
    name = f"{explanation.key} {explanation.sha256} {drawing!r} {view!r} {VERSION}{geometry}"
    return _hashed(name)


def picture_names(images: QuerySet[StudyImage]) -> Iterator[str]:
    """Yield the names of all pictures that may have been drawn of images and their maps."""
    maps = Explanation.objects.filter(prediction__image__in=images)
    for dense in (False, True):
        for image in images:
            yield _image_name(image, dense=dense)
        for explanation in maps.select_related("prediction__image"):
            for _, view in VIEWS.values():
                yield picture_name(explanation, view, dense=dense)


def has_dense_picture(height: int, width: int) -> bool:
    """Check whether a screen with two dots per pixel gets a larger picture of an image of this
    size."""
    plain, dense = (
        canvas.picture_shape(height, width, least) for least in (canvas.SIZE, canvas.DENSE)
    )
    return not canvas.is_tiny(height, width) and plain != dense


def legend_png(method: str) -> bytes:
    """Draw the colours of a method's map from low to high, 320 by 16, without words."""
    return canvas.png(catalogue.get(method).drawing.legend())


def caption_of_each(method: str) -> str:
    """Return the caption under maps of several classes, which it does not name."""
    return catalogue.get(method).caption_of_each(say=gettext)


def caption(explanation: Explanation, label: str | None) -> str:
    """Return the caption under the map, which says so if the map is empty.

    ``label`` is the reader's name for the predicted class; None if the class is to be guessed.
    """
    empty = bool(explanation.diagnostics.get("empty"))
    return catalogue.get(explanation.method).caption_for(label, empty=empty, say=gettext)


def alt_text(explanation: Explanation) -> str:
    """Describe the map for screen readers by where it is strongest, and never by what the image
    shows.

    Raises ArtefactError if the artefact is missing or damaged.
    """
    store, stored = artefact_store(), explanation.stored
    return _in_words(explanation.method, store, stored, store.changed(stored), get_language() or "")


@lru_cache(maxsize=4096)
def _in_words(
    method: str,
    store: ArtefactStore,
    stored: Stored,
    changed: tuple[int, int] | None,
    language: str,
) -> str:
    """Describe a map. The text is cached for each language, as long as the artefact's file is
    unchanged."""
    attribution = store.read(stored)
    if attribution.is_empty:
        return gettext("The map is empty: no region stands out.")
    return catalogue.get(method).drawing.describe(attribution, gettext)


def _shape(image: StudyImage, *, dense: bool) -> canvas.Shape:
    least = canvas.DENSE if dense and not image.is_tiny else canvas.SIZE
    return canvas.picture_shape(image.height, image.width, least)


def _image_name(image: StudyImage, *, dense: bool) -> str:
    return _hashed(f"image {image.sha256} {VERSION}{_geometry(image, dense=dense)}")


def _geometry(image: StudyImage, *, dense: bool) -> str:
    """Return the part of a picture's name that its size determines.

    Pictures of tiny square images are drawn as in earlier versions and keep their names.
    """
    shape = _shape(image, dense=dense)
    if image.is_tiny and shape == (canvas.SIZE, canvas.SIZE):
        return ""
    return f" {shape[0]}x{shape[1]}"


def _ground(image: StudyImage, *, dense: bool) -> NDArray[np.uint8]:
    """Return the image in the shape of its picture."""
    return canvas.fitted(image_store().read(image.sha256), _shape(image, dense=dense))


def _kept(name: str, draw: Callable[[], bytes]) -> bytes:
    """Return the picture of this name from the data folder, which gets it if it is not there."""
    path = picture_path(name)
    if path.is_file():
        return path.read_bytes()
    content = draw()
    write_atomically(path, content)
    return content


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _attribution(explanation: Explanation) -> Attribution:
    return artefact_store().read(explanation.stored)
