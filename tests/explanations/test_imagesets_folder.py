"""Folders split/class/image: every problem in one line, found before anything is used."""

import re
from collections import Counter

import numpy as np
import pytest

from explanations.imagesets.arrays import groups_of
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import encode_png
from explanations.imagesets.folder import FolderSet


def write_images(folder, count, size=8):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        pixels = np.full((size, size, 3), number, dtype=np.uint8)
        (folder / f"{number:04d}.png").write_bytes(encode_png(pixels))


@pytest.fixture
def pets(tmp_path):
    """Two splits of two classes: 6 cats and 10 dogs to train, 4 and 4 to test."""
    write_images(tmp_path / "pets/train/cat", 6)
    write_images(tmp_path / "pets/train/dog", 10)
    write_images(tmp_path / "pets/test/cat", 4)
    write_images(tmp_path / "pets/test/dog", 4)
    return tmp_path / "pets"


def problems(root, split="test", **options) -> tuple[str, ...]:
    with pytest.raises(ImageSetError) as caught:
        FolderSet(root, **options).check(split)
    assert all("\n" not in problem for problem in caught.value.problems)
    return caught.value.problems


def test_images_come_with_class_split_and_source(pets):
    image_set = FolderSet(pets)
    images = list(image_set.images("test"))
    assert image_set.name == "pets"
    assert image_set.class_names == ("cat", "dog")
    assert [image.source for image in images][3:5] == ["test/cat/0003.png", "test/dog/0000.png"]
    assert [image.class_name for image in images] == ["cat"] * 4 + ["dog"] * 4
    assert (images[3].pixels == 3).all()
    assert images[3].split == "test"
    assert images[0].mask is None
    assert image_set.count("train") == 16


def test_a_limit_is_balanced_over_the_classes(pets):
    chosen = list(FolderSet(pets).images("train", limit=8))
    assert Counter(image.class_name for image in chosen) == {"cat": 4, "dog": 4}
    assert FolderSet(pets).count("train", limit=8) == 8


def test_a_limit_beyond_the_smaller_class_takes_more_of_the_larger(pets):
    chosen = FolderSet(pets).selection("train", limit=14)
    assert Counter(entry.class_index for entry in chosen) == {0: 6, 1: 8}


def test_the_seed_chooses_and_a_larger_limit_only_adds(pets):
    image_set = FolderSet(pets)
    few = set(image_set.selection("train", 4, seed=1))
    assert set(FolderSet(pets).selection("train", 4, seed=1)) == few
    assert few < set(image_set.selection("train", 8, seed=1))
    others = [set(image_set.selection("train", 4, seed=seed)) for seed in range(2, 6)]
    assert any(other != few for other in others)


def test_a_limit_below_one_is_refused(pets):
    with pytest.raises(ImageSetError, match="limit is 0, but must be at least 1"):
        FolderSet(pets).count("test", limit=0)


def test_an_unknown_class_of_the_test_split_is_named(pets):
    write_images(pets / "test/horse", 1)
    (line,) = problems(pets)
    assert line.startswith(f"{pets / 'test/horse'} is an unknown class. Known classes: cat, dog.")


def test_a_class_that_the_classifier_does_not_know_is_named(pets):
    lines = problems(pets, class_names=("cat", "fox"))
    assert [str(pets / "test/dog") in line for line in lines] == [True]


def test_expected_classes_keep_their_order(pets):
    image_set = FolderSet(pets, class_names=("dog", "cat"))
    assert [entry.class_index for entry in image_set.entries("test")] == [1] * 4 + [0] * 4


def test_without_a_train_split_all_splits_name_the_classes(tmp_path):
    write_images(tmp_path / "first/ant", 1)
    write_images(tmp_path / "second/bee", 1)
    assert FolderSet(tmp_path).class_names == ("ant", "bee")


def test_a_missing_split_is_answered_with_the_splits_there_are(pets):
    (line,) = problems(pets, split="validation")
    assert line.startswith(f"{pets} has no split 'validation'. Its folders are: test, train.")


def test_a_split_may_not_lead_out_of_the_folder(pets):
    (line,) = problems(pets, split="train/../test")
    assert "has no split 'train/../test'" in line


def test_an_empty_split_is_named(pets):
    (pets / "empty").mkdir()
    (line,) = problems(pets, split="empty")
    assert line.startswith(f"{pets / 'empty'} is empty.")


def test_an_empty_class_folder_is_named(pets):
    for path in (pets / "test/cat").iterdir():
        path.unlink()
    (line,) = problems(pets)
    assert line.startswith(f"{pets / 'test/cat'} is an empty class folder.")


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ImageSetError, match="contains no class folders"):
        FolderSet(tmp_path)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(ImageSetError, match=r"gone is not a folder"):
        FolderSet(tmp_path / "gone")


def test_stray_files_and_folders_are_named(pets):
    (pets / "test/list.csv").write_text("a,b")
    (pets / "test/dog/more").mkdir()
    lines = problems(pets)
    assert [line.split()[0] for line in lines] == [
        str(pets / "test/dog/more"),
        str(pets / "test/list.csv"),
    ]


def test_hidden_files_and_files_beside_the_splits_are_left_alone(pets):
    (pets / "README.md").write_text("about")
    (pets / "test/.DS_Store").write_text("x")
    (pets / "test/cat/.DS_Store").write_text("x")
    FolderSet(pets).check("test")
    assert FolderSet(pets).count("test") == 8


def test_every_bad_image_is_named_in_its_own_line(pets):
    whole = (pets / "test/cat/0001.png").read_bytes()
    (pets / "test/cat/0001.png").write_bytes(whole[:50])
    (pets / "test/dog/notes.txt").write_text("no image")
    lines = problems(pets)
    assert len(lines) == 2
    assert str(pets / "test/cat/0001.png") in lines[0]
    assert "truncated" in lines[0]
    assert str(pets / "test/dog/notes.txt") in lines[1]
    assert "not a readable image" in lines[1]


def test_a_flood_of_problems_is_cut_and_counted(tmp_path):
    folder = tmp_path / "test/cat"
    folder.mkdir(parents=True)
    for number in range(25):
        (folder / f"{number}.png").touch()
    with pytest.raises(ImageSetError, match="… and 5 more problems") as caught:
        FolderSet(tmp_path).check("test")
    assert len(caught.value.problems) == 25
    assert len(str(caught.value).splitlines()) == 21


def test_a_bad_image_outside_the_selection_does_not_stop_the_check(pets):
    selected = {entry.source for entry in FolderSet(pets).selection("test", 2)}
    unselected = next(
        entry.source for entry in FolderSet(pets).entries("test") if entry.source not in selected
    )
    (pets / unselected).write_text("no image")
    FolderSet(pets).check("test", limit=2)
    assert len(problems(pets)) == 1


def test_images_of_any_size_can_be_fitted(tmp_path):
    write_images(tmp_path / "test/cat", 1, size=40)
    assert next(FolderSet(tmp_path).images("test")).pixels.shape == (40, 40, 3)
    assert next(FolderSet(tmp_path, size=32).images("test")).pixels.shape == (32, 32, 3)


def with_manifest(root, text):
    (root / "manifest.csv").write_text(text, encoding="utf-8")
    return root


def test_a_manifest_gives_images_their_groups(pets):
    text = "path,licence,group\ntest/cat/0000.png,CC0,night\ntest/dog/0001.png,CC0, day \n"
    images = list(FolderSet(with_manifest(pets, text)).images("test"))
    groups = {image.source: image.group for image in images if image.group}
    assert groups == {"test/cat/0000.png": "night", "test/dog/0001.png": "day"}
    assert groups_of(FolderSet(pets), "test") == [image.group for image in images]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "path,licence\ntest/cat/0000.png,CC0\n"])
def test_a_manifest_without_groups_is_left_alone(pets, text):
    images = FolderSet(with_manifest(pets, text)).images("test")
    assert {image.group for image in images} == {""}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("file,group\ntest/cat/0000.png,day\n", "needs a column path"),
        ("path,group\ntest/cat/none.png,day\n", "line 2: there is no image 'test/cat/none.png'"),
        ("path,group\n,day\n", "line 2: there is no image ''"),
        ("path,group\n" + 2 * "test/cat/0000.png,day\n", "line 3: 'test/cat/0000.png' is listed"),
        (f"path,group\ntest/cat/0000.png,{'x' * 81}\n", "line 2: the group has 81 characters"),
        ("path,group\n../pets/test/cat/0000.png\n", "there is no image"),
    ],
)
def test_mistakes_of_a_manifest_are_named_with_their_lines(pets, text, problem):
    with pytest.raises(ImageSetError, match=re.escape(problem)):
        FolderSet(with_manifest(pets, text))


def test_a_manifest_that_is_not_utf_8_says_so(pets):
    (pets / "manifest.csv").write_bytes("path,group\ntest/cat/0000.png,größe\n".encode("latin-1"))
    with pytest.raises(ImageSetError, match="not UTF-8"):
        FolderSet(pets)
