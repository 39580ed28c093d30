"""Evaluation of exactly the maps that the participants of a study see: its images, its conditions'
methods with their parameters, its classifier, and the stored numbers of each map."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.classifier.checkpoint import Classifier
from explanations.classifier.devices import choose_device
from explanations.engine import Engine
from explanations.evaluation.cases import Case, training_images
from explanations.evaluation.limits.catalogue import BACKGROUND_SIZES
from explanations.evaluation.maps import KnownMaps
from explanations.evaluation.pipeline import Estimated, Sample, Wanted, maps_folder, measure
from explanations.evaluation.progress import Told, silent
from explanations.evaluation.subject import Setting
from explanations.evaluation.summary import Summary
from explanations.imagesets.background import Background
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.dice import derive_seed
from explanations.methods.protocol import Explainer, parameters_of
from explanations.models import Explanation, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.pipeline.image_import import BACKGROUND
from explanations.pipeline.predictions import inputs_of, load_classifier
from surveys.models import Stimulus, Study
from surveys.services.trials import explanations_of
from surveys.study_file.stored import definition

EMBEDDED = "scenes"
PRECISION = "strict"
"""Arithmetic of an evaluation. A method that was computed in fast arithmetic keeps it."""

Rows = Mapping[str, Mapping[str, Explanation]]
"""Stored maps by method and by the image's hash."""


class StudyMapsError(ValueError):
    """A study whose maps cannot be evaluated. The message names the cure."""


@dataclass(frozen=True)
class Asked:
    """Options of the evaluation of a study."""

    subsample: int = 16
    limits: bool = True
    device: str = "auto"


def evaluate_study(
    study: Study,
    asked: Asked,
    output: Path,
    told: Told = silent,
    estimated: Estimated | None = None,
) -> Summary:
    """Write the files of ``evaluate`` for the maps of a study.

    The maps are read, not computed. Images of every part are included, also of practice; the
    example of the instructions is not a trial and is left out, and so are the maps of further
    classes that some tasks show. Raises StudyMapsError if maps are missing, RegistryError for
    damaged weights and ArtefactError for damaged maps.
    """
    stimuli = list(study.stimuli.select_related("prediction__image"))
    rows = _rows(study, stimuli)
    classifier = load_classifier(study.classifier, choose_device(asked.device))
    explainers = {key: _explainer(key, maps) for key, maps in rows.items()}
    cases = _cases(stimuli, classifier)
    subsample = min(asked.subsample, len(cases))
    wanted = Wanted(
        split=definition(study).images.split,
        images=len(cases),
        subsample=subsample,
        methods=tuple(rows),
        precision=PRECISION,
        limits=asked.limits,
    )
    engine = Engine(classifier, _background(study, rows, classifier), PRECISION)
    sample = Sample(
        f"the study {study.slug}",
        Setting(engine, explainers, wanted.seed, _training(study, rows, limits=asked.limits)),
        KnownMaps(maps_folder(output), engine, explainers, _reader(rows), _identity(rows)),
        cases,
        cases[:subsample],
    )
    about = {"study": study.slug, "study_file_sha256": study.source_sha256, "maps": "as shown"}
    return measure(sample, wanted, output, told, estimated, about)


def _rows(study: Study, stimuli: Sequence[Stimulus]) -> Rows:
    """Return the maps that each condition shows, or raise StudyMapsError with the cure."""
    computed = f"Compute them: manage.py precompute_explanations --study {study.slug}"
    if not stimuli:
        raise StudyMapsError(
            f"The study {study.slug!r} has no images yet: they are chosen with the maps. {computed}"
        )
    by_method: dict[str, dict[str, Explanation]] = {}
    hashes = {row.pk: row.prediction.image.sha256 for row in stimuli}
    missing = 0
    for condition in study.conditions.exclude(method=""):
        shown = explanations_of(condition, stimuli, simulated=False)
        missing += len(hashes.keys() - shown.keys())
        of_method = by_method.setdefault(condition.method, {})
        for stimulus, explanation in shown.items():
            known = of_method.setdefault(hashes[stimulus], explanation)
            if known.sha256 != explanation.sha256:
                raise StudyMapsError(
                    f"Two conditions of the study {study.slug!r} show different maps of "
                    f"{condition.method} for the same image, because maps were computed again "
                    "while it ran. Their quality cannot be told apart by the method."
                )
    if missing:
        raise StudyMapsError(f"{missing} maps of the study {study.slug!r} are missing. {computed}")
    if not by_method:
        raise StudyMapsError(f"No condition of the study {study.slug!r} shows a map.")
    return by_method


def _explainer(key: str, maps: Mapping[str, Explanation]) -> Explainer:
    """Create the explainer with the stored parameters, by which a map can be computed again."""
    explainer = catalogue.get(key).explainer()
    kinds = [row.parameters for row in maps.values()]
    if any(parameters != kinds[0] for parameters in kinds):
        raise StudyMapsError(
            f"The maps of {key} were computed with different parameters, so that they are not of "
            "one method. Compute them again for a study that has not started yet."
        )
    if kinds[0].keys() != parameters_of(explainer).keys():
        raise StudyMapsError(
            f"The maps of {key} were computed by an older version with other parameters, so that "
            "they cannot be computed again for the measures of robustness. Evaluate them with that "
            "version."
        )
    stored: Explainer = replace(explainer, **kinds[0])
    return stored


def _cases(stimuli: Sequence[Stimulus], classifier: Classifier) -> list[Case]:
    """Return the stimuli's images in an order drawn from their hashes."""
    names = classifier.class_names
    cases = {}
    for stimulus in stimuli:
        image, prediction = stimulus.prediction.image, stimulus.prediction
        cases[image.sha256] = Case(
            classifier.input_of(image_store().read(image.sha256)),
            names.index(image.true_class),
            names.index(prediction.predicted_class),
            image.sha256,
            _mask(image, classifier),
            prediction.probability,
            image.group,
        )
    return sorted(cases.values(), key=lambda case: derive_seed(0, case.sha256))


def _mask(image: StudyImage, classifier: Classifier) -> NDArray[np.bool_] | None:
    if image.part_map is None:
        return None
    parts = np.frombuffer(bytes(image.part_map), dtype=np.uint8)
    mask = parts.reshape(image.height, image.width)
    return classifier.input_rule.apply_to_mask(mask) > 0


def _background(study: Study, rows: Rows, classifier: Classifier) -> Background | None:
    """Return the background with which the maps were computed."""
    if not any(catalogue.get(key).needs_background for key in rows):
        return None
    # In the order in which precompute_explanations reads them.
    images = study.image_set.images.filter(split=BACKGROUND).order_by("sha256")
    return Background(inputs_of(classifier, images))


def _training(study: Study, rows: Rows, *, limits: bool) -> NDArray[np.uint8] | None:
    """Return training images for the comparison of SHAP's backgrounds, where there are enough."""
    if not limits or "deepshap" not in rows or study.image_set.name != EMBEDDED:
        return None
    return training_images(open_image_set(EMBEDDED), 2 * max(BACKGROUND_SIZES))


def _reader(rows: Rows) -> Callable[[Case], Mapping[str, Attribution]]:
    def read(case: Case) -> Mapping[str, Attribution]:
        store = artefact_store()
        return {key: store.read(maps[case.sha256].stored) for key, maps in rows.items()}

    return read


def _identity(rows: Rows) -> str:
    """Return a hash of the numbers of every map."""
    hashes = sorted(
        f"{key} {image} {row.sha256}" for key, maps in rows.items() for image, row in maps.items()
    )
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
