"""Pictures of designs: who sees which boxes, and how many images, as the study file says."""

from itertools import product
from pathlib import Path

import pytest

from studyplatform.panel.design_pictures import LONGEST_LABEL, picture_of
from studyplatform.panel.toml_edits import Change, edited


def text_of(name: str) -> str:
    return Path("studies", name).read_text(encoding="utf-8")


def test_between_people_each_arm_is_a_box_that_a_line_leads_to():
    picture = picture_of(text_of("examples/map-and-confidence.toml"))
    assert [box.is_first for box in picture.boxes] == [True] * 4
    assert [box.images for box in picture.boxes] == [14] * 4  # practice does not count
    assert picture.caption == (
        "Between subjects: each person is in one of 4 arms and sees 14 images."
    )
    assert picture.alternative == (
        "The arms: No map, probability hidden (14 images); Grad-CAM, probability hidden (14 "
        "images); No map, probability shown (14 images); Grad-CAM, probability shown (14 "
        "images)"
    )


def test_a_single_arm_is_called_so():
    picture = picture_of(text_of("examples/thinking-aloud.toml"))
    assert picture.caption == "A single arm: each person sees 12 images."


def test_within_people_the_boxes_follow_one_another():
    picture = picture_of(text_of("within.toml"))
    assert [box.is_first for box in picture.boxes] == [True, False, False, False]
    assert picture.person == picture.boxes[0].middle
    assert picture.caption == (
        "Within subjects: each person sees all 4 conditions, in one of 4 orders, with 24 images "
        "in all."
    )


OUTCOME = """
[analysis]
control = "day-order-1"
outcomes = [{ key = "agreed", label = "Agreement", kind = "trial_mean", column = "agreed" }]
"""


def test_in_a_mixed_design_each_group_of_people_has_a_row_of_boxes():
    design, _, _analysis = text_of("within.toml").partition("[analysis]\n")
    factors = [
        Change(("conditions", place, "factors"), {"light": light, "map": kind})
        for place, (light, kind) in enumerate(product(("day", "night"), ("none", "one")))
    ]
    mixed = edited(design, [*factors, Change(("design", "within"), ["map"])]) + OUTCOME
    picture = picture_of(mixed)
    assert [box.is_first for box in picture.boxes] == [True, False, True, False]
    assert picture.caption == (
        "Mixed: each person sees 2 of 4 conditions, in one of 2 orders, with 12 images in all."
    )


@pytest.mark.parametrize("name", ["demo.toml", "within.toml"])
def test_the_picture_follows_the_file(name):
    source = text_of(name)
    before = picture_of(source)
    label = before.boxes[0].label
    renamed = "A condition whose label is far too long for its box in the picture"
    after = picture_of(source.replace(f'label = "{label}"', f'label = "{renamed}"'))
    assert renamed in [box.label for box in after.boxes]
    assert renamed in after.alternative
    assert all(len(box.short_name) <= LONGEST_LABEL for box in after.boxes)


def test_a_file_with_mistakes_has_no_picture():
    assert picture_of("slug = 5") is None
    assert picture_of("[consent") is None
