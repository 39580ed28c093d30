"""The example on the page of instructions: one image, no trial's, the same under all conditions."""

from explanations.models import Explanation, Prediction
from surveys.models import Condition, Study
from surveys.study_file.stored import definition

EXAMPLE = "example-"  # with the block's number, it stands in place of a trial's code


def example_code(block: int) -> str:
    """The example of a block, in an address."""
    return f"{EXAMPLE}{block}"


def example_candidate(study: Study) -> Prediction | None:
    """The first right prediction of the study's classifier that is no stimulus of the study."""
    stimuli = study.stimuli.values("prediction")
    right = Prediction.objects.filter(
        classifier=study.classifier,
        image__image_set=study.image_set,
        image__split=definition(study).images.split,
        is_correct=True,
    )
    return right.exclude(pk__in=stimuli).select_related("image").order_by("image_id").first()


def example_prediction(study: Study) -> Prediction | None:
    """The candidate, if every arm can show it: an example in some arms only would differ."""
    candidate = example_candidate(study)
    if candidate is None:
        return None
    wanted = set(study.conditions.exclude(method="").values_list("method", flat=True))
    there = set(candidate.explanations.filter(other_class="").values_list("method", flat=True))
    return candidate if wanted <= there else None


def example_explanation(condition: Condition, prediction: Prediction) -> Explanation | None:
    """The newest map of the condition's method; None in a condition without maps."""
    found = prediction.explanations.filter(method=condition.method, other_class="").order_by("-id")
    return found.select_related("prediction__image").first() if condition.method else None
