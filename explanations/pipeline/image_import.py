"""Import of images into the database, which stores either a whole selection or nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from numpy.typing import NDArray
from tqdm import tqdm

from explanations.imagesets.base import Entry, ImageSetError, LabelledImage, Original
from explanations.imagesets.base import ImageSet as Source
from explanations.imagesets.decoding import content_hash
from explanations.imagesets.file_set import FileSet
from explanations.imagesets.leaks import find_leaks
from explanations.models import ImageSet, OriginalFile, StudyImage
from explanations.pipeline.data_folder import image_store, original_store

BACKGROUND = "background"
"""Split of the training images with which DeepSHAP compares."""
BACKGROUND_SIZE = 100
_KEPT_BYTES = 300_000_000
"""Pixels that stay in memory between reading and writing; more images are decoded twice."""


@dataclass(frozen=True)
class Imported:
    """Result of an import: the numbers of new and of already stored images."""

    image_set: ImageSet
    new: int
    known: int
    background: int
    no_background: str
    """Reason why there is no background. Empty if there is a background."""
    warnings: tuple[str, ...] = ()
    """Images and groups that are in two splits."""


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
class Readable:
    """An image that could be read. Its pixels are kept if there is room, and else read again."""

    source: Source
    entry: Entry
    row: StudyImage
    original: Original | None
    pixels: NDArray[np.uint8] | None = field(repr=False)

    def write(self) -> None:
        """Store the pixels, and the file that they come from. Raises ImageSetError if the file
        has changed since it was read."""
        pixels = self.pixels
        if pixels is None:
            pixels = self.source.load(self.row.split, self.entry).pixels
        if image_store().write(pixels) != self.row.sha256:
            raise ImageSetError(f"{self.row.source} changed while it was read. Import again.")
        if self.original is not None:
            original_store().write(self.original.read())


@dataclass(frozen=True)
class Loaded:
    """Images that can be stored: each of them could be read, and none is there twice."""

    source: Source
    split: str
    images: list[Readable]
    background: list[Readable]
    no_background: str
    """Reason why there is no background."""
    warnings: tuple[str, ...]
    """Images and groups that are in two splits."""


def load_images(source: Source, split: str, limit: int | None = None, seed: int = 0) -> Loaded:
    """Load a selection and its background. Raises ImageSetError with a line per problem."""
    images = _load(source, split, limit, seed)
    leaks = find_leaks(source, split).sentences() if isinstance(source, FileSet) else ()
    return Loaded(source, split, images, *_background(source, seed), tuple(leaks))


def store_images(loaded: Loaded, name: str) -> Imported:
    """Add loaded images to the set of this name, which is made if it does not exist."""
    # Files are written first: they are named by their content, so an unused file does no harm.
    _check_set(name, loaded)
    everything = [*loaded.images, *loaded.background]
    for image in tqdm(everything, desc="Storing", unit="image", disable=None):
        image.write()
    with transaction.atomic():
        image_set = _image_set(name, loaded.source)
        # A second import of the same images waits here, and then finds that they are known.
        ImageSet.objects.select_for_update().get(pk=image_set.pk)
        new = _create_rows(image_set, loaded.split, loaded.images)
        if not image_set.images.filter(split=BACKGROUND).exists():
            _create_rows(image_set, BACKGROUND, loaded.background)
        stored = image_set.images.filter(split=BACKGROUND).count()
        _note_originals(image_set, loaded.split, loaded.images)
        if isinstance(loaded.source, FileSet):
            image_set.warnings = [*loaded.warnings]
            image_set.save(update_fields=["warnings"])
    reason = "" if stored else loaded.no_background
    return Imported(image_set, new, len(loaded.images) - new, stored, reason, loaded.warnings)


def add_background(image_set: ImageSet, source: Source, seed: int = 0) -> None:
    """Store 100 training images of ``source`` as the background of a set that has none.

    Raises ImageSetError if the source has no training images or other classes.
    """
    images, problem = _background(source, seed)
    if problem:
        raise ImageSetError(problem)
    for image in images:
        image.write()
    with transaction.atomic():
        _check_classes(image_set, source.class_names)
        if not image_set.images.filter(split=BACKGROUND).exists():
            _create_rows(image_set, BACKGROUND, images)


def _load(source: Source, split: str, limit: int | None, seed: int) -> list[Readable]:
    images: list[Readable] = []
    problems: list[str] = []
    room = _KEPT_BYTES
    entries = source.selection(split, limit, seed)
    for entry in tqdm(entries, desc=f"{source.name} {split}", unit="image", disable=None):
        try:
            image = source.load(split, entry)
        except ImageSetError as error:
            problems.extend(error.problems)
            continue
        room -= image.pixels.nbytes
        pixels = image.pixels if room >= 0 else None
        images.append(Readable(source, entry, _row(image), image.original, pixels))
    if problems:
        raise ImageSetError(*problems)
    return _distinct(images)


def _background(source: Source, seed: int) -> tuple[list[Readable], str]:
    """Load the background. If that fails, return no images and the reason.

    A missing background is not an error, because only DeepSHAP needs it.
    """
    try:
        # Files of the background are not kept: it is shown to nobody.
        images = _load(source, "train", BACKGROUND_SIZE, seed)
        return [replace(image, original=None) for image in images], ""
    except ImageSetError as error:
        return [], error.problems[0]


def _distinct(images: list[Readable]) -> list[Readable]:
    """Leave out all but the first of equal images of a class."""
    seen: dict[str, Readable] = {}
    for image in images:
        first = seen.setdefault(image.row.sha256, image)
        if first.row.true_class != image.row.true_class:
            raise ImageSetError(
                f"{first.row.source} and {image.row.source} have the same pixels, but the classes "
                f"{first.row.true_class} and {image.row.true_class}. Remove the wrong file."
            )
    return list(seen.values())


def _check_set(name: str, loaded: Loaded) -> None:
    """Raise ImageSetError if the images do not fit the stored set of this name, if there is one."""
    try:
        validate_slug(name)
    except ValidationError as error:
        raise ImageSetError(
            f"{name!r} cannot be the name of an image set. Give a --name of letters, digits, - "
            "and _."
        ) from error
    image_set = ImageSet.objects.filter(name=name).first()
    if image_set is None:
        return
    source = loaded.source
    _check_classes(image_set, source.class_names)
    if not image_set.images.exists():
        return
    _check_sizes(image_set, source.fitted_size, loaded.images)
    if rule_text(source) != image_set.split_rule:
        raise ImageSetError(
            f"The image set {name!r} was divided by {image_set.split_rule or 'no split rule'}, but "
            f"this import divides by {rule_text(source) or 'none'}, so that an image could be in "
            "two splits. Give the same rule, or choose another --name."
        )
    if window_text(source) != image_set.grey_window:
        raise ImageSetError(
            f"The grey values of the image set {name!r} were scaled by "
            f"{_window_words(image_set.grey_window)}, but this import has "
            f"{_window_words(window_text(source))}, so that the same tissue would have two shades. "
            "Give the same --window, or choose another --name."
        )
    moved = image_set.images.exclude(split__in=(loaded.split, BACKGROUND)).filter(
        sha256__in=[image.row.sha256 for image in loaded.images]
    )
    if source.split_rule and (first := moved.first()):
        raise ImageSetError(
            f"{first.source} is stored in the split {first.split!r} of {name!r}, but is in "
            f"{loaded.split!r} now, because images were added or removed since. Choose another "
            "--name, and train the classifier again."
        )


def _check_classes(image_set: ImageSet, class_names: Sequence[str]) -> None:
    # Class numbers refer to this list, so it must not differ between imports.
    if image_set.class_names != list(class_names):
        raise ImageSetError(
            f"The image set {image_set.name!r} is stored with the classes "
            f"{', '.join(image_set.class_names)}, but these images have the classes "
            f"{', '.join(class_names)}. Choose another --name."
        )


def _check_sizes(image_set: ImageSet, size: int | None, images: Sequence[Readable]) -> None:
    """Raise ImageSetError if the set would contain images that were fitted to two sizes."""
    stored = image_set.fitted_size or _size_of_all(image_set)
    now = f"these images are fitted to {size} x {size}" if size else "these images are not fitted"
    if size != image_set.fitted_size and (image_set.fitted_size or size != stored):
        before = f"has images that were fitted to {stored} x {stored} pixels"
        if not image_set.fitted_size:
            before = "has images as they came"
        raise ImageSetError(
            f"The image set {image_set.name!r} {before}, but {now}. A set has one size: import "
            f"with {'--size ' + str(stored) if stored else 'no --size'}, or choose another --name "
            f"such as {image_set.name}-{size or 'full'}."
        )
    shapes = {
        source: (width, height)
        for source, width, height in image_set.images.filter(
            source__in=[image.row.source for image in images]
        ).values_list("source", "width", "height")
    }
    for image in images:
        row = image.row
        before_now = shapes.get(row.source, (row.width, row.height))
        if before_now != (row.width, row.height):
            raise ImageSetError(
                f"{row.source} is stored with {before_now[0]} x {before_now[1]} pixels in "
                f"{image_set.name!r}, but has {row.width} x {row.height} now. Choose another "
                f"--name, or give --size {before_now[0]} if the set was imported so."
            )


def _size_of_all(image_set: ImageSet) -> int | None:
    """Return the width and height of all images, if they are squares of one size.

    Sets of earlier versions do not record the size to which they were fitted.
    """
    shapes = set(image_set.images.order_by().values_list("width", "height").distinct()[:2])
    width, height = next(iter(shapes), (0, 1))
    return width if len(shapes) == 1 and width == height else None


def size_for(name: str) -> int | None:
    """Return the size to which images must be fitted to go into the set of this name."""
    image_set = ImageSet.objects.filter(name=name).first()
    return image_set.fitted_size if image_set else None


def rule_text(source: Source) -> str:
    """Return the split rule of a source as it is stored. Empty if its data have splits."""
    return source.split_rule.stated if source.split_rule else ""


def window_text(source: Source) -> str:
    """Return the window of a source's grey values as it is stored. Empty if it has none."""
    return source.grey_window.stated if source.grey_window else ""


def _window_words(stated: str) -> str:
    return f"the window {stated}" if stated else "no window"


def _image_set(name: str, source: Source) -> ImageSet:
    image_set, _ = ImageSet.objects.get_or_create(
        name=name,
        defaults={
            "class_names": list(source.class_names),
            "fitted_size": source.fitted_size,
            "split_rule": rule_text(source),
            "grey_window": window_text(source),
        },
    )
    _check_classes(image_set, source.class_names)
    return image_set


def _note_originals(image_set: ImageSet, split: str, images: Iterable[Readable]) -> None:
    """Create a row for the file of each image."""
    stored = dict(image_set.images.filter(split=split).values_list("sha256", "pk"))
    OriginalFile.objects.bulk_create(
        (
            OriginalFile(
                image_id=stored[image.row.sha256],
                sha256=image.original.sha256,
                name=image.original.name[-250:],
                size=image.original.size,
            )
            for image in images
            if image.original is not None
        ),
        batch_size=500,
        ignore_conflicts=True,
    )


def _create_rows(image_set: ImageSet, split: str, images: Sequence[Readable]) -> int:
    """Create rows for the images that have no row yet, and return their number.

    Known images get the group that their manifest gives them now.
    """
    stored = image_set.images.filter(split=split)
    known = dict(stored.values_list("sha256", "true_class"))
    rows, regrouped = [], {}
    for image in images:
        row = image.row
        row.image_set, row.split = image_set, split
        if row.sha256 not in known:
            rows.append(row)
        elif known[row.sha256] != row.true_class:
            raise ImageSetError(
                f"{row.source} is stored as {known[row.sha256]} in {image_set.name!r}, but is "
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


def _row(image: LabelledImage) -> StudyImage:
    height, width, _ = image.pixels.shape
    return StudyImage(
        sha256=content_hash(image.pixels),
        split=image.split,
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
