import numpy as np
import torch

from explanations.methods.saliency import Saliency
from tests.explanations.conftest import explain_one


def test_it_is_the_absolute_gradient_of_the_logit_and_of_its_channels_the_largest(
    classifier, scenes
):
    for target in (0, 9):
        pixels = classifier.normalise(scenes[:1]).requires_grad_()
        (gradient,) = torch.autograd.grad(classifier.network(pixels)[0, target], pixels)
        found = explain_one(Saliency(), classifier, scenes[0], target)
        assert np.array_equal(found.channels, gradient[0].abs().numpy())
        assert np.array_equal(found.relevance, gradient[0].abs().amax(0).numpy())


def test_it_predicts_the_effect_of_a_small_change(untrained, scenes):
    """A finite difference in float64 at the pixel that matters most."""
    attribution = explain_one(Saliency(), untrained, scenes[1], 2)
    place = np.unravel_index(attribution.channels.argmax(), attribution.channels.shape)
    network = untrained.network
    pixels = untrained.normalise(scenes[1:2]).double()
    step = torch.zeros_like(pixels)
    step[0][place] = 1e-5
    network.double()
    try:
        difference = (network(pixels + step) - network(pixels - step))[0, 2] / 2e-5
    finally:
        network.float()
    assert np.isclose(abs(float(difference)), attribution.relevance.max(), rtol=1e-3)
