"""SmoothGrad, GradientSHAP and occlusion: what their parameters mean, and what their maps add up
to. Their equality with captum and shap is in test_any_network and test_engine_equals_the_libraries.
"""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from explanations.engine import explain
from explanations.methods.gradient_shap import GradientShap
from explanations.methods.occlusion import Occlusion
from explanations.methods.saliency import Saliency
from explanations.methods.smoothgrad import SmoothGrad
from tests.explanations.any_network import SIZE, classifier_of, pictures


@pytest.fixture
def linear():
    """A network whose logits are sums of pixels, so that every share is known."""
    torch.manual_seed(1)
    return classifier_of(nn.Sequential(nn.Flatten(), nn.Linear(3 * SIZE * SIZE, 4)))


def slopes(classifier, target):
    return classifier.network[1].weight[target].detach().reshape(3, SIZE, SIZE).numpy()


def test_the_noise_of_smoothgrad_changes_nothing_in_a_linear_network(linear):
    found = explain(linear, pictures(1), [1], {"s": SmoothGrad(5), "g": Saliency()})
    assert np.allclose(found["s"].relevance, found["g"].relevance, atol=1e-7)


def test_the_noise_is_a_share_of_the_images_range():
    pixels = torch.linspace(-1, 3, 3 * 32 * 32).reshape(3, 32, 32)
    noise = SmoothGrad(samples=40, noise=0.2).noise_of(pixels, 3)
    assert noise.std() == pytest.approx(0.8, rel=0.01)
    assert noise[0].mean() == pytest.approx(0, abs=0.05)
    assert not torch.equal(noise[0], noise[1])


def test_gradient_shap_adds_up_in_a_linear_network_to_what_its_references_are_on_average(linear):
    explainer, background = GradientShap(samples=4000), pictures(3, 1)
    found = explain(linear, pictures(1), [2], {"one": explainer}, background)["one"]
    ways = linear.normalise(pictures(1))[0] - linear.normalise(background).mean(0)
    expected = slopes(linear, 2) * ways.numpy()
    error = np.abs(found.channels[0] - expected).max() / np.abs(expected).max()
    assert error < 0.06
    # Fewer draws miss more: it is a method of chance, and its own diagnostics say so.
    deltas = [
        abs(explain(linear, pictures(1), [2], {"one": GradientShap(count)}, background)["one"]
            .diagnostics[0]["completeness_delta"])
        for count in (3, 4000)
    ]  # fmt: skip
    assert deltas[1] < deltas[0]


def test_occlusion_of_a_linear_network_is_the_windows_own_share(linear):
    explainer = Occlusion(window=11 / 33, step=11 / 33)
    found = explain(linear, pictures(1), [1], {"one": explainer})["one"]
    shares = slopes(linear, 1) * linear.normalise(pictures(1))[0].numpy()
    expected = shares.sum(0).reshape(3, 11, 3, 11).sum((1, 3)).repeat(11, 0).repeat(11, 1)
    assert np.allclose(found.relevance[0], expected, atol=1e-5)
    assert found.diagnostics[0] == {
        "windows": 9, "window": 11, "step": 11, "flags": [],
        "largest_change": pytest.approx(np.abs(expected).max(), abs=1e-5),
    }  # fmt: skip


def test_every_pixel_is_covered_by_some_window():
    for size in ((33, 33), (32, 32), (20, 47), (7, 5)):
        for explainer in (Occlusion(), Occlusion(0.3, 0.3), Occlusion(1.0, 1.0)):
            covered = np.zeros(size, bool)
            for down, across in explainer.windows(size):
                covered[down, across] = True
            assert covered.all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SmoothGrad(samples=0), "samples is 0"),
        (lambda: SmoothGrad(noise=2), "noise is 2, but must be above 0 and at most 1"),
        (lambda: GradientShap(samples=0), "samples is 0"),
        (lambda: Occlusion(window=0), "window is 0, but must be above 0"),
        (lambda: Occlusion(window=0.1, step=0.2), "would never be covered. Lower step"),
    ],
)
def test_parameters_without_meaning_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_an_image_that_cannot_change_has_an_empty_map_and_says_so(linear):
    grey = dataclasses.replace(linear, mean=torch.full((3,), 100 / 255))
    found = explain(grey, np.full((1, SIZE, SIZE, 3), 100, np.uint8), [0], {"one": Occlusion()})
    assert found["one"].diagnostics[0]["flags"] == ["no_window_matters", "ties"]
