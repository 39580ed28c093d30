"""Import of a folder of images on the server, with the code of import_images."""

from django.conf import settings
from django.utils.translation import gettext

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.split_rule import SplitRule
from explanations.models import ImageSet
from explanations.pipeline.image_import import import_images, size_for
from studyplatform.jobs.work import Done, RefusedError, Work
from studyplatform.models import StudyImageSet


def run(work: Work) -> Done:
    """Import all images of the split, or none if one of them cannot be used."""
    name, split = work.arguments["folder"], work.arguments["split"]
    classes = work.study.classifier.class_names
    if StudyImageSet.objects.filter(image_set__name=name).exists():
        raise RefusedError(
            gettext("The name “%(name)s” is taken by images that were uploaded for a study.")
            % {"name": name},
            gettext("Ask whoever runs the server to rename the folder."),
        )
    known = ImageSet.objects.filter(name=name).first()
    # A set that was imported before keeps the order of its classes.
    if known is not None and sorted(known.class_names) == sorted(classes):
        classes = known.class_names
    work.step(gettext("reading the images"))
    try:
        folder = settings.IMAGE_FOLDERS / name
        # Jobs that were queued by an earlier version have no rule.
        rule = work.arguments.get("split_rule")
        divided = SplitRule.of(rule, work.arguments.get("split_seed", 0)) if rule else None
        source = FolderSet(
            folder, name=name, class_names=classes, size=size_for(name), split_rule=divided
        )
        imported = import_images(source, split)
    except ImageSetError as error:
        raise RefusedError(str(error)) from error
    if imported.no_background:
        work.say(
            gettext(
                "The folder has no training images, so SHAP cannot be computed for this image set."
            )
        )
    for warning in imported.warnings:
        work.say(warning)
    # How many are new depends on where an earlier attempt was stopped; the result must not.
    return Done(
        gettext("%(count)d images of “%(name)s” are in place.")
        % {"count": imported.new + imported.known, "name": name},
        {"image_set": name, "split": split},
    )
