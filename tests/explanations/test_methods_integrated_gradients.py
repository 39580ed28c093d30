import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from explanations.methods.integrated_gradients import IntegratedGradients


def change_of_the_logit(classifier, image, baseline, target):
    logits = classifier.network(classifier.normalise(np.stack([image, baseline])))
    return float(logits[0, target] - logits[1, target])


def test_the_shares_add_up_to_the_change_of_the_logit(classifier, scenes):
    image, target = scenes[2], 3
    attribution = IntegratedGradients().explain(classifier, image, target, 0)
    change = change_of_the_logit(classifier, image, np.zeros_like(image), target)
    missing = attribution.relevance.sum() - change
    assert abs(missing) <= max(0.05 * abs(change), 0.1)
    assert np.isclose(attribution.diagnostics["completeness_delta"], missing, atol=1e-4)
    assert np.allclose(attribution.relevance, attribution.channels.sum(0), atol=1e-6)


def test_few_steps_add_up_worse(classifier, scenes):
    """The control of the test above: two steps miss what fifty find, on average over images."""

    def mean_miss(steps):
        method = IntegratedGradients(steps=steps)
        results = [method.explain(classifier, image, 3, 0) for image in scenes[:3]]
        return np.mean([abs(result.diagnostics["completeness_delta"]) for result in results])

    assert mean_miss(2) > 2 * mean_miss(50)


@pytest.mark.parametrize(("name", "brightness"), [("black", 0), ("white", 255)])
def test_on_a_linear_network_each_share_is_weight_times_difference(
    untrained, scenes, name, brightness
):
    torch.manual_seed(1)
    linear = dataclasses.replace(
        untrained, network=nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    )
    found = IntegratedGradients(steps=3, baseline=name).explain(linear, scenes[0], 5, 0)
    weights = linear.network[1].weight[5].detach().numpy().reshape(3, 32, 32)
    difference = (
        linear.normalise(scenes[:1]) - linear.normalise(np.full_like(scenes[:1], brightness))
    )[0].numpy()
    assert np.allclose(found.channels, weights * difference, atol=1e-6)


def test_the_baseline_itself_gets_no_shares(untrained, scenes):
    assert IntegratedGradients(steps=2).explain(untrained, scenes[0] * 0, 1, 0).is_empty
