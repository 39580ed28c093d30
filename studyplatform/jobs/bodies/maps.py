"""Predictions and maps of a study, with the code of precompute_explanations."""

from importlib.metadata import version

from django.utils.translation import gettext

from explanations import catalogue
from explanations.catalogue import Method
from explanations.imagesets import SCENES
from explanations.imagesets.catalogue import open_image_set
from explanations.pipeline.image_import import BACKGROUND, add_background, import_images
from studyplatform.computations.preparation import REFUSALS, How, prepare_study
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.models import Study
from surveys.study_file.stored import definition

FEWEST_SCENES = 200
"""Enough for predictions of every kind that the shipped studies show."""


def every_method(study: Study) -> list[Method]:
    """Return the methods of the study's conditions, then all others that its images allow."""
    shown = study.conditions.exclude(method="").values_list("method", flat=True)
    has_background = study.image_set.images.filter(split=BACKGROUND).exists()
    others = [
        method.key
        for method in catalogue.METHODS
        if method.by_default and (has_background or not method.needs_background)
    ]
    return [catalogue.get(key) for key in dict.fromkeys([*shown, *others])]


def run(work: Work) -> Done:
    """Compute what is missing. Finished maps stay, so that another attempt computes the rest."""
    arguments, study = work.arguments, work.study
    unit, alone = gettext("maps"), bool(arguments.get("predictions_only"))
    _draw_missing_scenes(work, study)
    work.step(gettext("predicting images that the classifier has not seen"))
    try:
        prepared = prepare_study(
            study.slug,
            every_method(study) if arguments.get("every_method") else (),
            how=How(verify=arguments["verify"], layers=arguments["layers"]),
            told=lambda done, total: work.progress(done, total, unit),
            predictions_only=alone,
        )
    except REFUSALS as error:
        raise RefusedError(str(error)) from error
    if alone:
        summary = gettext("%(images)d images predicted.") % {"images": prepared.images}
    else:
        # How many of the maps are new depends on where an earlier attempt was stopped; the result
        # must not.
        work.say(str(prepared))
        summary = gettext(
            "%(images)d images predicted, %(maps)d maps of %(explained)d images in place."
        ) % {
            "images": prepared.images,
            "maps": prepared.maps.new + prepared.maps.known,
            "explained": prepared.explained,
        }
    return Done(
        summary,
        {
            "study_file_sha256": study.source_sha256,
            "weights_sha256": study.classifier.sha256,
            "device": prepared.device,
            "software": {"torch": version("torch")},
        },
    )


def _draw_missing_scenes(work: Work, study: Study) -> None:
    """Draw the scenes that come with the platform, where the study needs some and none are stored.

    They are the images that the study shows, or those with which SHAP compares uploaded images if
    the classifier was trained on scenes.
    """
    declared, stored = definition(study), study.image_set.images
    name = study.image_set.name
    if name in SCENES and not stored.filter(split=declared.images.split).exists():
        work.step(gettext("drawing the scenes that come with the platform"))
        limit = max(FEWEST_SCENES, 2 * sum(declared.predictions_shown))
        import_images(open_image_set(name), declared.images.split, limit=limit)
    trained_on = study.classifier.card.get("data", {}).get("name")
    if trained_on in SCENES and not stored.filter(split=BACKGROUND).exists():
        work.step(gettext("drawing the training images with which SHAP compares"))
        add_background(study.image_set, open_image_set(trained_on))
