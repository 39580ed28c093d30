import copy
import dataclasses

import numpy as np
import pytest
import shap
import torch
from torch import nn

from explanations.methods.deepshap import DeepShap
from explanations.methods.protocol import Background


def test_the_shares_add_up_for_every_class(classifier, scenes, background):
    for target in (0, 4, 9):
        found = DeepShap().explain(classifier, scenes[1], target, 0, background)
        with torch.no_grad():
            logit = classifier.network(classifier.normalise(scenes[1:2]))[0, target]
            typical = classifier.network(classifier.normalise(background.images))[:, target].mean()
        difference = float(logit - typical)
        assert abs(found.relevance.sum() - difference) < 1e-4 * (1 + abs(difference))
        assert found.diagnostics["additivity_residual"] < 1e-4
        assert found.diagnostics["background_images"] == 4


def test_a_network_that_shap_cannot_handle_shows_in_the_residual(untrained, scenes, background):
    """The control of the test above: one ReLU module used twice breaks DeepLIFT's rule."""
    network = copy.deepcopy(untrained.network)
    shared = nn.ReLU()
    for layers in (network.conv_layers, network.fc_layers):
        for place, module in enumerate(layers):
            if isinstance(module, nn.ReLU):
                layers[place] = shared
    reused = dataclasses.replace(untrained, network=network)
    try:
        residual = (
            DeepShap()
            .explain(reused, scenes[1], 0, 0, background)
            .diagnostics["additivity_residual"]
        )
    except (RuntimeError, AttributeError, KeyError):
        return  # refused outright, which is as good
    assert residual > 1e-3


def test_it_equals_shap_on_the_whole_network(untrained, scenes, background):
    network = copy.deepcopy(untrained.network)
    explainer = shap.DeepExplainer(network, untrained.normalise(background.images[:2]))
    whole = explainer.shap_values(untrained.normalise(scenes[:1]), check_additivity=False)
    found = DeepShap().explain(untrained, scenes[0], 6, 0, Background(background.images[:2]))
    assert np.allclose(found.channels, whole[0, ..., 6], atol=1e-6)


def test_a_linear_network_gives_weight_times_difference_from_the_mean(
    untrained, scenes, background
):
    torch.manual_seed(2)
    linear = dataclasses.replace(
        untrained, network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)).eval()
    )
    found = DeepShap().explain(linear, scenes[0], 1, 0, background)
    weights = linear.network[1].weight[1].detach().numpy().reshape(3, 32, 32)
    typical = linear.normalise(background.images).mean(0)
    difference = (linear.normalise(scenes[:1])[0] - typical).numpy()
    assert np.allclose(found.channels, weights * difference, atol=1e-6)


def test_the_background_itself_gets_no_shares(untrained, scenes):
    found = DeepShap().explain(untrained, scenes[0], 2, 0, Background(scenes[:1]))
    assert np.abs(found.relevance).max() < 1e-6


def test_without_a_background_it_refuses(untrained, scenes):
    with pytest.raises(ValueError, match="needs a background"):
        DeepShap().explain(untrained, scenes[0], 2, 0)
