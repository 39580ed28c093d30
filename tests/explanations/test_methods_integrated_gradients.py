import dataclasses

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients as CaptumIntegratedGradients
from scipy.ndimage import gaussian_filter
from torch import nn

from explanations.methods import integrated_gradients
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.protocol import ResidualError
from tests.explanations.conftest import explain_one


def change_of_the_logit(classifier, image, baseline, target):
    logits = classifier.network(classifier.normalise(np.stack([image, baseline])))
    return float(logits[0, target] - logits[1, target])


def test_the_shares_add_up_to_the_change_of_the_logit(classifier, scenes):
    image, target = scenes[2], 3
    attribution = explain_one(IntegratedGradients(), classifier, image, target)
    change = change_of_the_logit(classifier, image, np.zeros_like(image), target)
    missing = attribution.relevance.sum() - change
    assert abs(missing) <= max(0.05 * abs(change), 0.1)
    assert np.isclose(attribution.diagnostics["completeness_delta"], missing, atol=1e-4)
    assert np.allclose(attribution.relevance, attribution.channels.sum(0), atol=1e-6)


@pytest.mark.parametrize(
    "classifier", ["untrained", pytest.param("trained", marks=pytest.mark.nightly)], indirect=True
)
def test_few_steps_add_up_worse(classifier, scenes):
    """The control of the test above: four steps miss what 128 find, on average."""

    def mean_miss(steps):
        method = IntegratedGradients(steps=steps)
        results = [explain_one(method, classifier, image, 3) for image in scenes[:3]]
        return np.mean([abs(result.diagnostics["completeness_delta"]) for result in results])

    assert mean_miss(4) > 2 * mean_miss(128)


def test_shares_that_miss_more_than_they_divide_are_refused_with_the_cure(untrained, scenes):
    with pytest.raises(ResidualError, match=r"with steps=2\. No map is returned\. Raise steps\."):
        explain_one(IntegratedGradients(steps=2), untrained, scenes[1], 3)


def test_shares_that_miss_more_than_a_twentieth_are_flagged(untrained, scenes):
    coarse, fine = (
        explain_one(IntegratedGradients(steps), untrained, scenes[1], 3).diagnostics
        for steps in (4, 32)
    )
    assert coarse["flags"] == ["coarse_steps"]
    assert fine["flags"] == []


@pytest.mark.parametrize(("name", "brightness"), [("black", 0), ("white", 255)])
def test_on_a_linear_network_each_share_is_weight_times_difference(
    untrained, scenes, name, brightness
):
    torch.manual_seed(1)
    linear = dataclasses.replace(
        untrained, network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)).eval()
    )
    found = explain_one(IntegratedGradients(steps=3, baseline=name), linear, scenes[0], 5)
    weights = linear.network[1].weight[5].detach().numpy().reshape(3, 32, 32)
    difference = (
        linear.normalise(scenes[:1]) - linear.normalise(np.full_like(scenes[:1], brightness))
    )[0].numpy()
    assert np.allclose(found.channels, weights * difference, atol=1e-6)


def test_the_baseline_itself_gets_no_shares(untrained, scenes):
    found = explain_one(IntegratedGradients(steps=2), untrained, scenes[0] * 0, 1)
    assert found.is_empty
    assert found.diagnostics["flags"] == ["image_is_the_baseline", "ties"]


def test_what_is_missing_shrinks_as_steps_rise(classifier, scenes):
    misses = [
        explain_one(IntegratedGradients(steps), classifier, scenes[2], 3).diagnostics
        for steps in (4, 256)
    ]
    # Not from each number of steps to the next: on a ReLU network it goes up and down on its way.
    first, last = (abs(miss["completeness_delta"]) for miss in misses)
    assert first > 3 * last
    assert last < 0.02 * (1 + abs(misses[1]["logit"] - misses[1]["baseline_logit"]))


def test_a_quadratic_function_is_exact_with_one_step(monkeypatch, untrained, scenes):
    """Of w·x² the gradient is linear on the path, which Gauss and Legendre integrate exactly."""
    torch.manual_seed(3)
    slopes = torch.randn(3, 32, 32)

    def gradients(network, points, targets):
        return (2 * slopes * points)[:, None]

    monkeypatch.setattr(integrated_gradients, "input_gradients", gradients)
    # The shares are those of w·x², so they do not add up to the network's logit.
    monkeypatch.setattr(integrated_gradients, "MEANINGLESS", np.inf)
    for steps in (1, 7):
        found = explain_one(IntegratedGradients(steps), untrained, scenes[0], 0)
        pixels, start = untrained.normalise(np.stack([scenes[0], np.zeros_like(scenes[0])]))
        expected = slopes * (pixels**2 - start**2)
        assert np.allclose(found.channels, expected, rtol=1e-4, atol=1e-5)


def test_several_baselines_are_averaged(untrained, scenes):
    both, black, white = (
        explain_one(IntegratedGradients(4, name), untrained, scenes[0], 2).channels
        for name in ("black+white", "black", "white")
    )
    assert np.allclose(both, (black + white) / 2, atol=1e-6)


def test_the_mean_and_the_blurred_image_are_baselines(untrained, scenes):
    for name in ("mean", "blurred"):
        found = explain_one(IntegratedGradients(200, name), untrained, scenes[0], 2)
        change = found.diagnostics["logit"] - found.diagnostics["baseline_logit"]
        assert found.relevance.sum() == pytest.approx(change, abs=0.05 * abs(change) + 0.02)


def test_from_the_blurred_image_it_equals_captums_from_an_image_that_scipy_blurred(
    untrained, scenes
):
    """The blur is the Gaussian of four pixels over twelve on each side, mirrored at the border."""
    blurred = gaussian_filter(
        scenes[0].astype(np.float64), sigma=(4, 4, 0), radius=(12, 12, 0), mode="mirror"
    )
    pixels, black = (untrained.normalise(image[None]) for image in (scenes[0], scenes[0] * 0))
    white = untrained.normalise(np.full_like(scenes[:1], 255))
    share = torch.from_numpy(blurred / 255).permute(2, 0, 1).float()
    start = black + share * (white - black)  # normalising is linear; it takes whole levels only
    expected = CaptumIntegratedGradients(untrained.network).attribute(
        pixels, baselines=start, target=2, n_steps=20, method="gausslegendre"
    )[0]
    found = explain_one(IntegratedGradients(20, "blurred"), untrained, scenes[0], 2)
    scale = float(expected.abs().max())
    assert np.abs(found.channels - expected.detach().numpy()).max() < 1e-6 * scale
    # The control: from black the shares are others.
    usual = explain_one(IntegratedGradients(20), untrained, scenes[0], 2)
    assert np.abs(usual.channels - expected.detach().numpy()).max() > 0.1 * scale


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"baseline": "noise"}, "Unknown baseline 'noise'. Choose from black"),
        ({"steps": 0}, "at least"),
    ],
)
def test_wrong_parameters_are_refused(untrained, scenes, arguments, message):
    with pytest.raises(ValueError, match=message):
        explain_one(IntegratedGradients(**arguments), untrained, scenes[0], 0)
