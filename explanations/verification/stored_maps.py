"""Comparison of stored maps with the libraries' maps, which stores each difference with its map."""

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
    """Compare the stored maps of ``predictions`` with maps by captum, shap and lime.

    Each difference is added to the provenance of its row. Returns the largest difference of each
    method that a library computes. Raises ArtefactError for a damaged file.
    """
    largest: dict[str, Verified] = {}
    jobs = list(jobs_of(classifier, predictions, methods, precision))
    for job in tqdm(jobs, unit="map", desc="verifying", disable=None):
        verified = _verify(classifier, job)
        if verified is None:
            continue
        worst = largest.get(job.method.key, verified)
        largest[job.method.key] = max(
            worst, verified, key=lambda candidate: candidate.largest_difference
        )
    return largest


def _verify(classifier: Classifier, job: Job) -> Verified | None:
    row = Explanation.objects.filter(prediction=job.prediction, key=job.key).first()
    if row is None:
        return None
    verified = verify(
        job.method,
        job.explainer,
        classifier,
        classifier.input_of(image_store().read(job.prediction.image.sha256)),
        job.target,
        job.seed,
        job.background,
        artefact_store().read(row.stored),
    )
    if verified is not None:
        # All rows with this key share the map and therefore the difference.
        provenance = row.provenance | verified.as_dict()
        Explanation.objects.filter(key=job.key).update(provenance=provenance)
    return verified
