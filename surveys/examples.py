"""The example on the page of instructions: one image, no trial's, the same in all arms."""

from explanations.models import Explanation, Prediction
from surveys.models import Arm, Study
from surveys.studyfile import definition

EXAMPLE = "example"  # stands in the address in place of a trial's code


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
    wanted = set(study.arms.exclude(method="").values_list("method", flat=True))
    there = set(candidate.explanations.values_list("method", flat=True))
    return candidate if wanted <= there else None


def example_explanation(arm: Arm, prediction: Prediction) -> Explanation | None:
    """The newest map of the arm's method; None in an arm without maps."""
    found = prediction.explanations.filter(method=arm.method).order_by("-id")
    return found.select_related("prediction__image").first() if arm.method else None
