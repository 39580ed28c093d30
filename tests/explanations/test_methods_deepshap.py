import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from explanations.computing import rescale
from explanations.methods.deepshap import DeepShap, _check
from explanations.methods.protocol import ResidualError
from tests.explanations.conftest import explain_one


def test_a_linear_network_gives_weight_times_difference_from_the_mean(
    untrained, scenes, background
):
    torch.manual_seed(2)
    linear = dataclasses.replace(
        untrained, network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)).eval()
    )
    found = explain_one(DeepShap(), linear, scenes[0], 1, background=background)
    weights = linear.network[1].weight[1].detach().numpy().reshape(3, 32, 32)
    typical = linear.normalise(background.images).mean(0)
    difference = (linear.normalise(scenes[:1])[0] - typical).numpy()
    assert np.allclose(found.channels, weights * difference, atol=1e-6)


def test_the_background_itself_gets_no_shares(untrained, scenes):
    found = explain_one(DeepShap(), untrained, scenes[0], 2, background=scenes[:1])
    assert np.abs(found.relevance).max() < 1e-6


def test_without_a_background_it_compares_with_the_mean_colour(untrained, scenes):
    found = explain_one(DeepShap(), untrained, scenes[0], 2)
    with torch.no_grad():
        logits = untrained.network(
            torch.stack([untrained.normalise(scenes[:1])[0], torch.zeros(3, 32, 32)])
        )
    assert found.relevance.sum() == pytest.approx(float(logits[0, 2] - logits[1, 2]), abs=1e-4)
    assert found.diagnostics["background_images"] == 1


def test_the_shares_of_a_background_are_the_mean_over_its_parts(untrained, scenes):
    whole, first, second = (
        explain_one(DeepShap(), untrained, scenes[0], 3, background=part).channels
        for part in (scenes[1:5], scenes[1:3], scenes[3:5])
    )
    assert np.allclose(whole, (first + second) / 2, atol=1e-6)


def test_the_order_of_the_background_does_not_matter(untrained, scenes):
    one, other = (
        explain_one(DeepShap(), untrained, scenes[0], 3, background=part).channels
        for part in (scenes[1:5], scenes[4:0:-1])
    )
    assert np.allclose(one, other, atol=1e-7)


def test_a_background_too_large_to_keep_is_recorded_piece_by_piece(
    untrained, scenes, background, monkeypatch
):
    kept = explain_one(DeepShap(), untrained, scenes[0], 3, background=background)
    monkeypatch.setattr("explanations.computing.memory.SHARE_TO_KEEP", 1 << 60)
    found = explain_one(DeepShap(), untrained, scenes[0], 3, background=background)
    scale = np.abs(kept.channels).max()
    assert np.abs(found.channels - kept.channels).max() < 1e-2 * scale
    assert found.diagnostics["additivity_residual"] < 1e-4


def test_shares_that_do_not_add_up_are_refused(untrained, scenes, background, monkeypatch):
    """A control: gradients instead of multipliers are what a wrong rule would give."""
    monkeypatch.setattr(
        rescale, "relu_multiplier", lambda ours, theirs: ((ours > 0) & (theirs == theirs)).float()
    )
    with pytest.raises(ResidualError, match=r"No map is returned\. .* network\.double\(\)"):
        explain_one(DeepShap(), untrained, scenes[0], 3, background=background)


def test_a_residual_that_is_not_a_number_is_refused():
    with pytest.raises(ResidualError, match="by nan"):
        _check(torch.tensor([0.0, torch.nan]))


def test_float64_cures_a_network_whose_logits_are_too_large_for_float32(untrained, scenes):
    network = copy.deepcopy(untrained.network)
    network.fc_layers[-1].bias.data.fill_(3e5)
    network.fc_layers[-1].weight.data.mul_(1e-1)
    images, background = scenes[:1], scenes[1:3]
    large = dataclasses.replace(untrained, network=network)
    with pytest.raises(ResidualError, match="float64"):
        explain_one(DeepShap(), large, images[0], 3, background=background)
    exact = dataclasses.replace(untrained, network=copy.deepcopy(network).double())
    found = explain_one(DeepShap(), exact, images[0], 3, background=background)
    assert found.diagnostics["additivity_residual"] < 1e-9
