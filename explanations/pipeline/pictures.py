"""Pictures for the pages, each drawn once, without torch, and kept in the data folder."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import get_language, gettext
from numpy.typing import NDArray

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.imagesets.input_rule import InputRule
from explanations.models import ClassifierWeights, Explanation, Prediction, StudyImage
from explanations.pipeline.data_folder import (
    artefact_store,
    image_store,
    picture_path,
    pictures_folder,
)
from explanations.rendering import canvas
from explanations.rendering.drawing import VERSION
from explanations.rendering.viewing import DEFAULT, VIEWS, View
from explanations.store.artefacts import ArtefactStore, Stored
from explanations.store.atomic_files import write_atomically

BLURS: Mapping[str, float] = {"light": 0.04, "medium": 0.08, "strong": 0.12}
"""Standard deviation of each blur of an image, as a share of the picture's width."""


@dataclass(frozen=True)
class Picture:
    """A picture with the name of its file and the function that draws it.

    The name is a hash of everything that determines the picture, so that an outdated one is never
    served.
    """

    name: str
    draw: Callable[[], bytes]

    def stored(self) -> Path | None:
        """Return the picture's file, which is written unless it is there.

        Return None if it cannot be written, as on a full disk. Raises ArtefactError if the files
        that it is drawn from are missing or damaged.
        """
        path = picture_path(self.name)
        if path.is_file():
            return path
        return path if _is_kept(path, self.draw()) else None

    def content(self) -> bytes:
        """Return the picture's bytes. A damaged file is replaced.

        Raises ArtefactError if the files that it is drawn from are missing or damaged.
        """
        content = kept(self.name)
        if content is None:
            content = self.draw()
            _is_kept(picture_path(self.name), content)
        return content


def kept(name: str) -> bytes | None:
    """Return the bytes of the kept picture of this name, or None if its file is missing or
    damaged."""
    try:
        content = picture_path(name).read_bytes()
    except OSError:
        return None
    return content if canvas.is_whole_png(content) else None


def image_picture(
    image: StudyImage, rule: InputRule | None = None, *, dense: bool = False
) -> Picture:
    """Return the picture of the part of an image that a classifier's input rule keeps, or of the
    whole image.

    It is as large as a page shows it, or twice as large for a ``dense`` screen, and made of the
    image as it was imported. What the classifier sees in few pixels is drawn in squares.
    """
    frame = Frame.of(image, rule)
    return Picture(
        _image_name(frame, dense=dense),
        lambda: canvas.png(canvas.colours_of(frame.ground(dense=dense))),
    )


def blurred_picture(
    image: StudyImage, rule: InputRule | None, blur: float, *, dense: bool = False
) -> Picture:
    """Return the picture of an image, blurred by one of BLURS, a share of its width."""
    frame = Frame.of(image, rule)

    def draw() -> bytes:
        ground = canvas.colours_of(frame.ground(dense=dense))
        return canvas.png(canvas.blurred(ground, blur))

    return Picture(_blurred_name(frame, blur, dense=dense), draw)


def cleared_png(
    image: StudyImage,
    rule: InputRule | None,
    blur: float,
    centre: tuple[float, float],
    radius: float,
    *,
    dense: bool = False,
) -> bytes:
    """Return the bytes of a blurred picture with a clear circle. They are not kept, as there can be
    as many as places.

    The centre is x and y as shares of width and height, and the radius a share of the width.
    """
    ground = canvas.colours_of(Frame.of(image, rule).ground(dense=dense))
    return canvas.png(canvas.cleared(ground, blur, centre, radius))


def map_picture(explanation: Explanation, view: View = DEFAULT, *, dense: bool = False) -> Picture:
    """Return the picture of a map over its image, as large as the image's own picture."""
    drawing = catalogue.get(explanation.method).drawing

    def draw() -> bytes:
        ground = _frame(explanation).ground(dense=dense)
        return canvas.png(view.draw(drawing, ground, _attribution(explanation)))

    return Picture(picture_name(explanation, view, dense=dense), draw)


def legend_picture(method: str) -> Picture:
    """Return the colours of a method's map from low to high, 320 by 16, without words."""
    drawing = catalogue.get(method).drawing
    return Picture(_hashed(f"legend {drawing!r} {VERSION}"), lambda: canvas.png(drawing.legend()))


def image_png(image: StudyImage, rule: InputRule | None = None, *, dense: bool = False) -> bytes:
    """Return the bytes of an image's picture. Raises ArtefactError for a missing or damaged
    image."""
    return image_picture(image, rule, dense=dense).content()


def map_png(explanation: Explanation, view: View = DEFAULT, *, dense: bool = False) -> bytes:
    """Return the bytes of a map's picture. Raises ArtefactError for a missing or damaged artefact
    or image."""
    return map_picture(explanation, view, dense=dense).content()


def legend_png(method: str) -> bytes:
    """Return the bytes of a legend."""
    return legend_picture(method).content()


def draw_blurred_ahead(predictions: Iterable[Prediction], blur: float) -> None:
    """Draw the blurred images now. Raises ArtefactError for missing or damaged files."""
    for prediction in predictions:
        rule = prediction.classifier.rule
        for dense in (False, True) if has_dense_picture(rule) else (False,):
            blurred_picture(prediction.image, rule, blur, dense=dense).stored()


def draw_ahead(predictions: Iterable[Prediction], maps: Iterable[Explanation]) -> None:
    """Draw the images, maps and legends now, so that no arm waits longer for its first picture
    than another.

    Raises ArtefactError for missing or damaged files.
    """
    for prediction in predictions:
        rule = prediction.classifier.rule
        image_picture(prediction.image, rule).stored()
        if has_dense_picture(rule):
            image_picture(prediction.image, rule, dense=True).stored()
    methods = set()
    for explanation in maps:
        methods.add(explanation.method)
        map_picture(explanation).stored()
        if has_dense_picture(explanation.prediction.classifier.rule):
            map_picture(explanation, dense=True).stored()
    for method in methods:
        legend_picture(method).stored()


def picture_name(explanation: Explanation, view: View, *, dense: bool = False) -> str:
    """Return the name of a map's picture in the data folder.

    It depends on everything that determines the picture, so that an outdated one is never served.
    """
    drawing = catalogue.get(explanation.method).drawing
    geometry = _frame(explanation).in_names(dense=dense)
    name = f"{explanation.key} {explanation.sha256} {drawing!r} {view!r} {VERSION}{geometry}"
    return _hashed(name)


def picture_names(images: QuerySet[StudyImage]) -> Iterator[str]:
    """Yield the names of all pictures that may have been drawn of images and their maps."""
    maps = Explanation.objects.filter(prediction__image__in=images)
    rules = {weights.rule for weights in ClassifierWeights.objects.all()}
    for dense in (False, True):
        for image in images:
            for rule in (None, *rules):
                frame = Frame.of(image, rule)
                yield _image_name(frame, dense=dense)
                yield from (_blurred_name(frame, blur, dense=dense) for blur in BLURS.values())
        for explanation in maps.select_related("prediction__image", "prediction__classifier"):
            for _, view in VIEWS.values():
                yield picture_name(explanation, view, dense=dense)


def has_dense_picture(rule: InputRule) -> bool:
    """Check whether a screen with two dots per pixel gets larger pictures of a classifier's
    input."""
    plain, dense = (
        canvas.picture_shape(rule.size, rule.size, least) for least in (canvas.SIZE, canvas.DENSE)
    )
    return not is_tiny(rule) and plain != dense


def is_tiny(rule: InputRule) -> bool:
    """Check whether pages show a classifier's input in squares."""
    return canvas.is_tiny(rule.size, rule.size)


@dataclass(frozen=True)
class Frame:
    """The part of a stored image that a picture shows, and the shape of the map over it."""

    image: str
    """Hash of the image."""
    height: int
    width: int
    rule: InputRule | None
    """Rule of the classifier, unless the image is exactly its input."""

    @classmethod
    def of(cls, image: StudyImage, rule: InputRule | None) -> "Frame":
        """Return what a picture shows of an image, for a classifier or on its own."""
        if rule is None or rule.is_identity(image.height, image.width):
            return cls(image.sha256, image.height, image.width, None)
        return cls(image.sha256, rule.size, rule.size, rule)

    @property
    def is_tiny(self) -> bool:
        """Check whether pixels are shown as squares."""
        return canvas.is_tiny(self.height, self.width)

    @property
    def is_usual(self) -> bool:
        """Check whether the picture is the only kind that earlier versions drew: a tiny square that
        is enlarged to 320 pixels. Its name says nothing of its shape."""
        return self.rule is None and self.is_tiny and self.shape() == (canvas.SIZE, canvas.SIZE)

    def shape(self, *, dense: bool = False) -> canvas.Shape:
        """Return the shape of the picture."""
        least = canvas.DENSE if dense and not self.is_tiny else canvas.SIZE
        return canvas.picture_shape(self.height, self.width, least)

    def in_names(self, *, dense: bool) -> str:
        """Return the part of a picture's name that the frame determines."""
        height, width = self.shape(dense=dense)
        return "" if self.is_usual else f" {height}x{width} {self.rule!r}"

    def ground(self, *, dense: bool) -> NDArray[np.uint8]:
        """Return the part of the image in the shape of its picture. Raises ArtefactError for a
        missing or damaged file."""
        pixels = image_store().read(self.image)
        shape = self.shape(dense=dense)
        if self.rule is None:
            return canvas.fitted(pixels, shape)
        if self.is_tiny:
            return canvas.fitted(self.rule.apply(pixels), shape)
        # Resampled once, from the image as it was imported, so that it is as sharp as it can be.
        window = self.rule.window(*pixels.shape[:2])
        return canvas.cut(self.rule.framed(pixels), window, shape)


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


def _frame(explanation: Explanation) -> Frame:
    prediction = explanation.prediction
    return Frame.of(prediction.image, prediction.classifier.rule)


def _image_name(frame: Frame, *, dense: bool) -> str:
    return _hashed(f"image {frame.image} {VERSION}{frame.in_names(dense=dense)}")


def _blurred_name(frame: Frame, blur: float, *, dense: bool) -> str:
    return _hashed(f"blurred {frame.image} {blur} {VERSION}{frame.in_names(dense=dense)}")


def _is_kept(path: Path, content: bytes) -> bool:
    """Write a picture's file, and return whether that was possible."""
    try:
        write_atomically(path, content)
    except OSError:
        # Participants get the picture all the same; the health check reports a full disk.
        return False
    return True


def damaged_pictures() -> Iterator[str]:
    """Yield a sentence for each kept picture that is damaged."""
    for path in sorted(pictures_folder().glob("??/*.png")):
        if not canvas.is_whole_png(path.read_bytes()):
            yield f"The picture {path} is damaged. Delete it: it is drawn again."


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _attribution(explanation: Explanation) -> Attribution:
    return artefact_store().read(explanation.stored)
