"""Scenes: the same seed gives the same bytes, and the mask is what was drawn."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from explanations.imagesets.drawings.painter import HIDDEN_AT_MOST
from explanations.imagesets.scenes import (
    CLASS_NAMES,
    PART_NAMES,
    Scene,
    generate,
    render_scene,
    split_scene,
)
from tests.daily import daily

ALL_CLASSES = range(len(CLASS_NAMES))

# Image and parts of generate("golden", 20, seed=0). Weights are trained on these bytes: if they
# change, the shipped classifier, its card and every stored explanation must be made again.
GOLDEN = {
    0.0: "5f2746f33cb05a576efdabb96913e2c082504f8ac2d47e7a708b4ee7904d578d",
    0.25: "94a6bc661d01dd588a33994ffc4da721c3c6b819222b8231e7d4c3702c079df8",
    0.5: "0467f30a97f9208ca8ac9172b7fc075b9b328ff1454f48c20e370f13a1b18c7b",
    1.0: "eff907cd334606a39e3c410450be75b701bd71c6945cfa4badcedcda75d0da2a",
}


LARGE = "545e41043a7eec2908829ee8e5e3c681ca57e8d94b1896f88d87d5f992d3f984"
"""The same of generate("golden", 10, seed=0) at 128 pixels, for weights/scenes-128.safetensors."""


def test_large_scenes_keep_their_bytes():
    digest = hashlib.sha256()
    for index in range(10):
        scene = split_scene("golden", index, 0, size=128)
        digest.update(scene.image.tobytes() + scene.parts.tobytes())
    assert digest.hexdigest() == LARGE


@pytest.mark.parametrize("index", [0, 3, 6])
def test_a_large_scene_is_the_same_scene_with_more_pixels(index):
    small, large = (split_scene("test", index, 0, 0.2, size=size) for size in (32, 128))
    assert large.image.shape == (128, 128, 3)
    assert large.parts.shape == (128, 128)
    means = large.image.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(means - small.image).mean() < 8
    # Of each pixel of the small scene inside the object, most of the 16 are inside in the large.
    inside = (large.parts > 0).reshape(32, 4, 32, 4).mean((1, 3))
    assert inside[small.parts > 0].mean() > 0.9
    assert inside[small.parts == 0].mean() < 0.05
    other = split_scene("test", index + 10, 0, 0.2, size=128)
    assert np.abs(means - other.image.reshape(32, 4, 32, 4, 3).mean((1, 3))).mean() > 20


def changed(one: Scene, other: Scene) -> np.ndarray:
    return (one.image != other.image).any(axis=2)


def grown(mask: np.ndarray) -> np.ndarray:
    """The mask and its eight neighbours."""
    padded = np.pad(mask, 1)
    return np.any(
        [padded[1 + y : 33 + y, 1 + x : 33 + x] for y in (-1, 0, 1) for x in (-1, 0, 1)], axis=0
    )


@pytest.mark.parametrize("difficulty", GOLDEN)
def test_images_and_masks_keep_their_bytes(difficulty):
    digest = hashlib.sha256()
    for scene in generate("golden", 20, 0, difficulty):
        digest.update(scene.image.tobytes())
        digest.update(scene.parts.tobytes())
    assert digest.hexdigest() == GOLDEN[difficulty]


def test_each_of_split_index_and_seed_changes_the_image():
    scenes = [split_scene(*key) for key in (("test", 3, 0), ("train", 3, 0), ("test", 3, 1))]
    scenes.append(split_scene("test", 13, 0))
    assert len({scene.image.tobytes() for scene in scenes}) == 4
    assert len({scene.class_index for scene in scenes}) == 1


def test_the_classes_take_turns():
    scenes = list(generate("test", 23, 5))
    assert [scene.class_index for scene in scenes] == [index % 10 for index in range(23)]
    assert max(Counter(scene.class_name for scene in scenes).values()) == 3


def test_the_classes_are_ten_and_sorted():
    assert len(CLASS_NAMES) == 10
    assert list(CLASS_NAMES) == sorted(CLASS_NAMES)


def test_a_scene_has_the_documented_shapes():
    scene = render_scene(3, seed=8, difficulty=0.5)
    assert scene.image.shape == (32, 32, 3)
    assert scene.image.dtype == np.uint8
    assert scene.parts.shape == (32, 32)
    assert scene.parts.dtype == np.uint8
    assert scene.object_mask.shape == (32, 32)
    assert scene.object_mask.dtype == bool
    assert (scene.object_mask == (scene.parts > 0)).all()
    assert scene.part_names == PART_NAMES["fish"]
    assert scene.class_name == "fish"
    assert scene.parts.max() <= len(scene.part_names)


@pytest.mark.parametrize("class_index", ALL_CLASSES)
def test_the_mask_is_where_the_object_changed_the_image(class_index):
    for seed in range(5):
        settings = {"clutter": False, "occluders": False}
        whole = render_scene(class_index, seed, 0.0, **settings)
        names = PART_NAMES[CLASS_NAMES[class_index]]
        empty = render_scene(class_index, seed, 0.0, without_parts=names, **settings)
        footprint = changed(whole, empty)
        # Outside the mask only the rim may differ, less than half covered: one pixel wide, two at
        # a pointed corner.
        assert (footprint & ~grown(whole.object_mask)).sum() <= 6
        assert not (footprint & ~grown(grown(whole.object_mask))).any()
        assert (footprint & whole.object_mask).sum() > 0.99 * whole.object_mask.sum()
        assert not empty.object_mask.any()


@pytest.mark.parametrize("class_index", ALL_CLASSES)
def test_leaving_out_a_part_changes_that_part_and_nothing_far_from_it(class_index):
    whole = render_scene(class_index, 4, 0.0)
    for part, name in enumerate(whole.part_names, start=1):
        without = render_scene(class_index, 4, 0.0, without_parts=[name])
        region = whole.parts == part
        difference = changed(whole, without)
        assert region.any(), f"{name} is not visible in an easy scene"
        assert not (without.parts == part).any()
        assert (difference & region).sum() > 0.8 * region.sum()
        assert not (difference & ~grown(grown(region))).any()


def test_a_mask_of_another_scene_does_not_match():
    """The control of the two tests above: the comparison does fail for a wrong mask."""
    settings = {"clutter": False, "occluders": False}
    whole = render_scene(0, 1, 0.5, **settings)
    empty = render_scene(0, 1, 0.5, without_parts=PART_NAMES["boat"], **settings)
    other = render_scene(0, 2, 0.5, **settings)
    assert (changed(whole, empty) & ~grown(grown(other.object_mask))).any()


def test_occluders_are_cut_out_of_the_mask():
    hidden = 0
    for scene in generate("occluded", 60, 2, 0.6):
        bare = render_scene(scene.class_index, scene.seed, 0.6, occluders=False)
        lost = bare.object_mask & ~scene.object_mask
        hidden += lost.sum()
        # What left the mask was painted over, and nothing joined the mask.
        assert not (lost & ~changed(scene, bare)).any()
        assert not (scene.object_mask & ~bare.object_mask).any()
    assert hidden > 0


@pytest.mark.parametrize("difficulty", daily([0.3, 0.6, 1.0], 1))
def test_enough_of_every_object_stays_visible(difficulty):
    for scene in generate("visible", 50, 3, difficulty):
        bare = render_scene(scene.class_index, scene.seed, difficulty, occluders=False)
        # Half-covered pixels at the rim of an occluder make the count in whole pixels a bit less.
        least = (1 - HIDDEN_AT_MOST * difficulty) * bare.object_mask.sum()
        assert scene.object_mask.sum() >= 0.8 * least - 4


@pytest.mark.nightly
def test_leaving_out_parts_moves_no_occluder():
    for scene in generate("occluded", 30, 2, 0.9):
        names = PART_NAMES[scene.class_name]
        without = render_scene(scene.class_index, scene.seed, 0.9, without_parts=names[:2])
        kept = ~np.isin(without.parts, (1, 2)) & (without.parts > 0)
        revealed = kept & (scene.parts != without.parts)
        # Only what the left-out parts covered may come to light.
        assert np.isin(scene.parts[revealed & ~grown(scene.parts == 1)], (0, 1, 2)).all()
        bare = render_scene(
            scene.class_index, scene.seed, 0.9, without_parts=names[:2], occluders=False
        )
        assert (bare.object_mask & ~without.object_mask).sum() <= (
            render_scene(scene.class_index, scene.seed, 0.9, occluders=False).object_mask
            & ~scene.object_mask
        ).sum()


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("difficulty", "mean_low", "mean_high", "least"),
    [(0.0, 0.30, 0.40, 0.18), (0.45, 0.15, 0.24, 0.05), (1.0, 0.04, 0.10, 0.005)],
)
def test_objects_shrink_with_the_difficulty(difficulty, mean_low, mean_high, least):
    areas = [scene.object_mask.mean() for scene in generate("area", 80, 0, difficulty)]
    assert mean_low < np.mean(areas) < mean_high
    assert min(areas) >= least


def test_every_part_shows_in_an_easy_scene():
    for scene in generate("parts", 50, 0, 0.0):
        assert set(np.unique(scene.parts)) >= set(range(1, len(scene.part_names) + 1))


@pytest.mark.nightly
def test_the_colour_of_the_object_does_not_tell_the_class():
    """The nearest mean colour of the classes guesses right about as often as chance."""
    scenes = list(generate("colour", 400, 0, 0.3))
    colours = np.array([scene.image[scene.object_mask].mean(axis=0) for scene in scenes])
    labels = np.array([scene.class_index for scene in scenes])
    first, second = slice(0, 200), slice(200, 400)
    centres = np.array([colours[first][labels[first] == c].mean(axis=0) for c in ALL_CLASSES])
    distances = ((colours[second][:, None] - centres) ** 2).sum(axis=2)
    accuracy = (distances.argmin(axis=1) == labels[second]).mean()
    assert accuracy < 0.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 0, 0.5), r"class_index is 10, but must be 0 to 9"),
        ((-1, 0, 0.5), r"class_index is -1"),
        ((0, 0, 1.5), r"difficulty is 1\.5, but must be between 0 and 1"),
        ((0, 0, float("nan")), r"difficulty is nan"),
    ],
)
def test_an_impossible_scene_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        render_scene(*arguments)


def test_a_size_that_is_no_multiple_of_32_is_refused():
    with pytest.raises(ValueError, match="size is 48, but must be a multiple of 32"):
        render_scene(0, 0, 0.5, size=48)


def test_an_unknown_part_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"car has no part sail\. Choose from .*wheels"):
        render_scene(CLASS_NAMES.index("car"), 0, 0.0, without_parts=["sail", "wheels"])
