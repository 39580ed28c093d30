"""Registration of a classifier, with the code of register_classifier."""

from django.utils.translation import gettext

from explanations.classifier.admission import REFUSALS, admit
from explanations.models import ImageSet
from explanations.pipeline.predictions import PrecomputeError
from explanations.pipeline.registration import register
from explanations.pipeline.weights_registry import RegistryError
from studyplatform.jobs import uploaded_weights
from studyplatform.jobs.classifier_form import offer_of
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.study_file.stored import definition


def run(work: Work) -> Done:
    """Check the network, store it, and measure it on the study's images if it knows their
    classes."""
    arguments = work.arguments
    if arguments["upload"] and uploaded_weights.uploaded(arguments["upload"]) is None:
        raise RefusedError(
            gettext("The uploaded file is no longer there."), gettext("Upload it again.")
        )
    work.step(gettext("checking the network"))
    split = definition(work.study).images.split
    try:
        classifier = admit(offer_of(arguments))
        images = _images(work, classifier.class_names, split)
        work.step(gettext("storing and measuring the classifier"))
        done = register(classifier, arguments["name"], images, split)
    except (*REFUSALS, PrecomputeError, RegistryError) as error:
        raise RefusedError(str(error)) from error
    if arguments["upload"]:
        uploaded_weights.remove(arguments["upload"])
    use = gettext("“%(name)s” is registered. To use it, write %(line)s under [classifier].") % {
        "name": arguments["name"],
        "line": f'weights = "{arguments["name"]}"',
    }
    if done.evaluation is None:
        reason = gettext("The study's images have other classes, so its card has no accuracy.")
        return Done(f"{use} {reason}", {"weights_sha256": done.weights.sha256})
    found = gettext("On %(count)d images of the study its accuracy is %(percent)s %%.") % {
        "count": done.evaluation.images,
        "percent": f"{100 * done.evaluation.accuracy:.1f}",
    }
    return Done(f"{use} {found}", {"weights_sha256": done.weights.sha256})


def _images(work: Work, classes: tuple[str, ...], split: str) -> ImageSet | None:
    """Return the study's image set if it has images of the classifier's classes."""
    image_set = work.study.image_set
    fits = sorted(image_set.class_names) == sorted(classes)
    return image_set if fits and image_set.images.filter(split=split).exists() else None
