"""Stored maps beside what the libraries compute for the same images; the difference is noted."""

from collections.abc import Mapping, Sequence

from tqdm import tqdm

from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.models import Explanation, Prediction
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.pipeline.work_list import Job, jobs_of
from explanations.verification.comparison import Verified, verify


def verify_stored(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str = "strict",
) -> Mapping[str, Verified]:
    """Compare the stored maps of ``predictions`` with captum's, shap's and lime's own.

    Each difference goes into the provenance of its row. Returns the largest one of each method
    that a library computes. Raises ArtefactError for a damaged file.
    """
    found: dict[str, Verified] = {}
    jobs = list(jobs_of(classifier, predictions, methods, precision))
    for job in tqdm(jobs, unit="map", desc="verifying", disable=None):
        verified = _verify(classifier, job)
        if verified is None:
            continue
        worst = found.get(job.method.key, verified)
        found[job.method.key] = max(worst, verified, key=lambda one: one.largest_difference)
    return found


def _verify(classifier: Classifier, job: Job) -> Verified | None:
    row = Explanation.objects.filter(prediction=job.prediction, key=job.key).first()
    if row is None:
        return None
    verified = verify(
        job.method,
        job.explainer,
        classifier,
        image_store().read(job.prediction.image.sha256),
        job.target,
        job.seed,
        job.background,
        artefact_store().read(row.stored),
    )
    if verified is not None:
        provenance = row.provenance | verified.as_dict()
        Explanation.objects.filter(key=job.key).update(provenance=provenance)
    return verified
