"""Import of images into the database, which stores either a whole selection or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from numpy.typing import NDArray
from tqdm import tqdm

from explanations.imagesets.base import ImageSet as Source
from explanations.imagesets.base import ImageSetError, LabelledImage
from explanations.imagesets.decoding import content_hash
from explanations.models import ImageSet, StudyImage
from explanations.pipeline.data_folder import image_store

BACKGROUND = "background"
"""Split of the training images with which DeepSHAP compares."""
BACKGROUND_SIZE = 100


@dataclass(frozen=True)
class Imported:
    """Result of an import: the numbers of new and of already stored images."""

    image_set: ImageSet
    new: int
    known: int
    background: int
    no_background: str
    """Reason why there is no background. Empty if there is a background."""


def import_images(
    source: Source, split: str, *, name: str = "", limit: int | None = None, seed: int = 0
) -> Imported:
    """Store a split of an image set, or a class-balanced selection of ``limit`` of its images.

    100 training images are stored as the split "background", once per set, so that explanations
    need only the data folder. Images are identified by their content, so a second run adds nothing.
    Raises ImageSetError with a line per problem; the database is then unchanged.
    """
    if split == BACKGROUND:
        raise ImageSetError(
            "The split 'background' is filled from the training images automatically. "
            "Choose another split."
        )
    return store_images(load_images(source, split, limit, seed), name or source.name)


@dataclass(frozen=True)
class Loaded:
    """Images that can be stored: each of them could be read, and none is there twice."""

    split: str
    class_names: tuple[str, ...]
    images: list[LabelledImage]
    background: list[LabelledImage]
    no_background: str
    """Reason why there is no background."""


def load_images(source: Source, split: str, limit: int | None = None, seed: int = 0) -> Loaded:
    """Load a selection and its background. Raises ImageSetError with a line per problem."""
    images = _load(source, split, limit, seed)
    return Loaded(split, source.class_names, images, *_background(source, seed))


def store_images(loaded: Loaded, name: str) -> Imported:
    """Add loaded images to the set of this name, which is made if it does not exist."""
    # Files are written first: they are named by their content, so an unused file does no harm.
    store = image_store()
    everything = [*loaded.images, *loaded.background]
    for image in tqdm(everything, desc="Storing", unit="image", disable=None):
        store.write(image.pixels)
    with transaction.atomic():
        image_set = _image_set(name, loaded.class_names)
        # A second import of the same images waits here, and then finds that they are known.
        ImageSet.objects.select_for_update().get(pk=image_set.pk)
        new = _create_rows(image_set, loaded.split, loaded.images)
        if not image_set.images.filter(split=BACKGROUND).exists():
            _create_rows(image_set, BACKGROUND, loaded.background)
        stored = image_set.images.filter(split=BACKGROUND).count()
    reason = "" if stored else loaded.no_background
    return Imported(image_set, new, len(loaded.images) - new, stored, reason)


def add_background(image_set: ImageSet, source: Source, seed: int = 0) -> None:
    """Store 100 training images of ``source`` as the background of a set that has none.

    Raises ImageSetError if the source has no training images or other classes.
    """
    images = _load(source, "train", BACKGROUND_SIZE, seed)
    store = image_store()
    for image in images:
        store.write(image.pixels)
    with transaction.atomic():
        _image_set(image_set.name, source.class_names)  # checks the classes
        if not image_set.images.filter(split=BACKGROUND).exists():
            _create_rows(image_set, BACKGROUND, images)


def _load(source: Source, split: str, limit: int | None, seed: int) -> list[LabelledImage]:
    images: list[LabelledImage] = []
    problems: list[str] = []
    entries = source.selection(split, limit, seed)
    for entry in tqdm(entries, desc=f"{source.name} {split}", unit="image", disable=None):
        try:
            images.append(source.load(split, entry))
        except ImageSetError as error:
            problems.extend(error.problems)
    if problems:
        raise ImageSetError(*problems)
    return list(_distinct(images))


def _background(source: Source, seed: int) -> tuple[list[LabelledImage], str]:
    """Load the background. If that fails, return no images and the reason.

    A missing background is not an error, because only DeepSHAP needs it.
    """
    try:
        return _load(source, "train", BACKGROUND_SIZE, seed), ""
    except ImageSetError as error:
        return [], error.problems[0]


def _distinct(images: list[LabelledImage]) -> Iterator[LabelledImage]:
    seen: dict[str, LabelledImage] = {}
    for image in images:
        first = seen.setdefault(content_hash(image.pixels), image)
        if first is image:
            yield image
        elif first.class_name != image.class_name:
            raise ImageSetError(
                f"{first.source} and {image.source} have the same pixels, but the classes "
                f"{first.class_name} and {image.class_name}. Remove the wrong file."
            )


def _image_set(name: str, class_names: tuple[str, ...]) -> ImageSet:
    try:
        validate_slug(name)
    except ValidationError as error:
        raise ImageSetError(
            f"{name!r} cannot be the name of an image set. Give a --name of letters, digits, - "
            "and _."
        ) from error
    image_set, _ = ImageSet.objects.get_or_create(
        name=name, defaults={"class_names": list(class_names)}
    )
    # Class numbers refer to this list, so it must not differ between imports.
    if image_set.class_names != list(class_names):
        raise ImageSetError(
            f"The image set {name!r} is stored with the classes "
            f"{', '.join(image_set.class_names)}, but these images have the classes "
            f"{', '.join(class_names)}. Choose another --name."
        )
    return image_set


def _create_rows(image_set: ImageSet, split: str, images: list[LabelledImage]) -> int:
    """Create rows for the images that have no row yet, and return their number.

    Known images get the group that their manifest gives them now.
    """
    stored = image_set.images.filter(split=split)
    known = dict(stored.values_list("sha256", "true_class"))
    rows, regrouped = [], {}
    for image in images:
        row = _row(image_set, split, image)
        if row.sha256 not in known:
            rows.append(row)
        elif known[row.sha256] != row.true_class:
            raise ImageSetError(
                f"{image.source} is stored as {known[row.sha256]} in {image_set.name!r}, but is "
                f"{row.true_class} now. Correct its class, or choose another --name."
            )
        elif row.group:
            regrouped[row.sha256] = row.group
    changed = [row for row in stored if row.group != regrouped.get(row.sha256, row.group)]
    for row in changed:
        row.group = regrouped[row.sha256]
    StudyImage.objects.bulk_update(changed, ["group"], batch_size=500)
    StudyImage.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def _row(image_set: ImageSet, split: str, image: LabelledImage) -> StudyImage:
    height, width, _ = image.pixels.shape
    return StudyImage(
        image_set=image_set,
        sha256=content_hash(image.pixels),
        split=split,
        true_class=image.class_name,
        group=image.group,
        source=image.source,
        width=width,
        height=height,
        part_names=list(image.part_names),
        part_map=None if image.mask is None else _bytes(image.mask),
    )


def _bytes(mask: NDArray[np.uint8]) -> bytes:
    return np.ascontiguousarray(mask).tobytes()
