"""Costs of designs that are possible but seldom wise. They are reported at loading, never
refused.
"""

from surveys.study_file.declaration import StudyFile

CROSSED = ("logistic_trials", "linear_trials", "ordinal_trials")


def warnings(study: StudyFile) -> tuple[str, ...]:
    """Return the warnings about the study, each with its cure."""
    if study.image_sets > study.blocks:
        return (_per_person(study),)
    return ()


def _per_person(study: StudyFile) -> str:
    return (
        f"[images] sets: participants of the same arm see different images ({study.image_sets} "
        "sets, rotated alike in every arm). This adds the images' difficulty to the noise between "
        "people, so that the study needs more of them; tests need random images, with "
        f'slopes = ["image"] where a map may help at some images more than at others{_of(study)}. '
        "Set sets = 1 to show the same images to everyone."
    )


def _of(study: StudyFile) -> str:
    """Name the trial outcomes whose analysis has no random images."""
    lacking = [
        str(outcome.get("key"))
        for outcome in study.analysis.get("outcomes", [])
        if outcome.get("kind") == "trial_mean" and outcome.get("analysis") not in CROSSED
    ]
    return f"; without such a model are: {', '.join(lacking)}" if lacking else ""
