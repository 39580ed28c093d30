"""The engine as its callers see it."""

import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from explanations.catalogue import UnknownMethodError
from explanations.computing import memory
from explanations.computing.preflight import PreflightError
from explanations.engine import METHODS, Engine, explain
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.saliency import Saliency
from tests.conftest import ROOT

QUICK = {
    "gradcam": GradCam(),
    "saliency": Saliency(),
    "integrated_gradients": IntegratedGradients(steps=16),
    "deepshap": DeepShap(),
    "lime": Lime(samples=120),
}


def test_every_method_explains_every_image_in_the_documented_shapes(untrained, scenes, background):
    found = explain(untrained, scenes, methods=QUICK, background=background, layers=True)
    assert tuple(found) == METHODS
    for key, attributions in found.items():
        assert attributions.relevance.shape == (6, 32, 32)
        assert (attributions.channels is not None) == (key not in ("gradcam", "lime"))
        assert len(attributions.diagnostics) == len(attributions) == 6
    assert found["lime"].segments.shape == (6, 32, 32)
    assert found["gradcam"].native.shape == (6, 8, 8)
    assert np.allclose(found.probabilities, untrained.probabilities(scenes), atol=1e-6)
    assert (found.targets == found.probabilities.argmax(1)).all()
    assert [maps.shape for maps in found.layers.saliency[3:6]] == [
        (6, 32, 32), (6, 16, 16), (6, 16, 16),
    ]  # fmt: skip


def test_all_classes_at_once(untrained, scenes, background):
    found = explain(untrained, scenes[:2], "all", QUICK, background)
    assert found.targets.tolist() == [list(range(10))] * 2
    assert found["deepshap"].channels.shape == (2, 10, 3, 32, 32)
    assert len(found["lime"].diagnostics[1]) == 10
    with pytest.raises(ValueError, match="Choose the class first"):
        found["deepshap"][0]
    assert found["deepshap"].of_class(3)[1].relevance.shape == (32, 32)


@pytest.mark.nightly  # by day, tests/explanations/test_any_network.py compares an image alone
@pytest.mark.parametrize("precision", ["strict", "fast"])
def test_an_image_alone_in_a_batch_or_in_any_order_gets_the_same_bits(
    cifar10, scenes, background, precision
):
    def maps(order):
        found = explain(
            cifar10, scenes[order], methods=QUICK, background=background, precision=precision
        )
        return {
            (key, index): found[key].relevance[place]
            for key in found
            for place, index in enumerate(order)
        }

    together, reversed_, alone = maps([0, 1]), maps([1, 0]), maps([1])
    for key, values in together.items():
        assert np.array_equal(values, reversed_[key])
        if key in alone:
            assert np.array_equal(values, alone[key])


def test_two_workers_at_once_get_what_one_gets(untrained, scenes, background):
    def work(index):
        found = explain(untrained, scenes[index : index + 1], methods=QUICK, background=background)
        return {key: found[key].relevance for key in found}

    one_after_the_other = [work(index) for index in range(2)]
    with ThreadPoolExecutor(2) as pool:
        side_by_side = list(pool.map(work, range(2)))
    for first, second in zip(one_after_the_other, side_by_side, strict=True):
        for key in first:
            scale = np.abs(first[key]).max()
            assert np.abs(first[key] - second[key]).max() <= 1e-6 * scale


def test_networks_are_checked_in_one_thread_while_others_run(untrained, scenes):
    """torch.fx traces by patching every module of the process."""

    def work(index):
        return Engine(untrained).explain(scenes[:1], [index], ("saliency",))["saliency"].relevance

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(work, range(8)))
    assert nn.Module.__call__.__module__ == "torch.nn.modules.module"
    for index, relevance in enumerate(found):
        assert np.array_equal(relevance, work(index))


def test_another_seed_changes_lime_alone(untrained, scenes, background):
    one, other = (
        explain(untrained, scenes[:1], methods=QUICK, background=background, seed=seed)
        for seed in (0, 1)
    )
    changed = {key for key in one if (one[key].relevance != other[key].relevance).any()}
    assert changed == {"lime"}


def test_the_classifier_and_the_images_are_left_alone(untrained, scenes, background):
    before = {name: value.clone() for name, value in untrained.network.state_dict().items()}
    images = scenes[:2].copy()
    matmul = torch.get_float32_matmul_precision()
    explain(untrained, images, methods=QUICK, background=background)
    assert (images == scenes[:2]).all()
    for name, value in untrained.network.state_dict().items():
        assert torch.equal(value, before[name])
    assert torch.get_float32_matmul_precision() == matmul


def test_arithmetic_is_exact_while_it_runs_and_as_before_afterwards(untrained, scenes, monkeypatch):
    seen = []
    original = Saliency.explain

    def watching(self, batch, seeds):
        seen.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))
        return original(self, batch, seeds)

    monkeypatch.setattr(Saliency, "explain", watching)
    torch.set_float32_matmul_precision("medium")
    try:
        explain(untrained, scenes[:1], methods=("saliency",))
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")
    assert seen == [("highest", False)]


def test_a_probability_of_one_is_flagged_and_no_number_is_missing(untrained, scenes, background):
    network = nn.Sequential(*untrained.network.conv_layers, nn.Flatten(), nn.Linear(1024, 10))
    network[-1].weight.data.zero_()
    network[-1].bias.data[:] = torch.tensor([60.0] + [0] * 9)
    sure = dataclasses.replace(untrained, network=network.eval())
    found = explain(sure, scenes[:2], methods=QUICK, background=background)
    flags = {key: set(one.diagnostics[0]["flags"]) for key, one in found.items()}
    assert all("certain" in of_method for of_method in flags.values())
    assert "empty" in flags["gradcam"]
    assert "zero_gradient" in flags["saliency"] & flags["integrated_gradients"]
    assert "constant_probability" in flags["lime"]
    for attributions in found.values():
        assert np.isfinite(attributions.relevance).all()


def test_a_black_image_has_no_path_from_black(untrained, scenes, background):
    found = explain(untrained, scenes[:1] * 0, methods=QUICK, background=background)
    assert "image_is_the_baseline" in found["integrated_gradients"].diagnostics[0]["flags"]
    assert not found["integrated_gradients"].relevance.any()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": np.zeros((2, 32, 32, 3))}, ValueError, "are float64 .* must be uint8"),
        ({"images": np.zeros((0, 32, 32, 3), np.uint8)}, ValueError, "at least one image"),
        ({"images": np.zeros((1, 16, 16, 3), np.uint8)}, ValueError, "takes 32x32 images"),
        (
            {"targets": [1]},
            ValueError,
            r"For 2 images .* whole numbers with shape \(2,\) or \(2, k\)",
        ),
        ({"targets": [1, 10]}, ValueError, "contains 1 to 10, but the class numbers are 0 to 9"),
        ({"targets": [0.5, 1]}, ValueError, "whole numbers"),
        ({"targets": "every"}, ValueError, "Give class numbers, 'all' or None"),
        ({"methods": ("gradcan",)}, UnknownMethodError, "Unknown method 'gradcan'"),
        ({"precision": "half"}, ValueError, "must be strict or fast"),
        (
            {"background": np.zeros((2, 8, 8, 3), np.uint8)},
            ValueError,
            "Bring both to the same size",
        ),
        (
            {"background": np.zeros((2, 8, 8))},
            ValueError,
            "The background is float64 .* must be uint8",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_the_cure(
    untrained, scenes, arguments, error, message
):
    given = {"images": scenes[:2], "methods": ("saliency",)} | arguments
    with pytest.raises(error, match=message):
        explain(untrained, **given)


def test_a_network_in_train_mode_is_refused(untrained, scenes):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout())
    with pytest.raises(PreflightError, match=r"Call network.eval\(\) first"):
        explain(dataclasses.replace(untrained, network=network), scenes)


def test_a_piece_that_does_not_fit_into_memory_is_made_smaller(
    untrained, scenes, background, monkeypatch
):
    expected = explain(untrained, scenes[:1], methods=QUICK, background=background)
    original, failures = memory.in_chunks, []

    def scarce(total, size, work):
        def often_too_much(rows):
            if rows.stop - rows.start > 3:
                failures.append(rows)
                raise torch.OutOfMemoryError("CUDA out of memory")
            work(rows)

        return original(total, size, often_too_much)

    for module in ("integrated_gradients", "deepshap"):
        monkeypatch.setattr(f"explanations.methods.{module}.in_chunks", scarce)
    monkeypatch.setattr("explanations.computing.mixing.in_chunks", scarce)
    found = explain(untrained, scenes[:1], methods=QUICK, background=background)
    assert len(failures) >= 3
    for key in found:
        scale = np.abs(expected[key].relevance).max()
        assert np.abs(found[key].relevance - expected[key].relevance).max() < 1e-5 * scale


@pytest.mark.nightly
@pytest.mark.parametrize("count", [50, 200])
def test_memory_does_not_grow_with_the_number_of_images(count):
    """Many images take little more than what their maps themselves need."""
    code = f"""
import resource, sys
import numpy as np
from explanations.engine import explain
from tests.explanations.conftest import random_classifier
images = np.random.default_rng(0).integers(0, 256, ({count + 16}, 32, 32, 3), dtype=np.uint8)
classifier = random_classifier()
explain(classifier, images[:16], methods=("gradcam", "saliency"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
explain(classifier, images, methods=("gradcam", "saliency"))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""
    grown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
             "OMP_NUM_THREADS": "1"},
    ).stdout  # fmt: skip
    layers_of_one_image = 2_400_000
    assert int(grown) < count * layers_of_one_image / 4
