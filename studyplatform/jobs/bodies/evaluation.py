"""The measured comparison of the methods on a study's images, with the code of
evaluate_explanations."""

import shutil
from importlib.metadata import version

from django.utils.translation import gettext

from explanations.classifier.checkpoint import CheckpointError
from explanations.classifier.devices import choose_device
from explanations.computing.memory import OutOfMemoryError
from explanations.computing.preflight import PreflightError
from explanations.evaluation.pipeline import Wanted, evaluate
from explanations.evaluation.progress import Told
from explanations.evaluation.summary import Summary
from explanations.imagesets import SCENES
from explanations.imagesets.base import ImageSet, ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.prepared import PreparedSet
from explanations.methods.protocol import ResidualError
from explanations.pipeline.predictions import load_classifier
from explanations.pipeline.stored_set import StoredSet
from explanations.pipeline.weights_registry import RegistryError
from explanations.store.artefacts import ArtefactError
from studyplatform.computations.study_evaluation import Asked, StudyMapsError, evaluate_study
from studyplatform.jobs.forms import OF_STUDY
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.models import Study
from surveys.study_file.stored import definition

REFUSALS = (
    ImageSetError, CheckpointError, PreflightError, OutOfMemoryError, ResidualError, RegistryError,
    ArtefactError, StudyMapsError,
)  # fmt: skip
WORK = "work"


def run(work: Work) -> Done:
    """Measure the methods. Numbers are kept, so that another attempt measures only the rest."""
    study = work.study
    unit = gettext("images")

    def told(what: str, done: int, total: int) -> None:
        work.progress(done, total, unit, what)

    try:
        # Jobs that were queued by an earlier version name no sample.
        if work.arguments.get("sample") == OF_STUDY:
            summary = evaluate_study(study, Asked(work.arguments["subsample"]), work.kept, told)
        else:
            summary = _of_image_set(work, told)
    except REFUSALS as error:
        raise RefusedError(str(error)) from error
    # Names with a dot are files that a killed attempt was just writing.
    ignored = shutil.ignore_patterns(".*", WORK)
    shutil.copytree(work.kept, work.output, ignore=ignored, dirs_exist_ok=True)
    return Done(
        gettext("%(images)d images, %(methods)d methods, %(measures)d measures.")
        % {
            "images": summary.images,
            "methods": len(summary.methods),
            "measures": len(summary.measures),
        },
        {
            "weights_sha256": study.classifier.sha256,
            "device": choose_device("auto"),
            "software": {"torch": version("torch")},
        },
        page="report.html",
    )


def _of_image_set(work: Work, told: Told) -> Summary:
    study, arguments = work.study, work.arguments
    source = _images(study)
    split = definition(study).images.split
    images = min(arguments["images"], source.count(split))
    wanted = Wanted(
        split=split,
        images=images,
        subsample=min(arguments["subsample"], images),
        methods=tuple(arguments["methods"]),
    )
    classifier = load_classifier(study.classifier, choose_device("auto"))
    prepared = PreparedSet(source, classifier.input_rule)
    return evaluate(prepared, classifier, wanted, work.kept, told)


def _images(study: Study) -> ImageSet:
    """Return the study's images. The embedded ones know the place of their object in every image
    and as many training images as a comparison of backgrounds needs."""
    if study.image_set.name in SCENES:
        return open_image_set(study.image_set.name)
    return StoredSet(study.image_set)
