import copy
import dataclasses

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from torch.nn.functional import interpolate

from explanations.methods.gradcam import GradCam
from tests.explanations.conftest import explain_one


def by_hand(classifier, image, target):
    """Grad-CAM with autograd alone, (8, 8), before the ReLU."""
    network = classifier.network
    pixels = classifier.normalise(image[None]).requires_grad_()
    activations = network.conv_layers[:14](pixels)
    logits = network.fc_layers(torch.flatten(network.conv_layers[14](activations), 1))
    (gradient,) = torch.autograd.grad(logits[0, target], activations)
    return (gradient.mean((2, 3), keepdim=True) * activations).sum(1)[0].detach()


@pytest.mark.parametrize("target", [0, 6])
def test_it_equals_a_computation_by_hand_and_is_never_negative(classifier, scenes, target):
    for image in scenes[:3]:
        attribution = explain_one(GradCam(), classifier, image, target)
        signed = by_hand(classifier, image, target)
        assert np.allclose(attribution.native, signed, rtol=1e-5, atol=1e-7)
        enlarged = interpolate(signed.relu()[None, None], size=(32, 32), mode="bilinear")[0, 0]
        assert np.allclose(attribution.relevance, enlarged, rtol=1e-5, atol=1e-7)
        assert attribution.relevance.min() >= 0


def test_it_equals_captum_with_the_relu_at_native_size(untrained, scenes):
    pixels = untrained.normalise(scenes[:1]).requires_grad_()
    layer = LayerGradCam(untrained.network, untrained.network.conv_layers[13])
    expected = layer.attribute(pixels, target=2, relu_attributions=True)
    enlarged = interpolate(expected, size=(32, 32), mode="bilinear", align_corners=False)
    found = explain_one(GradCam(), untrained, scenes[0], 2).relevance
    assert np.array_equal(found, enlarged[0, 0].detach().numpy())


def test_scaling_the_logit_scales_the_map(untrained, scenes):
    network = copy.deepcopy(untrained.network)
    network.fc_layers[-1].weight.mul_(3)
    tripled = dataclasses.replace(untrained, network=network)
    one, three = (explain_one(GradCam(), c, scenes[0], 1).native for c in (untrained, tripled))
    assert np.allclose(three, 3 * one, rtol=1e-4, atol=1e-7)


def test_a_class_without_evidence_gets_an_empty_finite_map(untrained, scenes):
    network = copy.deepcopy(untrained.network)
    network.fc_layers[-1].weight[4] = 0
    indifferent = dataclasses.replace(untrained, network=network)
    found = explain_one(GradCam(), indifferent, scenes[0], 4)
    assert found.is_empty
    assert found.diagnostics["flags"] == ["empty"]
    assert not explain_one(GradCam(), indifferent, scenes[0], 5).is_empty


def test_a_layer_that_is_no_relu_is_refused(untrained, scenes):
    with pytest.raises(ValueError, match=r"Choose one of the layers 1, 3, 6, 8, 11, 13"):
        explain_one(GradCam(layer=12), untrained, scenes[0], 0)


def test_any_relu_can_be_read(untrained, scenes):
    """Layers other than the last take part in the same pass."""
    found = explain_one(GradCam(layer=6), untrained, scenes[0], 2)
    assert found.native.shape == (16, 16)
    assert found.diagnostics["layer"] == 6


def test_the_sum_of_two_logits_has_the_sum_of_their_maps(untrained, scenes):
    network = copy.deepcopy(untrained.network)
    network.fc_layers[-1].weight[0] += network.fc_layers[-1].weight[1]
    added = dataclasses.replace(untrained, network=network)
    both = explain_one(GradCam(), added, scenes[0], 0).native
    one, other = (explain_one(GradCam(), untrained, scenes[0], t).native for t in (0, 1))
    assert np.allclose(both, one + other, rtol=1e-4, atol=1e-6)
