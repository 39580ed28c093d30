"""CIFAR-10: read from the published batches or from JPEG folders, or how to get it."""

import hashlib
import pickle
import tarfile
from itertools import islice
from urllib.error import URLError

import numpy as np
import pytest

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.cifar10 import CLASS_NAMES, open_cifar10
from explanations.imagesets.decoding import encode_png

PER_BATCH = 4


@pytest.fixture
def offline(monkeypatch):
    """No network: torchvision's download fails at once."""

    def fail(*arguments, **options):
        raise URLError("Name or service not known")

    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", fail)


@pytest.fixture
def batches(tmp_path, monkeypatch, offline):
    """A folder like the published one, with four images a batch, and their checksums expected."""
    from torchvision.datasets import CIFAR10

    folder = tmp_path / CIFAR10.base_folder
    folder.mkdir()

    def write(name, content):
        data = pickle.dumps(content, protocol=2)
        (folder / name).write_bytes(data)
        return hashlib.md5(data).hexdigest()

    def batch(number):
        pixels = np.full((PER_BATCH, 3072), number, dtype=np.uint8)
        pixels[:, :1024] = 200  # the red plane comes first
        return {"data": pixels, "labels": [number, 9, 0, 1]}

    train = [[f"data_batch_{n}", write(f"data_batch_{n}", batch(n))] for n in range(1, 6)]
    monkeypatch.setattr(CIFAR10, "train_list", train)
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", write("test_batch", batch(7))]])
    names = {"label_names": list(CLASS_NAMES)}
    meta = {**CIFAR10.meta, "md5": write(CIFAR10.meta["filename"], names)}
    monkeypatch.setattr(CIFAR10, "meta", meta)
    return folder


def test_the_published_batches_are_read(batches):
    image_set = open_cifar10(batches.parent)
    images = list(image_set.images("test"))
    assert image_set.count("train") == 5 * PER_BATCH
    assert [image.class_name for image in images] == ["horse", "truck", "airplane", "automobile"]
    assert images[0].pixels.shape == (32, 32, 3)
    assert (images[0].pixels == (200, 7, 7)).all()
    assert images[1].source == "test/00001"


def test_the_batch_folder_itself_may_be_given(batches):
    assert open_cifar10(batches).count("test") == PER_BATCH


def test_a_batch_with_a_wrong_checksum_is_never_unpickled(batches, monkeypatch):
    (batches / "test_batch").write_bytes(b"changed")
    monkeypatch.setattr("pickle.load", lambda *a, **k: pytest.fail("it was unpickled"))
    with pytest.raises(ImageSetError, match="CIFAR-10 is not in"):
        open_cifar10(batches).count("test")


def test_without_data_and_network_the_message_says_how_to_get_it(tmp_path, offline):
    with pytest.raises(ImageSetError) as caught:
        open_cifar10(tmp_path).entries("test")
    message = str(caught.value)
    assert "\n" not in message
    for words in (str(tmp_path), "Name or service not known", "--data-dir", "cifar-10-batches-py"):
        assert words in message


def test_a_folder_of_images_is_read_as_files(tmp_path):
    for name in ("airplane", "truck"):
        folder = tmp_path / "test" / name
        folder.mkdir(parents=True)
        pixels = np.zeros((32, 32, 3), dtype=np.uint8)
        (folder / "0000.png").write_bytes(encode_png(pixels))
    image_set = open_cifar10(tmp_path)
    assert image_set.name == "cifar10"
    assert image_set.class_names == CLASS_NAMES
    assert [entry.class_index for entry in image_set.entries("test")] == [0, 9]


def test_a_folder_with_a_class_that_cifar10_lacks_is_refused(tmp_path):
    (tmp_path / "test" / "unicorn").mkdir(parents=True)
    with pytest.raises(ImageSetError, match="unicorn is an unknown class"):
        open_cifar10(tmp_path).entries("test")


def test_an_unknown_split_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ImageSetError, match=r"no split 'validation'\. Choose train or test"):
        open_cifar10(tmp_path).entries("validation")


def test_the_class_names_are_those_of_torchvision(batches):
    from torchvision.datasets import CIFAR10

    assert tuple(CIFAR10(batches.parent, train=False).classes) == CLASS_NAMES


@pytest.mark.shared
def test_the_jpeg_copy_of_the_data_is_read(shared_dir, tmp_path):
    with tarfile.open(shared_dir / "data" / "cifar10-jpeg.tar.xz", "r|xz") as archive:
        for member in islice(archive, 200):  # a stream: the rest of 60,000 files stays packed
            archive.extract(member, tmp_path, filter="data")
    image_set = open_cifar10(tmp_path)
    images = list(image_set.images("train"))
    assert 190 < len(images) <= 200
    assert {image.class_name for image in images} == {"airplane"}
    assert {image.pixels.shape for image in images} == {(32, 32, 3)}
