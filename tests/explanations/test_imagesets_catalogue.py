"""Image sets by name, and whole splits in memory."""

import subprocess
import sys

import numpy as np
import pytest

from explanations.imagesets.arrays import training_arrays
from explanations.imagesets.base import ImageSetError, LabelledImage
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.decoding import encode_png
from explanations.imagesets.scenes import CLASS_NAMES, split_scene


def test_scenes_are_an_image_set_with_masks():
    image_set = open_image_set("scenes", seed=4, difficulty=0.2)
    image = next(image_set.images("test"))
    scene = split_scene("test", 0, 4, 0.2)
    assert image_set.class_names == CLASS_NAMES
    assert (image.pixels == scene.image).all()
    assert (image.mask == scene.parts).all()
    assert image.part_names == scene.part_names
    assert image.class_name == "boat"
    assert image.source == "test/00000"


def test_a_selection_of_scenes_is_balanced():
    arrays, labels = training_arrays(open_image_set("scenes"), "test", limit=30)
    assert arrays.shape == (30, 32, 32, 3)
    assert arrays.dtype == np.uint8
    assert labels.dtype == np.int64
    assert (np.bincount(labels) == 3).all()


def test_scenes_have_no_other_split():
    with pytest.raises(ImageSetError, match=r"no split 'validation'\. Choose train or test"):
        open_image_set("scenes").count("validation")


def test_a_path_opens_a_folder(tmp_path):
    (tmp_path / "test/cat").mkdir(parents=True)
    assert open_image_set(str(tmp_path)).class_names == ("cat",)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(
        ImageSetError,
        match="'cifar' is neither scenes, scenes-128, cifar10, torchvision:NAME, a csv file nor",
    ):
        open_image_set("cifar")


def test_arrays_keep_the_order_of_the_images(tmp_path):
    for number, name in enumerate(("cat", "dog")):
        folder = tmp_path / "train" / name
        folder.mkdir(parents=True)
        pixels = np.full((4, 4, 3), 100 + number, dtype=np.uint8)
        (folder / "0.png").write_bytes(encode_png(pixels))
    arrays, labels = training_arrays(open_image_set(str(tmp_path)), "train")
    assert arrays[:, 0, 0, 0].tolist() == [100, 101]
    assert labels.tolist() == [0, 1]


def test_images_of_two_sizes_do_not_fit_one_array(tmp_path):
    folder = tmp_path / "train/cat"
    folder.mkdir(parents=True)
    for size in (4, 5):
        pixels = np.zeros((size, size, 3), dtype=np.uint8)
        (folder / f"{size}.png").write_bytes(encode_png(pixels))
    with pytest.raises(ImageSetError, match=r"train/cat/5\.png has 5 x 5 pixels, .* 4 x 4"):
        training_arrays(open_image_set(str(tmp_path)), "train")


@pytest.mark.parametrize(
    ("pixels", "mask"),
    [
        (np.zeros((4, 4), dtype=np.uint8), None),
        (np.zeros((4, 4, 3)), None),
        (np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((3, 4), dtype=np.uint8)),
    ],
)
def test_a_labelled_image_of_the_wrong_shape_is_refused(pixels, mask):
    with pytest.raises(ValueError, match="must be"):
        LabelledImage(pixels, "cat", "test", "0", mask)


def test_the_image_sets_load_neither_torch_nor_django():
    code = (
        "import sys; import explanations.imagesets.catalogue, explanations.imagesets.arrays; "
        "print([m for m in ('torch', 'torchvision', 'django') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
