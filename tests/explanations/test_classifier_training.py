"""Training: from a seed, interruptible, and with a card that tells the truth."""

import copy
import dataclasses
import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open
from sklearn.metrics import f1_score, log_loss

from explanations.classifier import training
from explanations.classifier.batches import (
    LabelledTensors,
    shift_and_mirror,
    shuffled_batches,
    split_validation,
)
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.devices import choose_device
from explanations.classifier.evaluation import evaluate, score
from explanations.classifier.network import VGG13
from explanations.classifier.pipeline import (
    evaluate_again,
    outputs_of,
    to_tensors,
    train_to_file,
)
from explanations.classifier.recipes import RECIPES
from explanations.classifier.training import learning_rate_at, train

QUICK = dataclasses.replace(
    RECIPES["strong"], epochs=2, batch_size=20, validation_share=0.25, learning_rate=1e-3
)


def two_colours(count=80):
    """Images that are red or blue, with noise: learned in a moment."""
    generator = np.random.default_rng(3)
    labels = np.arange(count) % 2
    images = generator.integers(0, 90, (count, 32, 32, 3), dtype=np.uint8)
    images[labels == 0, :, :, 0] += 120
    images[labels == 1, :, :, 2] += 120
    return images, labels.astype(np.int64)


def run(tmp_path, recipe=QUICK, seed=0, name="state"):
    images, labels = two_colours(40)
    return train(
        data=to_tensors(images, labels), class_names=("red", "blue"), recipe=recipe, seed=seed,
        device="cpu", state_file=tmp_path / f"{name}.training.safetensors", data_hash="x",
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder_of_whole(tmp_path_factory):
    return tmp_path_factory.mktemp("whole")


@pytest.fixture(scope="module")
def whole(folder_of_whole):
    """A run that nothing disturbed."""
    return run(folder_of_whole)


def weights(result):
    return torch.cat([p.flatten() for p in result.classifier.network.parameters()])


def test_the_reports_recipes_are_exactly_the_reports():
    base, l2 = RECIPES["base"], RECIPES["l2"]
    assert (base.epochs, base.learning_rate, base.dropout, base.weight_decay) == (10, 1e-3, 0.5, 0)
    assert dataclasses.replace(l2, key="base", label=base.label, weight_decay=0.0) == base
    assert l2.weight_decay == 1e-5
    optimiser = training._optimiser(VGG13(), l2)
    assert type(optimiser) is torch.optim.Adam
    assert optimiser.defaults["weight_decay"] == 1e-5


@pytest.mark.nightly
def test_a_run_killed_between_epochs_and_resumed_ends_with_the_same_weights(
    whole, tmp_path, monkeypatch
):
    real = training._run_epoch

    def killed_in_the_second_epoch(*arguments):
        if arguments[5] == 1:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(training, "_run_epoch", killed_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, name="broken")
    monkeypatch.setattr(training, "_run_epoch", real)
    with safe_open(tmp_path / "broken.training.safetensors", framework="pt") as file:
        first_session = float(file.metadata()["seconds"])
    resumed = run(tmp_path, name="broken")
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.history == whole.history
    assert resumed.seconds > first_session > 0


@pytest.mark.nightly
def test_another_seed_gives_other_weights(whole, tmp_path):
    assert not torch.equal(weights(whole), weights(run(tmp_path, seed=1)))


def test_the_state_of_another_run_is_not_continued(whole, folder_of_whole):
    with pytest.raises(CheckpointError, match="another recipe, seed or data"):
        run(folder_of_whole, seed=5)


def test_a_damaged_state_file_says_what_to_do(tmp_path):
    (tmp_path / "state.training.safetensors").write_bytes(b"damage")
    with pytest.raises(CheckpointError, match="Delete the file to start again"):
        run(tmp_path)


@pytest.fixture(scope="module")
def arrays():
    images, labels = two_colours()
    return {
        "train_images": images, "train_labels": labels,
        "test_images": images[:30], "test_labels": labels[:30],
    }  # fmt: skip


@pytest.fixture(scope="module")
def trained(arrays, tmp_path_factory):
    """The card of a run, and its weights, which no test changes."""
    output = tmp_path_factory.mktemp("trained") / "colours.safetensors"
    return train_to_file(
        **arrays, class_names=("red", "blue"), data={"name": "colours"},
        recipe=dataclasses.replace(QUICK, epochs=4), seed=0, device="cpu", output=output, half=True,
    ), output  # fmt: skip


def test_training_leaves_weights_card_and_figures_and_the_card_is_right(arrays, trained):
    card, output = trained
    left = sorted(path.name for path in output.parent.iterdir())
    assert left == sorted(path.name for path in outputs_of(output))
    assert json.loads(output.with_suffix(".json").read_text()) == card
    images, labels = arrays["test_images"], arrays["test_labels"]
    again = evaluate(Classifier.load(output), images, labels)
    assert card["evaluation"]["test"] == again.as_dict()
    assert again.accuracy == 1.0
    assert card["weights"]["sha256"] == Classifier.load(output).sha256
    assert card["data"]["train_images"] == 60
    assert card["data"]["validation_images"] == 20
    assert len(card["history"]) == 4


def test_the_figures_of_a_card_are_computed_again_without_training(arrays, trained, tmp_path):
    card = copy.deepcopy(trained[0])
    folder = shutil.copytree(trained[1].parent, tmp_path / "copy")
    output, arrays = folder / trained[1].name, dict(arrays)
    old = json.loads(output.with_suffix(".json").read_text())
    for figures in old["evaluation"].values():
        del figures["by_class"], figures["by_group"]
    output.with_suffix(".json").write_text(json.dumps(old))
    before = output.read_bytes()
    groups = ["day", "night"] * 15
    again = evaluate_again(weights=output, device="cpu", test_groups=groups, **arrays)
    assert output.read_bytes() == before
    assert json.loads(output.with_suffix(".json").read_text()) == again
    assert [row["group"] for row in again["evaluation"]["test"].pop("by_group")] == ["day", "night"]
    del card["evaluation"]["test"]["by_group"]
    assert again == card
    arrays["test_labels"] = 1 - arrays["test_labels"]
    with pytest.raises(CheckpointError, match="The test images are not those in the card"):
        evaluate_again(weights=output, device="cpu", **arrays)
    output.with_suffix(".json").unlink()
    with pytest.raises(CheckpointError, match="must lie beside its weights"):
        evaluate_again(weights=output, device="cpu", **arrays)


def test_images_of_a_wrong_size_are_refused_before_training(tmp_path):
    images = np.zeros((4, 64, 48, 3), np.uint8)
    with pytest.raises(CheckpointError, match="training images are 48x64"):
        train_to_file(
            train_images=images, train_labels=np.zeros(4, np.int64), test_images=images,
            test_labels=np.zeros(4, np.int64), class_names=("a",), data={}, recipe=QUICK, seed=0,
            device="cpu", output=tmp_path / "x.safetensors",
        )  # fmt: skip


def test_the_validation_part_is_balanced_and_shares_nothing_with_training():
    data = LabelledTensors(
        torch.arange(100)[:, None, None, None].expand(100, 3, 1, 1).to(torch.uint8),
        torch.arange(100) % 5,
    )
    train_part, validation = split_validation(data, 0.2, seed=4)
    ids = {int(i) for i in train_part.images[:, 0, 0, 0]}
    held_out = {int(i) for i in validation.images[:, 0, 0, 0]}
    assert len(ids) == 80
    assert ids.isdisjoint(held_out)
    assert torch.bincount(validation.labels).tolist() == [4] * 5


def test_the_order_of_an_epoch_depends_on_seed_and_epoch_alone():
    data = LabelledTensors(torch.zeros(30, 3, 32, 32, dtype=torch.uint8), torch.arange(30))

    def order(seed, epoch):
        batches = shuffled_batches(data, 7, seed, epoch, augmented=True)
        return torch.cat([labels for _, labels in batches]).tolist()

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert sorted(order(1, 0)) == list(range(30))


def test_augmentation_moves_by_at_most_four_pixels_and_mirrors_half():
    image = torch.zeros(400, 3, 32, 32, dtype=torch.uint8)
    image[:, :, 16, 10] = 255
    moved = shift_and_mirror(image, torch.Generator().manual_seed(0))
    assert moved.shape == image.shape
    rows, columns = moved[:, 0].flatten(1).argmax(1) // 32, moved[:, 0].flatten(1).argmax(1) % 32
    assert set(rows.tolist()) == set(range(12, 21))
    mirrored = columns >= 17
    assert set(columns[~mirrored].tolist()) == set(range(6, 15))
    assert set(columns[mirrored].tolist()) == set(range(17, 26))
    assert 0.4 < mirrored.float().mean() < 0.6


def test_the_one_cycle_schedule_rises_to_its_peak_and_falls_to_nothing():
    rates = [learning_rate_at(RECIPES["strong"], step, 100) for step in range(100)]
    assert max(rates) == pytest.approx(RECIPES["strong"].learning_rate)
    assert rates.index(max(rates)) == 15
    assert rates[0] < 0.1 * max(rates)
    assert rates[-1] < 0.01 * max(rates)
    assert learning_rate_at(RECIPES["base"], 7, 100) == 1e-3


def test_scores_are_those_of_scikit_learn_on_a_case_by_hand():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1]], np.float32)
    labels = np.array([0, 1, 1])
    figures = score(probabilities, labels)
    assert figures.accuracy == pytest.approx(2 / 3)
    assert figures.confusion == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert figures.loss == pytest.approx(-np.log([0.7, 0.8, 0.3]).mean(), rel=1e-6)
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert figures.loss == pytest.approx(log_loss(labels, exact, labels=[0, 1, 2]), rel=1e-9)
    assert figures.f1 == pytest.approx(
        f1_score(labels, [0, 1, 0], labels=[0, 1, 2], average="macro", zero_division=0)
    )


def test_a_gpu_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(CheckpointError, match="Use --device cpu"):
        choose_device("cuda")
