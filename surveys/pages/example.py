"""The example on the instructions page, an image that is in no trial and is the same in all
conditions.
"""

from django.db.models import QuerySet

from explanations.models import Explanation, Prediction
from surveys.models import Condition, Stimulus, Study
from surveys.models.prepared_query import PreparedQuery
from surveys.study_file.named_images import source_in
from surveys.study_file.stored import definition

EXAMPLE = "example-"  # with the block's number, it takes the place of a trial's code in a URL
MOST_CANDIDATES = 20
"""Images among which an example without empty maps is looked for. Each costs a map per method."""


def example_code(block: int) -> str:
    """Return the code of a block's example in a URL."""
    return f"{EXAMPLE}{block}"


def _free(study: Study) -> list[QuerySet[Prediction]]:
    """Return the correct predictions of the study's classifier that are not stimuli, in groups by
    preference: images that the study file names, then all images of the set.
    """
    declared = definition(study).images
    right = Prediction.objects.filter(
        classifier=study.classifier,
        image__image_set=study.image_set,
        image__split=declared.split,
        is_correct=True,
    )
    stimuli = study.stimuli.values("prediction")
    free = right.exclude(pk__in=stimuli).select_related("image").order_by("image_id")
    if not declared.names:
        return [free]
    sources = [source_in(name) for name in declared.names]
    return [free.filter(image__source__in=sources), free]


def example_candidates(study: Study) -> list[Prediction]:
    """Return the first images of the preferred group that is not empty."""
    groups = (list(group[:MOST_CANDIDATES]) for group in _free(study))
    return next((group for group in groups if group), [])


_STORED = PreparedQuery(
    lambda study, example, classifier, image_set, split: (
        Prediction.objects.order_by()
        .filter(
            pk=example,
            classifier=classifier,
            image__image_set=image_set,
            image__split=split,
            is_correct=True,
        )
        .exclude(pk__in=Stimulus.objects.filter(study=study).values("prediction"))
        .select_related("image")
        .defer("probabilities", "image__part_map", "image__part_names")
    ),
    int,
    int,
    int,
    int,
    str,
)


def _stored_example(study: Study) -> Prediction | None:
    """Return the example stored with the study if it is a candidate of the preferred group."""
    declared = definition(study).images
    if study.example_id is None:
        return None
    keys = (study.pk, study.example_id, study.classifier_id, study.image_set_id, declared.split)
    for stored in _STORED(*keys):
        if not declared.names or stored.image.source in map(source_in, declared.names):
            return stored
    return None


def example_candidate(study: Study) -> Prediction | None:
    """Return the example stored with the study or, if none is stored, the first candidate.

    A stored example that is no longer a candidate, such as one that has become a stimulus, is
    passed over.
    """
    for group in _free(study):
        if study.example_id is not None and (stored := group.filter(pk=study.example_id).first()):
            return stored
        if first := group.first():
            return first
    return None


def empty_methods(study: Study, prediction: Prediction) -> list[str]:
    """Return the methods of the study's conditions whose newest map of the prediction is empty."""
    newest = {
        row.method: row for row in prediction.explanations.filter(other_class="").order_by("id")
    }
    methods = study.conditions.exclude(method="").values_list("method", flat=True)
    return [
        method
        for method in dict.fromkeys(methods)
        if method in newest and newest[method].diagnostics.get("empty")
    ]


def store_example(study: Study, prediction: Prediction) -> None:
    """Store a draft's example. A study that was launched keeps the example that people have seen.

    The filter makes the check and the change one statement, in case the study is launched while
    its maps are computed.
    """
    Study.objects.filter(pk=study.pk, state=Study.State.DRAFT).update(example=prediction)
    study.refresh_from_db(fields=["example"])


def example_prediction(study: Study) -> Prediction | None:
    """Return the candidate if every arm can show it, otherwise None.

    An example that only some arms show would be a difference between arms.
    """
    # Asked by every page with an example and by each of its pictures.
    candidate = _stored_example(study) or example_candidate(study)
    if candidate is None:
        return None
    candidate.classifier = study.classifier
    wanted = {condition.method for condition in definition(study).conditions if condition.method}
    there = {method for (method,) in _METHODS(candidate.pk)}
    return candidate if wanted <= there else None


_METHODS = PreparedQuery(
    lambda prediction: (
        Explanation.objects.order_by()
        .filter(prediction=prediction, other_class="")
        .values_list("method")
    ),
    int,
)
_MAPS = PreparedQuery(
    lambda prediction, method: (
        Explanation.objects.filter(prediction=prediction, method=method, other_class="")
        .defer("parameters", "provenance")
        .order_by("-id")[:1]
    ),
    int,
    str,
)


def example_explanation(condition: Condition, prediction: Prediction) -> Explanation | None:
    """Return the newest map of the condition's method, or None for a condition without maps."""
    if not condition.method:
        return None
    for explanation in _MAPS(prediction.pk, condition.method):
        explanation.prediction = prediction
        return explanation
    return None
