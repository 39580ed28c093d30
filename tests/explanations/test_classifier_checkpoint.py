"""A weight file is either the right one or refused with what was expected and found."""

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file

from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.header import FORMAT
from explanations.classifier.network import VGG13
from explanations.store.atomic_files import sha256_of_file

NAMES = tuple("abcdefghij")


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "some.safetensors"
    classifier = Classifier(
        VGG13().eval(), torch.tensor([0.5, 0.4, 0.3]), torch.tensor([0.2, 0.25, 0.3]), NAMES
    )
    classifier.save(path)
    return classifier, path


def test_what_is_stored_is_what_is_read(stored):
    classifier, path = stored
    read = Classifier.load(path)
    assert read.class_names == NAMES
    assert torch.equal(read.mean, classifier.mean)
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    assert np.array_equal(read.probabilities(images), classifier.probabilities(images))
    assert np.allclose(read.probabilities(images).sum(axis=1), 1, atol=1e-6)


def test_it_is_read_in_evaluation_mode_without_gradients(stored):
    read = Classifier.load(stored[1])
    assert not read.network.training
    assert not any(parameter.requires_grad for parameter in read.network.parameters())


def test_a_missing_file_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(CheckpointError, match=r"does not exist.*train_classifier"):
        Classifier.load(tmp_path / "none.safetensors")


@pytest.mark.parametrize("size", [0, 7, 1000, -1])
def test_a_cut_off_file_is_refused(stored, tmp_path, size):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(stored[1].read_bytes()[:size])
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        Classifier.load(broken)


def test_a_pickle_is_refused_and_not_executed(tmp_path):
    path = tmp_path / "evil.safetensors"
    torch.save({"weight": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match="not a readable safetensors file"):
        Classifier.load(path)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"layer.weight": torch.zeros(2, 2)}, path)
    with pytest.raises(CheckpointError, match="must contain the format 'study-classifier-1'"):
        Classifier.load(path)


def test_wrong_shapes_are_named_with_what_was_expected_and_found(tmp_path):
    path = tmp_path / "misshapen.safetensors"
    state = VGG13().state_dict()
    state["fc_layers.6.weight"] = torch.zeros(10, 99)
    del state["conv_layers.0.bias"]
    metadata = {
        "format": FORMAT, "class_names": str(list(NAMES)).replace("'", '"'),
        "mean": "[0,0,0]", "std": "[1,1,1]",
    }  # fmt: skip
    save_file(state, path, metadata)
    with pytest.raises(CheckpointError) as refusal:
        Classifier.load(path)
    assert "fc_layers.6.weight: expected (10, 1024), got (10, 99)" in str(refusal.value)
    assert "conv_layers.0.bias: expected (64,), got nothing" in str(refusal.value)


def test_weights_that_are_not_finite_are_refused(stored, tmp_path):
    path = tmp_path / "diverged.safetensors"
    broken = Classifier(VGG13().eval(), stored[0].mean, stored[0].std, NAMES)
    broken.network.fc_layers[0].bias.data[3] = float("nan")
    broken.save(path)
    with pytest.raises(CheckpointError, match=r"not finite in fc_layers.0.bias\."):
        Classifier.load(path)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 32, 32, 3), np.float32), "must be uint8"),
        (np.zeros((32, 32, 3), np.uint8), "must be uint8"),
        (np.zeros((1, 48, 64, 3), np.uint8), "takes 32x32 images, but these are 64x48"),
    ],
)
def test_images_of_another_shape_or_type_are_refused(stored, images, message):
    with pytest.raises(ValueError, match=message):
        stored[0].normalise(images)


def test_the_same_weights_make_the_same_file(stored, tmp_path):
    """Its hash names the classifier; by itself the library shuffles the notes of the header."""
    found = set()
    for _ in range(4):
        stored[0].save(tmp_path / "again.safetensors", torch.float16)
        found.add(sha256_of_file(tmp_path / "again.safetensors"))
    assert len(found) == 1
    assert len({save({}, {"a": "1", "b": "2", "c": "3"}) for _ in range(60)}) > 1
