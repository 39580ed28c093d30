"""Removal of images, with everything that was computed from them or drawn of them."""

from collections.abc import Iterable

from django.db import transaction

from explanations.models import ImageSet, OriginalFile, StudyImage
from explanations.pipeline.data_folder import image_store, original_store, picture_path
from explanations.pipeline.pictures import picture_names


def remove_set(image_set: ImageSet) -> None:
    """Delete an image set with all its images. Raises ProtectedError if a study uses it."""
    with transaction.atomic():
        remove_images(image_set.images.values_list("pk", flat=True))
        image_set.delete()


def remove_images(numbers: Iterable[int]) -> None:
    """Delete the images with these primary keys, their predictions, maps, pictures and files.

    A file that an image of another set has, too, stays. Raises ProtectedError if a study shows one
    of the images.
    """
    images = StudyImage.objects.filter(pk__in=list(numbers))
    with transaction.atomic():
        shown = set(images.values_list("sha256", flat=True))
        originals = OriginalFile.objects.filter(image__in=images)
        files = set(originals.values_list("sha256", flat=True))
        pictures = set(picture_names(images))
        images.delete()
        # Files go only when the rows have gone for good.
        transaction.on_commit(lambda: _remove_files(shown, files, pictures))


def _remove_files(shown: set[str], files: set[str], pictures: set[str]) -> None:
    shown -= set(StudyImage.objects.filter(sha256__in=shown).values_list("sha256", flat=True))
    files -= set(OriginalFile.objects.filter(sha256__in=files).values_list("sha256", flat=True))
    paths = [
        *(image_store().path(sha256) for sha256 in shown),
        *(original_store().path(sha256) for sha256 in files),
        *(picture_path(name) for name in pictures),
    ]
    for path in paths:
        path.unlink(missing_ok=True)
