"""Exposure of images: people under a condition who saw different images."""

import pandas as pd

from analysis.sections.stimuli_shown import _exposures

LABELS = {"gradcam": "Grad-CAM", "none": "No map"}


def table(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    trials = pd.DataFrame(rows, columns=["participant", "condition", "image"])
    return trials.assign(image_set="scenes", prediction_correct=1.0)


def test_a_condition_is_named_by_its_label():
    summary, exposed = _exposures(
        table(
            [("a", "gradcam", "1"), ("b", "gradcam", "2"), ("a", "none", "3"), ("b", "none", "3")]
        ),
        LABELS,
    )
    assert {(one.condition, one.label) for one in summary} == set(LABELS.items())
    gradcam = next(one for one in summary if one.condition == "gradcam")
    assert (gradcam.fewest, gradcam.most, gradcam.people) == (0, 1, 2)
    assert {one.image: one.people for one in exposed}["3"] == {"gradcam": 0, "none": 2}


def test_nothing_is_counted_where_everyone_saw_the_same_images():
    same = [(person, "none", image) for person in "ab" for image in "12"]
    assert _exposures(table(same), LABELS) == ((), ())
