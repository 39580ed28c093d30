"""Training of torchvision's networks: from given weights, interruptible, and with a card."""

import dataclasses
import json
from types import SimpleNamespace
from urllib.error import URLError

import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from PIL import Image
from safetensors.torch import save_file
from torchvision import models

from explanations.classifier import architectures, training
from explanations.classifier.batches import LabelledTensors, shuffled_batches, split_validation
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.pipeline import outputs_of
from explanations.classifier.recipes import RECIPES
from explanations.classifier.starting import begin, start_from_download, start_from_file

KEY = "mobilenet_v3_small"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of red and blue images of several sizes."""
    root = tmp_path_factory.mktemp("colours") / "colours"
    generator = np.random.default_rng(3)
    for split, count in (("train", 9), ("test", 3)):
        for channel, name in ((0, "red"), (2, "blue")):
            (root / split / name).mkdir(parents=True)
            for number in range(count):
                shape = (40, 40 + 4 * (number % 3), 3)
                pixels = generator.integers(0, 90, shape, dtype=np.uint8)
                pixels[:, :, channel] += 150
                Image.fromarray(pixels).save(root / split / name / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Weights of five classes, as torchvision would store them."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp("start") / "five.safetensors"
    save_file(architectures.get(KEY).build(5, 32).state_dict(), path)
    return path


def train(folder, output, *options):
    return call_command(
        "train_classifier", f"--data={folder}", f"--architecture={KEY}", "--size=32",
        "--epochs=2", f"--output={output}", *options,
    )  # fmt: skip


@pytest.mark.nightly
def test_a_run_that_is_stopped_and_repeated_ends_with_the_same_file(
    folder, start, tmp_path, monkeypatch
):
    whole, broken = tmp_path / "whole.safetensors", tmp_path / "broken.safetensors"
    said = train(folder, whole, f"--weights={start}")
    assert "Test accuracy" in said
    assert all(path.is_file() for path in outputs_of(whole))
    real = training._run_epoch

    def stopped(*arguments):
        if arguments[5] == 1:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(training, "_run_epoch", stopped)
    with pytest.raises(CommandError, match="Repeat the command to continue"):
        train(folder, broken, f"--weights={start}")
    monkeypatch.setattr(training, "_run_epoch", real)
    with pytest.raises(CommandError, match=r"other starting weights\. Delete it to start again"):
        train(folder, broken)
    train(folder, broken, f"--weights={start}")

    assert broken.read_bytes() == whole.read_bytes()
    classifier = Classifier.load(whole)
    assert (classifier.architecture, classifier.image_size) == (KEY, 32)
    assert classifier.class_names == ("blue", "red")
    assert np.allclose(classifier.mean, (0.485, 0.456, 0.406))


def test_a_folder_without_splits_is_trained_on_by_the_rule_that_the_card_states(
    folder, tmp_path, capsys
):
    whole = tmp_path / "whole"
    for name in ("blue", "red"):
        (whole / name).mkdir(parents=True)
        for path in (folder / "train" / name).iterdir():
            (whole / name / path.name).write_bytes(path.read_bytes())
    output = tmp_path / "divided.safetensors"
    options = ["train_classifier", f"--data={whole}", "--architecture=resnet_small", "--size=32"]
    options += ["--epochs=1", f"--output={output}"]
    with pytest.raises(CommandError, match="Give --split-rule 80/20"):
        call_command(*options)
    call_command(*options, "--split-rule=60/40", "--split-seed=2")
    data = json.loads(output.with_suffix(".json").read_text())["data"]
    assert data["split_rule"] == "60/40, seed 2"
    assert data["train_images"] + data["validation_images"] == 10
    assert data["test_images"] == 8
    assert "Warning" not in capsys.readouterr().err
    (whole / "red" / "copy.png").write_bytes((whole / "red" / "0.png").read_bytes())
    (whole / "red" / "copies.png").write_bytes((whole / "red" / "0.png").read_bytes())
    call_command(*options, "--split-rule=60/40", "--split-seed=2", "--force")
    assert "Remove the copies" in capsys.readouterr().err


def test_all_but_the_last_layer_is_taken_from_the_given_weights(start):
    kind = architectures.get(KEY)
    network = kind.build(2, 32)
    fresh = network.classifier[3].weight.clone()
    given = start_from_file(start, kind)

    loaded = begin(network, given, kind, 32)

    state = network.state_dict()
    assert state.keys() - loaded == {"classifier.3.weight", "classifier.3.bias"}
    assert torch.equal(state["features.0.0.weight"], given.state["features.0.0.weight"])
    assert torch.equal(state["classifier.3.weight"], fresh)
    rates = {group["share"]: len(group["params"]) for group in optimiser(network, loaded)}
    assert rates[1.0] == 2
    assert rates[0.1] == len(list(network.parameters())) - 2


def optimiser(network, loaded):
    return training._optimiser(network, RECIPES["finetune"], loaded).param_groups


def test_weights_of_another_network_are_refused(start, tmp_path):
    kind = architectures.get("resnet18")
    with pytest.raises(CheckpointError, match=r"do not fit resnet18.*only the last layer may"):
        begin(kind.build(2, 32), start_from_file(start, kind), kind, 32)


def test_a_transformers_positions_are_interpolated_to_another_size():
    kind = architectures.get("vit_b_16")
    small = {
        "hidden_dim": 8, "num_layers": 1, "num_heads": 1, "mlp_dim": 8, "num_classes": 2,
        "patch_size": 16,
    }  # fmt: skip
    given = models.VisionTransformer(image_size=64, **small)
    network = models.VisionTransformer(image_size=32, **small)
    begin(network, SimpleNamespace(state=given.state_dict(), origin="x"), kind, 32)
    assert network.encoder.pos_embedding.shape == (1, 5, 8)
    assert torch.equal(network.encoder.pos_embedding[0, 0], given.encoder.pos_embedding[0, 0])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--architecture=vgg13", "--size=64"], "VGG13 takes images of 32 pixels, not 64"),
        (["--architecture=vit_b_16", "--size=40"], "must be a multiple of 16, not 40"),
        (["--size=5000"], "size is 5000"),
        (["--architecture=vgg13", "--size=32", "--pretrained"], "no weights of this project's"),
        (["--pretrained"], r"cannot be downloaded.*Connect to a network once"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_the_images_are_read(
    tmp_path, monkeypatch, options, said
):
    def no_network(*arguments, **keywords):
        raise URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", no_network)
    with pytest.raises(CommandError, match=said):
        train(tmp_path / "nowhere", tmp_path / "x.safetensors", *options)


def test_downloaded_weights_are_read_from_where_torchvision_keeps_them(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    torch.manual_seed(1)
    network = models.mobilenet_v3_small()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    url = models.MobileNet_V3_Small_Weights.DEFAULT.url
    torch.save(network.state_dict(), tmp_path / "hub" / "checkpoints" / url.rpartition("/")[2])

    start = start_from_download(architectures.get(KEY))

    assert torch.equal(start.state["classifier.3.bias"], network.classifier[3].bias)
    assert start.mean == (0.485, 0.456, 0.406)
    assert "torchvision" in start.origin


def test_no_batch_has_a_single_image_where_batches_are_normalised():
    data = LabelledTensors(torch.zeros(9, 3, 8, 8, dtype=torch.uint8), torch.zeros(9))
    sizes = [len(labels) for _, labels in shuffled_batches(data, 4, 0, 0, False, join_single=True)]
    assert sizes == [4, 5]
    assert [len(labels) for _, labels in shuffled_batches(data, 4, 0, 0, False)] == [4, 4, 1]


def test_every_class_has_an_image_for_validation_and_one_for_training():
    labels = torch.tensor([0, 0, 1, 1, 1])
    data = LabelledTensors(torch.zeros(5, 3, 8, 8, dtype=torch.uint8), labels)
    train_part, validation = split_validation(data, 0.1, seed=0)
    assert sorted(validation.labels.tolist()) == [0, 1]
    assert sorted(train_part.labels.tolist()) == [0, 1, 1]


@pytest.mark.nightly
@pytest.mark.parametrize("kind", architectures.ARCHITECTURES, ids=lambda kind: kind.key)
def test_every_network_of_the_catalogue_can_be_trained(folder, tmp_path, kind):
    size = {"vgg13": 32, "alexnet": 96}.get(kind.key, 64)
    output = tmp_path / "trained.safetensors"
    call_command(
        "train_classifier", f"--data={folder}", f"--architecture={kind.key}", f"--size={size}",
        "--recipe=finetune", "--epochs=1", f"--output={output}",
    )  # fmt: skip
    classifier = Classifier.load(output)
    assert (classifier.architecture, classifier.image_size) == (kind.key, size)
    recipe = dataclasses.asdict(training.for_architecture(RECIPES["finetune"], kind.key))
    assert (recipe["dropout"] is None) == (kind.key != "vgg13")
