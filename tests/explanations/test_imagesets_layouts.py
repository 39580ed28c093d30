"""Folders of classes, csv files and data sets of torchvision: how they are divided, or refused."""

import re
import struct
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.catalogue import open_image_set
from explanations.imagesets.decoding import encode_png
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.manifest_set import ManifestSet
from explanations.imagesets.split_rule import SplitRule
from explanations.imagesets.torchvision_set import NAMES, TorchvisionSet

SHARES = SplitRule((80, 20))


def write(root, *paths):
    for number, path in enumerate(paths):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(encode_png(np.full((4, 4, 3), number, np.uint8)))
    return root


@pytest.fixture
def pets(tmp_path):
    """Ten cats and twenty dogs, in no splits."""
    cats = [f"cat/{number}.png" for number in range(10)]
    return write(tmp_path / "pets", *cats, *(f"dog/{number}.png" for number in range(20)))


def sources(image_set, split):
    return {entry.source for entry in image_set.entries(split)}


def refusal(act, *args, **options):
    with pytest.raises(ImageSetError) as caught:
        act(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ("80/20", {"train": (8, 16), "test": (2, 4)}),
        ("50/20/30", {"train": (5, 10), "validation": (2, 4), "test": (3, 6)}),
    ],
)
def test_every_class_is_divided_by_the_shares(pets, rule, counts):
    image_set = FolderSet(pets, split_rule=SplitRule.of(rule))
    assert tuple(image_set.splits()) == tuple(counts)
    for split, expected in counts.items():
        found = Counter(entry.class_index for entry in image_set.entries(split))
        assert (found[0], found[1]) == expected
    everything = [source for split in counts for source in sources(image_set, split)]
    assert len(everything) == len(set(everything)) == 30


def test_the_same_seed_divides_alike_and_another_otherwise(pets):
    first, again, other = (
        sources(FolderSet(pets, split_rule=SplitRule((80, 20), seed)), "test") for seed in (1, 1, 2)
    )
    assert first == again != other
    # Written down, so that a later version divides published images alike.
    fixed = SplitRule((50, 50)).divide({f"a/{number}": 0 for number in range(6)}, {})
    assert fixed["test"] == ["a/0", "a/3", "a/4"]


def test_a_group_is_never_divided(pets):
    rows = [f"cat/{number}.png,{'p' + str(number // 4)}" for number in range(10)]
    rows += [f"dog/{number}.png,{'p' + str(number // 4)}" for number in range(20)]
    (pets / "manifest.csv").write_text("path,group\n" + "\n".join(rows))
    image_set = FolderSet(pets, split_rule=SHARES)
    groups = [{entry.group for entry in image_set.entries(split)} for split in SHARES.splits]
    assert all(groups)
    assert not groups[0] & groups[1]
    assert 4 <= image_set.count("test") <= 8
    # The control: without groups, the same patients are in both splits.
    (pets / "manifest.csv").unlink()
    parts = [
        {int(source.split("/")[1].split(".")[0]) // 4 for source in sources(image_set, split)}
        for image_set in [FolderSet(pets, split_rule=SHARES)]
        for split in SHARES.splits
    ]
    assert parts[0] & parts[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80", "It must be two or three whole shares"),
        ("80/30", "that sum to 100"),
        ("100/0", "The split rule is 100/0"),
        ("40/30/20/10", "two or three whole shares"),
        ("0.8/0.2", "'0.8/0.2' is not a split rule"),
        ("a/b", "Give whole shares in percent, such as 80/20"),
        ("²/98", "is not a split rule"),
    ],
)
def test_a_rule_that_is_none_is_refused(text, message):
    assert message in refusal(SplitRule.of, text)


def test_layouts_are_told_apart_and_refused_with_what_was_seen(pets, tmp_path):
    said = refusal(FolderSet, pets)
    assert "the folders cat (10 files), dog (20 files), but no folders below them" in said
    assert "--split-rule 80/20" in said
    divided = write(tmp_path / "divided", "train/cat/0.png", "test/cat/0.png")
    said = refusal(FolderSet, divided, split_rule=SHARES)
    assert "contains folders in test, train, as in split/class/image. Omit --split-rule" in said
    loose = write(tmp_path / "loose", "0.png", "1.png")
    assert "contains no class folders, only files such as 0.png" in refusal(FolderSet, loose)
    assert "scenes has its own splits" in refusal(open_image_set, "scenes", split_rule=SHARES)


@pytest.fixture
def listed(tmp_path):
    """A csv file of four images that lie anywhere, two of each class and split."""
    write(tmp_path, "a/0.png", "b/1.png", "b/c/2.png", "3.png")
    (tmp_path / "scans.csv").write_text(
        "path,class,split,group,age\n"
        "a/0.png,ill,train,p1,40\nb/1.png, well ,train,p2,41\n"
        "b/c/2.png,ill,test,p3,42\n3.png,well,test,,43\n",
        encoding="utf-8-sig",
    )
    return tmp_path / "scans.csv"


def test_a_csv_file_lists_images_with_class_split_and_group(listed):
    image_set = open_image_set(str(listed), size=2)
    assert isinstance(image_set, ManifestSet)
    assert (image_set.name, image_set.class_names) == ("scans", ("ill", "well"))
    images = list(image_set.images("test"))
    assert [(image.source, image.class_name, image.group) for image in images] == [
        ("b/c/2.png", "ill", "p3"),
        ("3.png", "well", ""),
    ]
    assert images[0].pixels.shape == (2, 2, 3)
    assert "Its splits are: test, train" in refusal(image_set.entries, "validation")


def test_a_manifest_in_a_folder_lists_its_images_unless_the_folder_is_divided(listed, pets):
    listed.rename(listed.with_name("manifest.csv"))
    image_set = open_image_set(str(listed.parent))
    # pets lies in the same folder, with class folders below it.
    assert isinstance(image_set, FolderSet)
    for path in sorted(pets.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    pets.rmdir()
    (listed.parent / "b" / "c" / "2.png").rename(listed.parent / "2.png")
    (listed.parent / "b" / "c").rmdir()
    text = listed.with_name("manifest.csv").read_text(encoding="utf-8-sig")
    listed.with_name("manifest.csv").write_text(text.replace("b/c/2.png", "2.png"))
    image_set = open_image_set(str(listed.parent))
    assert isinstance(image_set, ManifestSet)
    assert image_set.count("train") == image_set.count("test") == 2


def test_a_csv_file_without_splits_is_divided_by_a_rule(listed):
    text = listed.read_text(encoding="utf-8-sig")
    listed.write_text(text.replace("split", "site"), encoding="utf-8")
    assert "has no column split. Add it, or give --split-rule 80/20" in refusal(ManifestSet, listed)
    image_set = ManifestSet(listed, split_rule=SplitRule((50, 50)))
    assert image_set.count("train") + image_set.count("test") == 4
    listed.write_text(text, encoding="utf-8")
    assert "Omit one of them" in refusal(ManifestSet, listed, split_rule=SHARES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("path,class", "file,label", "but lacks path and class. The columns are path"),
        ("a/0.png", "a/9.png", "line 2: there is no image 'a/9.png'"),
        ("a/0.png", "../x.png", "line 2: there is no image '../x.png'"),
        ("a/0.png", "/etc/hosts", "line 2: there is no image '/etc/hosts'"),
        ("b/1.png", "a/0.png", "line 3: 'a/0.png' is listed twice"),
        (" well ,train", ",train", "line 3: the class is empty. Enter it."),
        ("well ,train", "well,", "line 3: the split is empty"),
        ("p3", "p" * 81, "line 4: the group has 81 characters, but may have 80"),
        ("ill,test", "x" * 81 + ",test", "line 4: the class has 81 characters"),
    ],
)
def test_mistakes_of_a_csv_file_are_named_with_their_lines(listed, old, new, message):
    text = listed.read_text(encoding="utf-8-sig")
    assert old in text
    listed.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert message in refusal(ManifestSet, listed)


def test_a_csv_file_of_other_classes_than_the_classifier_s_is_refused(listed):
    said = refusal(open_image_set, str(listed), class_names=("ill", "healthy"))
    assert "has the class 'well', which is unknown. Known classes: ill, healthy" in said


@pytest.fixture
def digits(tmp_path):
    """MNIST as torchvision stores it, of six and four images."""
    for split, count in (("train", 6), ("t10k", 4)):
        raw = tmp_path / "MNIST" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        pixels = np.arange(count * 28 * 28, dtype=np.uint32).astype(np.uint8).tobytes()
        (raw / f"{split}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 0x803, count, 28, 28) + pixels
        )
        (raw / f"{split}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 0x801, count) + bytes(number % 10 for number in range(count))
        )
    return tmp_path


def test_a_data_set_of_torchvision_is_read_from_its_folder(digits):
    image_set = open_image_set("torchvision:mnist", digits)
    assert (image_set.name, len(image_set.class_names)) == ("mnist", 10)
    assert (image_set.count("train"), image_set.count("test")) == (6, 4)
    image = next(image_set.images("test"))
    assert image.pixels.shape == (28, 28, 3)
    assert (image.pixels[..., 0] == image.pixels[..., 1]).all()
    assert image.source == "test/000000"
    sized = open_image_set("torchvision:MNIST", digits, size=14)
    assert next(sized.images("test")).pixels.shape == (14, 14, 3)
    assert "has no split 'validation'. Choose train or test" in refusal(
        image_set.entries, "validation"
    )


def test_a_data_set_without_published_splits_needs_a_rule(tmp_path):
    for number in range(10):
        path = (
            tmp_path / "eurosat" / "2750" / ("Forest" if number % 2 else "River") / f"{number}.png"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), (number, 0, 0)).save(path)
    said = refusal(open_image_set, "torchvision:EuroSAT", tmp_path)
    assert "has no published splits. Give --split-rule 80/20" in said
    image_set = open_image_set("torchvision:EuroSAT", tmp_path, split_rule=SHARES)
    assert image_set.class_names == ("Forest", "River")
    assert (image_set.count("train"), image_set.count("test")) == (8, 2)
    assert next(image_set.images("test")).pixels.shape == (6, 8, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("torchvision:ImageFolder", "is not a data set of torchvision that can be read here"),
        ("torchvision:SVHN", "SVHN is not in .* Nothing is downloaded here: put the data there"),
    ],
)
def test_a_data_set_that_is_unknown_or_not_there_is_refused(tmp_path, data, message):
    assert re.search(message, refusal(open_image_set, data, tmp_path), re.S)
    assert "needs --data-dir" in refusal(open_image_set, data)


def test_the_published_splits_of_a_data_set_stay(digits):
    said = refusal(open_image_set, "torchvision:MNIST", digits, split_rule=SHARES)
    assert "has published splits. Omit --split-rule 80/20" in said


@pytest.mark.parametrize("name", NAMES)
def test_every_listed_data_set_is_one_that_says_when_it_is_not_there(tmp_path, name):
    rule = SHARES if name in ("EuroSAT", "Caltech101") else None
    said = refusal(TorchvisionSet, name, tmp_path, split_rule=rule)
    assert "Nothing is downloaded here" in said
