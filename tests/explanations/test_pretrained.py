"""torchvision's networks and a folder of photographs: the engine as a library."""

import dataclasses
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision import models

from explanations.classifier.checkpoint import CheckpointError
from explanations.classifier.pretrained import torchvision_classifier
from explanations.engine import Engine, explain
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.photographs import read_photographs
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.saliency import Saliency
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "library.md"


@pytest.fixture
def folder(tmp_path):
    """Two photographs of different sizes, and a file that is none."""
    generator = np.random.default_rng(0)
    for name, size in (("b.jpg", (300, 400, 3)), ("a.png", (224, 224, 3))):
        Image.fromarray(generator.integers(0, 256, size, dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_a_folder_of_photographs_becomes_squares_in_the_order_of_their_names(folder):
    images = read_photographs(folder, size=64)
    assert images.shape == (2, 64, 64, 3)
    assert images.dtype == np.uint8
    assert (read_photographs(folder)[0] == np.array(Image.open(folder / "a.png"))).all()


def test_a_folder_without_images_and_a_damaged_file_are_named(folder):
    (folder / "c.jpg").write_bytes(b"no jpeg")
    with pytest.raises(ImageSetError, match=r"c\.jpg is not a readable image"):
        read_photographs(folder)
    with pytest.raises(ImageSetError, match="does not exist"):
        read_photographs(folder / "nowhere")
    (folder / "empty").mkdir()
    with pytest.raises(ImageSetError, match="contains no images"):
        read_photographs(folder / "empty")


@pytest.mark.nightly
def test_a_vgg_of_torchvision_is_explained_at_its_own_size(folder):
    """Random weights: those of ImageNet are loaded by the same call with their name."""
    torch.manual_seed(0)
    classifier = torchvision_classifier("vgg11_bn", weights=None)
    images = read_photographs(folder)[:1]
    quick = {
        "gradcam": GradCam(),
        "saliency": Saliency(),
        "integrated_gradients": IntegratedGradients(steps=2),
        "deepshap": DeepShap(),
        "lime": Lime(samples=6),
    }
    found = explain(classifier, images, methods=quick)
    for attributions in found.values():
        assert attributions.relevance.shape == (1, 224, 224)
        assert np.isfinite(attributions.relevance).all()
    assert found.probabilities.shape == (1, 1000)
    assert found["gradcam"].native.shape == (1, 14, 14)
    assert found["deepshap"].diagnostics[0]["additivity_residual"] < 1e-4
    pixels = classifier.normalise(images).requires_grad_()
    logit = classifier.network(pixels)[0, int(found.targets[0])]
    (gradient,) = torch.autograd.grad(logit, pixels)
    expected = gradient[0].abs().numpy()
    assert np.abs(found["saliency"].channels[0] - expected).max() < 1e-4 * expected.max()


def test_the_ten_lines_of_the_library_s_page_run_as_they_stand(folder, untrained, monkeypatch):
    """With a small network in place of the VGG16, whose weights would have to be downloaded."""
    code = PAGE.read_text().split("```python\n")[1].split("```")[0]
    network = nn.Sequential(nn.Conv2d(3, 4, 3, stride=8), nn.ReLU(), nn.Flatten())
    network.append(nn.Linear(4 * 28 * 28, 10))
    small = dataclasses.replace(untrained, network=network.eval(), image_size=224)
    monkeypatch.setattr(
        "explanations.classifier.pretrained.torchvision_classifier", {"vgg16": small}.__getitem__
    )
    (folder / "photographs").mkdir()
    for name in ("a.png", "b.jpg"):
        (folder / name).rename(folder / "photographs" / name)
    monkeypatch.chdir(folder)
    exec(compile(code, "library.md", "exec"), {})
    with Image.open("gradcam.png") as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 100
    assert len(code.strip().splitlines()) <= 10


def test_weights_are_read_by_torchvisions_name_from_where_it_keeps_them(tmp_path, monkeypatch):
    """A small network, to write few bytes; the pre-flight then answers for each method."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.manual_seed(1)
    stored = models.squeezenet1_1()
    checkpoints = tmp_path / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    url = models.SqueezeNet1_1_Weights.IMAGENET1K_V1.url
    torch.save(stored.state_dict(), checkpoints / url.rpartition("/")[2])
    classifier = torchvision_classifier("squeezenet1_1")
    assert torch.equal(
        classifier.network.state_dict()["classifier.1.weight"],
        stored.state_dict()["classifier.1.weight"],
    )
    assert classifier.class_names[:2] == ("tench", "goldfish")
    assert classifier.image_size == 224
    refused = Engine(classifier).refusals(("saliency", "gradcam_layer_3"))
    assert list(refused) == ["gradcam_layer_3"]
    assert "because the network branches" in refused["gradcam_layer_3"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg17",), "no network 'vgg17'. The VGGs are: vgg11, vgg11_bn"),
        (("squeezenet1_1", "CIFAR"), "no weights 'CIFAR' for squeezenet1_1. Choose from: IMAGENET"),
    ],
)
def test_unknown_names_are_refused_with_those_there_are(arguments, message):
    with pytest.raises(CheckpointError, match=message):
        torchvision_classifier(*arguments)


def test_without_a_network_it_says_where_the_file_may_be_put(tmp_path, monkeypatch):
    def offline(*_, **__):
        raise URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(CheckpointError, match=r"cannot be downloaded \(no route to host\)"):
        torchvision_classifier("squeezenet1_1")
