"""The cast: a narrow random classifier, the shipped ones, and a few scenes."""

import multiprocessing
import re
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import VGG13, he_initialise
from explanations.engine import Engine
from explanations.imagesets.background import Background
from explanations.imagesets.scenes import CLASS_NAMES, generate
from explanations.pipeline.data_folder import artefact_store
from tests.conftest import ROOT, missing
from tests.explanations.claiming import claim
from tests.once import made_once


@pytest.fixture
def other_claims():
    """Another process that claims keys in a folder; ended with the test."""
    begun = []
    context = multiprocessing.get_context("spawn")

    def begin(folder, keys):
        line, its_end = context.Pipe()
        process = context.Process(target=claim, args=(folder, keys, its_end))
        process.start()
        begun.append((process, line))
        assert line.poll(30)
        return line.recv(), process

    yield begin
    for process, line in begun:
        if process.is_alive():
            line.send("enough")
        process.join(30)


def random_classifier() -> Classifier:
    """The VGG13 at its full width with random weights, always the same ones."""
    torch.manual_seed(0)
    network = VGG13()
    he_initialise(network)
    network.eval().requires_grad_(False)
    return Classifier(network, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple(CLASS_NAMES))


def narrow_classifier() -> Classifier:
    """The VGG13's layers with a quarter of their channels: what its tests promise does not depend
    on the width, which the shipped classifiers have, but their time does."""
    torch.manual_seed(0)
    network = VGG13()
    for layers in (network.conv_layers, network.fc_layers):
        for place, module in enumerate(layers):
            if isinstance(module, nn.Conv2d):
                inputs = module.in_channels if module.in_channels == 3 else module.in_channels // 4
                layers[place] = nn.Conv2d(inputs, module.out_channels // 4, 3, padding=1)
            elif isinstance(module, nn.Linear):
                outputs = module.out_features
                layers[place] = nn.Linear(
                    module.in_features // 4, outputs if outputs == 10 else outputs // 4
                )
    he_initialise(network)
    network.eval().requires_grad_(False)
    return Classifier(network, torch.full((3,), 0.5), torch.full((3,), 0.25), tuple(CLASS_NAMES))


@pytest.fixture(scope="session")
def untrained() -> Classifier:
    return narrow_classifier()


@pytest.fixture(
    scope="session", params=["untrained", pytest.param("trained", marks=pytest.mark.nightly)]
)
def classifier(request, untrained) -> Classifier:
    if request.param == "untrained":
        return untrained
    weights = ROOT / "weights" / "scenes.safetensors"
    if not weights.is_file():
        missing("There is no weights/scenes.safetensors; train it with manage.py train_classifier.")
    return Classifier.load(weights)


@pytest.fixture(scope="session")
def cifar10() -> Classifier:
    """The shipped CIFAR-10 classifier."""
    return Classifier.load(ROOT / "weights" / "cifar10.safetensors")


@pytest.fixture(scope="session")
def photographs(photographs_of) -> np.ndarray:
    """Real CIFAR-10 images, uint8 (20, 32, 32, 3): two test images of each class."""
    return photographs_of(2)[0]


@pytest.fixture(scope="session")
def photographs_of(shared_dir):
    """A function that gives so many test images of each class, 30 at most, and their classes."""
    wanted = re.compile(r"test/(\w+)/00([012]\d)\.jpg$")

    def unpack(folder: Path) -> None:
        # Forward only: going back in a compressed archive means unpacking it again from the start.
        with tarfile.open(shared_dir / "data" / "cifar10-jpeg.tar.xz", "r|xz") as archive:
            for member in archive:
                if match := wanted.search(member.name):
                    file = archive.extractfile(member)
                    pixels = np.array(Image.open(file).convert("RGB"))
                    np.save(folder / f"{match[1]}-{match[2]}.npy", pixels)

    # Unpacking the whole archive takes six seconds.
    files = sorted(made_once("photographs", unpack).iterdir())

    def of_each(count: int) -> tuple[np.ndarray, list[str]]:
        few = [file for file in files if int(file.stem[-2:]) < count]
        return np.stack([np.load(file) for file in few]), [file.stem[:-3] for file in few]

    return of_each


@pytest.fixture(scope="session")
def scenes() -> np.ndarray:
    """Six test scenes, uint8 (6, 32, 32, 3)."""
    return np.stack([scene.image for scene in generate("test", 6, 0)])


@pytest.fixture(scope="session")
def background() -> Background:
    """Four training scenes; a real background has 100."""
    return Background(np.stack([scene.image for scene in generate("train", 4, 0)]))


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory):
    """The random classifier on disk."""
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    random_classifier().save(path, torch.float16)
    return path


def explain_one(explainer, classifier, image, target, seed=0, background=None):
    """One image by one explainer: its Attribution."""
    engine = Engine(classifier, background)
    return engine.explain(image[None], [target], {"one": explainer}, seed=seed)["one"][0]


def flip_a_bit(row, bit=1500):
    """One bit of a stored map turns, as on an ageing disk."""
    path = artefact_store().root / row.pack
    content = bytearray(path.read_bytes())
    place = row.offset + bit // 8 % row.length
    content[place] ^= 1 << bit % 8
    path.write_bytes(content)
