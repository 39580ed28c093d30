"""The example on the instructions page, an image that is in no trial and is the same in all
conditions.
"""

from explanations.models import Explanation, Prediction
from surveys.models import Condition, Study
from surveys.study_file.named_images import source_in
from surveys.study_file.stored import definition

EXAMPLE = "example-"  # with the block's number, it takes the place of a trial's code in a URL


def example_code(block: int) -> str:
    """Return the code of a block's example in a URL."""
    return f"{EXAMPLE}{block}"


def example_candidate(study: Study) -> Prediction | None:
    """Return the first correct prediction of the study's classifier that is not a stimulus.

    An image that the study file names comes first. If all of these are stimuli, it is another image
    of the set.
    """
    stimuli = study.stimuli.values("prediction")
    declared = definition(study).images
    right = Prediction.objects.filter(
        classifier=study.classifier,
        image__image_set=study.image_set,
        image__split=declared.split,
        is_correct=True,
    )
    free = right.exclude(pk__in=stimuli).select_related("image").order_by("image_id")
    if declared.names:
        sources = [source_in(name) for name in declared.names]
        if named := free.filter(image__source__in=sources).first():
            return named
    return free.first()


def example_prediction(study: Study) -> Prediction | None:
    """Return the candidate if every arm can show it, otherwise None.

    An example that only some arms show would be a difference between arms.
    """
    candidate = example_candidate(study)
    if candidate is None:
        return None
    wanted = set(study.conditions.exclude(method="").values_list("method", flat=True))
    there = set(candidate.explanations.filter(other_class="").values_list("method", flat=True))
    return candidate if wanted <= there else None


def example_explanation(condition: Condition, prediction: Prediction) -> Explanation | None:
    """Return the newest map of the condition's method, or None for a condition without maps."""
    maps = prediction.explanations.filter(method=condition.method, other_class="").order_by("-id")
    return maps.select_related("prediction__image").first() if condition.method else None
