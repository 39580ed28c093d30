"""The rule that derives a classifier's input from an image."""

import numpy as np
import pytest
from PIL import Image

from explanations.imagesets.input_rule import InputRule

WIDE = np.random.default_rng(0).integers(0, 256, (60, 100, 3), dtype=np.uint8)


def test_without_a_resize_the_rule_is_the_largest_centred_square():
    square = Image.fromarray(WIDE[:, 20:80]).resize((24, 24), Image.Resampling.LANCZOS)
    found = InputRule(24).apply(WIDE).astype(int)

    # The filter also reads the pixels next to the window, which only its border can show.
    assert np.array_equal(found[:, 4:-4], np.array(square)[:, 4:-4])


def test_an_image_that_is_exactly_the_input_is_not_resampled():
    square = np.ascontiguousarray(WIDE[:, 20:80])

    assert InputRule(60).apply(square) is square
    assert InputRule(60, crop="none").apply(square) is square
    assert not np.array_equal(InputRule(60, 64).apply(square), square)


@pytest.mark.parametrize(
    ("rule", "window"),
    [
        (InputRule(30), (20, 0, 80, 60)),
        (InputRule(224, 256), (23.75, 3.75, 76.25, 56.25)),
        (InputRule(30, crop="none"), (0, 0, 100, 60)),
    ],
)
def test_the_window_is_the_part_of_the_image_that_the_classifier_sees(rule, window):
    assert rule.window(60, 100) == window


def test_resizing_and_cropping_is_close_to_resizing_the_whole_image_first():
    smooth = np.array(Image.fromarray(WIDE[::10, ::10]).resize((100, 60), Image.Resampling.BICUBIC))
    whole = np.array(Image.fromarray(smooth).resize((80, 48), Image.Resampling.LANCZOS))

    direct = InputRule(40, 48).apply(smooth)

    assert np.abs(direct.astype(int) - whole[4:44, 20:60]).max() <= 3


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"size": 0}, "size is 0"),
        ({"size": 5000}, "from 1 to 4096"),
        ({"size": 32, "crop": "left"}, "Choose from: centre, none"),
        ({"size": 224, "resize": 200}, "from the size 224"),
        ({"size": 224, "resize": 256, "crop": "none"}, "Omit resize"),
    ],
)
def test_an_impossible_rule_is_refused_with_its_cure(given, named):
    with pytest.raises(ValueError, match=named):
        InputRule(**given)
