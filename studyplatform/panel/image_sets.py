"""The image sets that a study's members may see and use: the installation's, and their own."""

from collections.abc import Collection, Iterable

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet

from explanations.imagesets.upload import Upload
from explanations.models import Explanation, ImageSet, StudyImage
from explanations.pipeline.image_import import BACKGROUND, Imported
from explanations.pipeline.removal import remove_images, remove_set
from explanations.pipeline.upload import store_uploads
from studyplatform.audit.writing import record
from studyplatform.models import StudyImageSet
from studyplatform.panel.access import AnyUser, is_administrator, studies_of
from surveys.models import Study
from surveys.services.locking import lock
from surveys.study_file.named_images import source_in
from surveys.study_file.stored import definition


class ImageInUseError(ValueError):
    """An image that a study shows, or may show as its example."""


LONGEST_SLUG = 36  # so that the name of a study's own set fits into its column


def hidden(user: AnyUser, study: Study | None) -> Collection[str]:
    """Return the names of the image sets that were uploaded for studies which the user may not see.

    A set that the study uses already is not hidden from the study's members.
    """
    if is_administrator(user):
        return ()
    owned = StudyImageSet.objects.exclude(study__in=studies_of(user))
    # A set whose study was deleted is nobody's, and SQL's NOT IN leaves such rows out.
    owned = owned | StudyImageSet.objects.filter(study=None)
    names = set(owned.values_list("image_set__name", flat=True))
    return names - {study.image_set.name} if study else names


def of_study(study: Study) -> QuerySet[ImageSet]:
    """Return the sets that the study's pages show: those of the installation, and its own."""
    return ImageSet.objects.filter(
        Q(pk=study.image_set_id) | Q(owned=None) | Q(owned__study=study)
    ).order_by("name")


def usable(study: Study) -> list[ImageSet]:
    """Return those of the sets that have images of the classes of the study's classifier."""
    wanted = sorted(study.classifier.class_names)
    filled = of_study(study).filter(images__isnull=False).distinct()
    return [image_set for image_set in filled if sorted(image_set.class_names) == wanted]


def images_of_study(study: Study) -> QuerySet[StudyImage]:
    """Return every image that the study's pages may show."""
    return StudyImage.objects.filter(image_set__in=of_study(study)).exclude(split=BACKGROUND)


def maps_of_study(study: Study) -> QuerySet[Explanation]:
    """Return the maps of these images for the study's classifier."""
    return Explanation.objects.filter(
        prediction__classifier=study.classifier, prediction__image__in=images_of_study(study)
    )


def store(study: Study, uploads: list[Upload]) -> Imported:
    """Add uploaded images to the study's own set, which is made for the first of them.

    Raises ImageSetError with a line per problem; no image is stored then.
    """
    own = _own_set(study)
    imported = store_uploads(uploads, own, study.image_set)
    record(study, "images uploaded", {}, {"set": own.name, "new": imported.new})
    return imported


def own_images(study: Study) -> QuerySet[StudyImage]:
    """Return the images that were uploaded for the study."""
    return images_of_study(study).filter(image_set__owned__study=study)


def remove_image(study: Study, image: StudyImage) -> None:
    """Delete an image that was uploaded for the study.

    Raises ImageInUseError if a study shows it or names it, or was launched with its set: even an
    image that no trial shows can be the example of the instructions.
    """
    using = Study.objects.filter(image_set=image.image_set)
    named = (source_in(name) for one in using for name in definition(one).images.names)
    if using.exclude(state=Study.State.DRAFT).exists() or image.source in named:
        raise ImageInUseError
    try:
        with transaction.atomic():
            remove_images([image.pk])
            record(study, "image deleted", {"set": image.image_set.name}, {})
    except ProtectedError as error:
        raise ImageInUseError from error


def own_sets(study: Study) -> list[ImageSet]:
    """Return the sets that were uploaded for the study."""
    return list(ImageSet.objects.filter(owned__study=study))


def remove_unused(sets: Iterable[ImageSet]) -> None:
    """Delete the sets of a study that was deleted, except those that other studies use."""
    for image_set in sets:
        if not Study.objects.filter(image_set=image_set).exists():
            remove_set(image_set)


@transaction.atomic
def _own_set(study: Study) -> ImageSet:
    """Return the study's own set with its classifier's classes, new and empty if it has none."""
    lock(study)  # two first uploads at once must not make two sets
    classes = study.classifier.class_names
    for owned in StudyImageSet.objects.filter(study=study).select_related("image_set"):
        if owned.image_set.class_names == classes:
            return owned.image_set
    taken = set(ImageSet.objects.values_list("name", flat=True))
    slug = study.slug[:LONGEST_SLUG]
    names = (f"{slug}-images{f'-{n}' if n > 1 else ''}" for n in range(1, len(taken) + 2))
    image_set = ImageSet.objects.create(
        name=next(name for name in names if name not in taken), class_names=classes
    )
    StudyImageSet.objects.create(image_set=image_set, study=study)
    return image_set
