"""Grad-CAM++ by the paper's own equations, with derivatives of exp(logit) that autograd takes."""

import numpy as np
import pytest
import torch

from explanations.computing.gradients import layer_gradients
from explanations.engine import Engine, explain
from explanations.methods.gradcam_plus_plus import GradCamPlusPlus, weighted


def by_the_equations(values: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    """Equations 10, 19 and 20 of Chattopadhay et al. for the logit ``(head * values).sum()``, by
    autograd on its exponential and in plain loops."""
    cells = values.double().clone().requires_grad_()
    score = (head.double() * cells).sum().exp()
    (first,) = torch.autograd.grad(score, cells, create_graph=True)
    result = torch.zeros(cells.shape[1:], dtype=torch.float64)
    for channel in range(len(cells)):
        weight = 0.0
        for row in range(cells.shape[1]):
            for column in range(cells.shape[2]):
                place = (channel, row, column)
                (second,) = torch.autograd.grad(first[place], cells, create_graph=True)
                (third,) = torch.autograd.grad(second[place], cells, retain_graph=True)
                total = cells[channel].sum()
                alpha = second[place] / (2 * second[place] + total * third[place])
                # The factor exp(logit) of the first derivative is common to all weights.
                weight += float((alpha * torch.relu(first[place]) / score).detach())
        result += weight * cells[channel].detach()
    return result


def test_the_map_is_that_of_the_papers_equations():
    generator = torch.Generator().manual_seed(4)
    values = torch.rand((2, 3, 3), generator=generator)
    head = torch.randn((2, 3, 3), generator=generator)
    expected = by_the_equations(values, head)
    found = weighted(values[None], head[None, None])[0, 0]
    assert torch.allclose(found.double(), expected, atol=1e-6)
    # The control: Grad-CAM's own weights, the mean gradients, give another map.
    gradcam = (head.mean((1, 2), keepdim=True) * values).sum(0).double()
    assert not torch.allclose(gradcam / gradcam.abs().max(), expected / expected.abs().max(), 0.1)


def test_two_objects_of_different_size_count_alike():
    """The paper's own reason: a small object is as strong as a large one in the map."""
    values = torch.zeros((1, 2, 4, 4))
    values[0, 0, :2] = 1.0
    values[0, 1, 3, 3] = 1.0
    head = (values > 0).float()
    found = weighted(values, head[:, None])[0, 0]
    mean = head.mean((2, 3))[0]
    assert mean[0] / mean[1] == 8  # the ratio of the weights of Grad-CAM
    assert found[0, 0] / found[3, 3] < 8 * 0.5


def test_it_reads_grad_cams_layer_and_is_positive(untrained, scenes):
    found = explain(untrained, scenes[:2], methods={"one": GradCamPlusPlus()})["one"]
    assert found.diagnostics[0]["layer"] == 13
    assert found.native.shape == (2, 8, 8)
    assert found.relevance.min() >= 0
    engine = Engine(untrained)
    pixels = engine.workspace.pixels(scenes[:1])
    targets = torch.tensor([[3]])
    values, gradients = layer_gradients(engine.workspace.network, pixels, targets, 13)
    alone = engine.explain(scenes[:1], [3], {"one": GradCamPlusPlus()})["one"]
    assert np.allclose(alone.native[0], weighted(values, gradients)[0, 0], atol=1e-7)


def test_activations_below_zero_leave_the_map_finite():
    values = torch.full((1, 1, 2, 2), -1.0)
    gradients = torch.full((1, 1, 1, 2, 2), 0.5)
    assert weighted(values, gradients).isfinite().all()


def test_a_layer_that_grad_cam_does_not_read_is_refused(untrained, scenes):
    with pytest.raises(ValueError, match="layer 2 is not a ReLU"):
        explain(untrained, scenes[:1], methods={"one": GradCamPlusPlus(layer=2)})
