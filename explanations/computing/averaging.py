"""Sums of gradients at many points around one image, in pieces of bounded memory."""

from collections.abc import Callable

import torch
from torch import Tensor

from explanations.computing.gradients import input_gradients
from explanations.computing.memory import in_chunks
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Workspace

Points = Callable[[slice], Tensor]


def mean_gradient(
    workspace: Workspace, count: int, points: Points, targets: Tensor, factors: Points | None = None
) -> Tensor:
    """Return the mean gradient of k logits over ``count`` points, float64 (k, channels, height,
    width).

    ``points`` returns some points as network input (rows, channels, height, width), ``factors``
    what each of their gradients is multiplied by. ``targets`` contains class numbers (k,).
    """
    like = points(slice(0, 1))
    rows = workspace.budget.gradient_rows(2 * sum(workspace.layer_bytes(like)))

    def share(some: slice) -> Tensor:
        summed = torch.zeros(
            (len(targets), *like.shape[1:]), dtype=torch.float64, device=like.device
        )

        def add(part: slice) -> None:
            here = slice(some.start + part.start, some.start + part.stop)
            at = points(here)
            gradients = input_gradients(workspace.network, at, targets.expand(len(at), -1))
            if factors is not None:
                gradients = gradients * factors(here)[:, None]
            summed.add_(gradients.double().sum(0))

        in_chunks(some.stop - some.start, rows, add)
        return summed

    return torch.stack(side_by_side(count, rows, like.device, share)).sum(0) / count
