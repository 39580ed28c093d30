"""Checks that this installation has enough images and the right classifier for a study file."""

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from analysis.toml.document import Document
from explanations import catalogue
from explanations.imagesets import NAMES as KNOWN_SETS
from explanations.models import ClassifierWeights, ImageSet, Prediction, StudyImage
from explanations.pipeline.image_import import BACKGROUND
from explanations.pipeline.weights_registry import RegistryError, register_classifier, weights_file
from surveys import tasks
from surveys.study_file.declaration import StudyFile
from surveys.study_file.named_images import find_named
from surveys.study_file.parts.perception import PICTURES, PerceptionPart

UPLOAD = "Upload more images"
FEWER = "or ask for fewer."
"""The end of a sentence on too few images, of which the trials ask for a number."""


class NamedImagesError(ValueError):
    """Names of images that cannot be used, with a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def check(
    file: Document,
    study: StudyFile,
    hidden_sets: Collection[str] = (),
    *,
    images_later: bool = False,
) -> None:
    """Report missing images and weights to the file, together with the file's own faults.

    Image sets in ``hidden_sets`` count as missing. With ``images_later``, a set that the platform
    knows by name may have no images yet; the study cannot be opened without them.
    """
    images = None if study.images.set in hidden_sets else images_of(study)
    is_known = images_later and study.images.set in KNOWN_SETS
    if images is None and study.images.set and not is_known:
        name, split = study.images.set, study.images.split
        file.problems.add(
            ("images", "set"),
            f"the study shows images of {name!r}, split {split!r}, but none are stored. Import "
            f"them: manage.py import_images --data {name} --split {split}",
        )
    # Each check needs the images, the classifier or both; the others still run without them.
    classifier = _classifier(file, study)
    if classifier is not None:
        _check_maps(file, study, classifier)
    if classifier is not None and images is not None:
        _check_classes(file, study, classifier, images)
    if images is not None:
        _check_labels(file, study, images)
        _check_names_and_number(file, study, images, classifier)
        _check_pictures_to_find(file, study, images)


def _check_pictures_to_find(file: Document, study: StudyFile, image_set: ImageSet) -> None:
    if not any(isinstance(part, PerceptionPart) for part in study.parts):
        return
    count = image_set.images.filter(split=study.images.split).count()
    for number, table in enumerate(file.tables("parts")):
        if table.get("kind") == "perception" and count < PICTURES:
            file.problems.add(
                ("parts", number, "kind"),
                f"a picture is found again among {PICTURES}, and {study.images.set!r} has {count} "
                f"images of the split {study.images.split!r}. Add images, or remove the part.",
            )


def images_of(study: StudyFile) -> ImageSet | None:
    """Return the image set that the study names, if it has images of the split."""
    image_set = ImageSet.objects.filter(name=study.images.set).first()
    if image_set is None or not image_set.images.filter(split=study.images.split).exists():
        return None
    return image_set


def background_lacking(study: StudyFile) -> tuple[str, ...]:
    """Return a warning if a method compares with training images that the image set lacks.

    It is a warning because the training images can be added until the maps are computed.
    """
    image_set = images_of(study)
    if image_set is None or image_set.images.filter(split=BACKGROUND).exists():
        return ()
    needing = [
        one.key
        for one in study.conditions
        if one.method and catalogue.get(one.method).needs_background
    ]
    if not needing:
        return ()
    split, name = study.images.split, study.images.set
    return (
        f"The maps of {', '.join(needing)} are computed from training images, and the image set "
        f"{name!r} has none. Import the set again from data that also have a split 'train' "
        f"(manage.py import_images --data … --split {split} --name {name}), or choose other "
        "methods.",
    )


def pool_of(study: StudyFile, image_set: ImageSet) -> QuerySet[StudyImage]:
    """Return the images that the study may show: those it names, or all of its set and split.

    Raises NamedImagesError, which tells every name that cannot be used.
    """
    stored = image_set.images.filter(split=study.images.split)
    if not study.images.names:
        return stored
    named = find_named(study.images, stored)
    if named.problems:
        raise NamedImagesError(named.problems)
    return stored.filter(pk__in=named.found)


def _check_names_and_number(
    file: Document, study: StudyFile, image_set: ImageSet, classifier: ClassifierWeights | None
) -> None:
    try:
        pool = pool_of(study, image_set)
    except NamedImagesError as error:
        for problem in error.problems:
            file.problems.add(("images", "names"), problem)
        return
    if said := _shortage_here(study, pool, classifier):
        file.problems.add(("images", "names" if study.images.names else "set"), said)


def shortage(study: StudyFile, right: int, wrong: int) -> str | None:
    """Return a sentence if there are fewer correct or wrong predictions than the study shows."""
    wanted_right, wanted_wrong = study.predictions_shown
    if right >= wanted_right and wrong >= wanted_wrong:
        return None
    more = _more(study)
    # People who upload images in the panel have no command line.
    then = (
        "compute their predictions"
        if more == UPLOAD
        else "run manage.py precompute_explanations again"
    )
    return (
        f"{_asked(study)}. Its classifier gives {right} right and {wrong} wrong ones on the "
        f"{_those(study)}. {more} and {then}, {FEWER}"
    )


def _shortage_here(
    study: StudyFile, pool: QuerySet[StudyImage], classifier: ClassifierWeights | None
) -> str | None:
    """Return the shortage. Before the classifier has run, only the number of images is known."""
    count, wanted = pool.count(), sum(study.predictions_shown)
    if count < wanted:
        there = f"Of {study.images.set!r}, split {study.images.split!r}, {count} are stored"
        if study.images.names:
            there = f"[images] names lists {count}"
        return f"{_asked(study)}, which takes {wanted} images. {there}. {_more(study)}, {FEWER}"
    correct = Prediction.objects.filter(image__in=pool, classifier=classifier)
    known = list(correct.values_list("is_correct", flat=True)) if classifier else []
    if len(known) < count:  # not all images are classified yet, so a shortage is not certain
        return None
    return shortage(study, known.count(True), known.count(False))


def _asked(study: StudyFile) -> str:
    right, wrong = study.predictions_shown
    if study.draws_images:
        return f"the study draws people's images from {right} right and {wrong} wrong predictions"
    sets = f" (in {study.image_sets} image sets)" if study.image_sets > 1 else ""
    return f"the study shows {right} right and {wrong} wrong predictions{sets}"


def _those(study: StudyFile) -> str:
    if study.images.names:
        return f"{len(study.images.names)} images that [images] names lists"
    return f"stored images of {study.images.set!r}, split {study.images.split!r}"


def _more(study: StudyFile) -> str:
    if study.images.names:
        return "Name more images"
    stored = StudyImage.objects.filter(image_set__name=study.images.set)
    if stored.filter(originals__isnull=False).exists():
        return UPLOAD
    if not stored.exists():  # of a set whose images were to be added later
        return (
            "Upload images on the study's page Images and use them, or import some (manage.py "
            f"import_images --data {study.images.set} --split {study.images.split})"
        )
    return (
        f"Import more images (manage.py import_images --data {study.images.set} --split "
        f"{study.images.split}, with a larger --limit)"
    )


def _classifier(file: Document, study: StudyFile) -> ClassifierWeights | None:
    if not study.weights:
        return None
    try:
        return register_classifier(weights_file(study.weights))
    except RegistryError as error:
        file.problems.add(("classifier", "weights"), str(error))
        return None


def _check_classes(
    file: Document, study: StudyFile, classifier: ClassifierWeights, images: ImageSet
) -> None:
    if set(classifier.class_names) == set(images.class_names):
        return
    file.problems.add(
        ("classifier", "weights"),
        f"the classifier {study.weights} knows the classes {', '.join(classifier.class_names)}, "
        f"but the image set {images.name!r} has {', '.join(images.class_names)}. Name weights that "
        "were trained on the classes of the image set.",
    )


def _check_maps(file: Document, study: StudyFile, classifier: ClassifierWeights) -> None:
    """Check that the classifier knows as many classes as a task shows maps of."""
    known = len(classifier.class_names)
    for part in study.trial_parts:
        if (wanted := tasks.get(part.task).classes) > known:
            file.problems.add(
                ("classifier", "weights"),
                f"the task {part.task!r} of the part {part.key!r} shows maps of {wanted} classes, "
                f"but the classifier {study.weights} knows {known}: "
                f"{', '.join(classifier.class_names)}. Use another task, or other weights.",
            )


def _check_labels(file: Document, study: StudyFile, images: ImageSet) -> None:
    """Check that every other language labels exactly the classes of the image set."""
    there = set(images.class_names)
    for code in study.languages:
        labelled = set(study.in_language(code).classes)
        lacking = there - labelled if code in study.translations else set()
        if wrong := sorted((labelled - there) | lacking):
            place = ("text", code, "classes") if code in study.translations else ("classes",)
            file.problems.add(
                place,
                f"[{'.'.join(place)}] must label each class of {images.name!r} and nothing else. "
                f"Its classes are {', '.join(sorted(there))}. Add or remove: {', '.join(wrong)}.",
            )
