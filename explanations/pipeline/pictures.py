"""Pictures for the pages, drawn from stored files without torch."""

import hashlib
from functools import lru_cache

from django.utils.translation import get_language, gettext

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.models import Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store, picture_path
from explanations.rendering import canvas
from explanations.rendering.drawing import VERSION
from explanations.rendering.viewing import DEFAULT, View
from explanations.store.artefacts import ArtefactStore, Stored
from explanations.store.atomic_files import write_atomically


def image_png(image: StudyImage) -> bytes:
    """Draw the image, pixelated, 320 by 320. Raises ArtefactError if its file is missing or
    damaged."""
    return canvas.png(canvas.colours_of(image_store().read(image.sha256)))


def map_png(explanation: Explanation, view: View = DEFAULT) -> bytes:
    """Draw the map over its image, 320 by 320. The picture is drawn once and kept in the data
    folder.

    Raises ArtefactError if the artefact or the image is missing or damaged.
    """
    drawing = catalogue.get(explanation.method).drawing
    path = picture_path(picture_name(explanation, view))
    if path.is_file():
        return path.read_bytes()
    image = image_store().read(explanation.prediction.image.sha256)
    content = canvas.png(view.draw(drawing, image, _attribution(explanation)))
    write_atomically(path, content)
    return content


def picture_name(explanation: Explanation, view: View) -> str:
    """Return the name of a map's picture in the data folder.

    It depends on the drawing's parameters, so that an outdated picture is never served.
    """
    drawing = catalogue.get(explanation.method).drawing
    name = f"{explanation.key} {explanation.sha256} {drawing!r} {view!r} {VERSION}"
    return hashlib.sha256(name.encode()).hexdigest()


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


def _attribution(explanation: Explanation) -> Attribution:
    return artefact_store().read(explanation.stored)
