"""DeepSHAP in float64 by another way than the engine's, for networks that shap cannot compute.

shap attaches hooks to modules, which miss functions and modules that are used several times. Here
every call of an operation is intercepted while the image and the references pass the network
together, and its backward pass is replaced by the rule. Nothing is traced and nothing linearised,
so that the two implementations share no code but the classifier.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.background import Background

Map = NDArray[np.float64]
CLOSE_INPUTS = 1e-6
CLOSE_CELLS = 1e-7
"""shap's two thresholds, below which the slope is used, or nothing is passed on."""
ELEMENTWISE = frozenset((
    "relu", "relu_", "relu6", "leaky_relu", "gelu", "silu", "elu", "selu", "celu", "mish",
    "hardswish", "hardsigmoid", "hardtanh", "sigmoid", "tanh", "softplus",
))  # fmt: skip


def deepshap(
    explainer: Any,
    classifier: Classifier,
    image: NDArray[np.uint8],
    target: int,
    seed: int,
    background: Background | None = None,
) -> Map:
    """Compute the shares of every pixel, summed over the channels."""
    shares: Map = deepshap_by_channel(classifier, image, target, background).sum(0)
    return shares


def deepshap_by_channel(
    classifier: Classifier, image: NDArray[np.uint8], target: int, background: Background | None
) -> Map:
    """Compute the shares of every channel, with shape (channels, height, width)."""
    network = copy.deepcopy(classifier.network).double()
    pixels = classifier.normalise(image[None]).double()
    references = (
        torch.zeros_like(pixels)
        if background is None
        else classifier.normalise(background.images).double()
    )
    shares = torch.zeros_like(pixels)
    for reference in references:
        pair = torch.stack([pixels[0], reference]).contiguous().requires_grad_()
        with torch.enable_grad(), _Intercepted():
            logits = network(pair)
        (gradient,) = torch.autograd.grad(logits[:, target].sum(), pair)
        shares += gradient[0] * (pixels[0] - reference)
    result: Map = (shares[0] / len(references)).detach().cpu().numpy()
    return result


class _Intercepted(TorchFunctionMode):
    """Mode in which nonlinear operations have the rule in place of their backward pass."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in ELEMENTWISE:
            kwargs.pop("inplace", None)
            values, *rest = args
            plain = torch.relu if name == "relu_" else func
            return _Elementwise.apply(  # type: ignore[no-untyped-call]
                values, lambda changed: plain(changed, *rest, **kwargs)
            )
        if name == "max_pool2d":
            return _Maximum.apply(  # type: ignore[no-untyped-call]
                args[0], *_sizes(*args[1:], **kwargs)
            )
        return func(*args, **kwargs)


class _Elementwise(torch.autograd.Function):
    """An operation on each value, whose multiplier is the quotient of the changes."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, operation: Callable[[Tensor], Tensor]) -> Any:
        output = operation(values.clone())
        ctx.save_for_backward(values.clone(), output)
        ctx.operation = operation
        return output.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        values, output = ctx.saved_tensors
        change, gain = values[0] - values[1], output[0] - output[1]
        with torch.enable_grad():
            reference = values[1].clone().requires_grad_()
            (slope,) = torch.autograd.grad(ctx.operation(reference).sum(), reference)
        quotient = torch.where(change.abs() < CLOSE_INPUTS, slope, gain / change)
        return gradient * quotient, None


class _Maximum(torch.autograd.Function):
    """A pool, whose change goes to the cell that has the larger of the two maxima."""

    @staticmethod
    def forward(
        ctx: Any, values: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
    ) -> Any:
        output = functional.max_pool2d(values, kernel, stride, padding, dilation, ceil)
        ctx.sizes = (kernel, stride, padding, dilation)
        ctx.save_for_backward(values.clone(), output)
        return output

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        values, output = ctx.saved_tensors
        (down, across), stride, padding, dilation = ctx.sizes
        result = torch.zeros_like(values[0])
        change = values[0] - values[1]
        rows, columns = values.shape[2:]
        # Window by window in plain Python order of the kernel's places, as the rule is written.
        largest = torch.maximum(output[0], output[1])
        for which, share in ((0, largest - output[1]), (1, output[0] - largest)):
            taken = torch.zeros_like(share, dtype=torch.bool)
            for row in range(down):
                for column in range(across):
                    r = torch.arange(share.shape[1]) * stride[0] - padding[0] + row * dilation[0]
                    c = torch.arange(share.shape[2]) * stride[1] - padding[1] + column * dilation[1]
                    inside = ((r >= 0) & (r < rows))[:, None] & ((c >= 0) & (c < columns))[None]
                    r, c = r.clamp(0, rows - 1), c.clamp(0, columns - 1)
                    there = values[which][:, r][:, :, c]
                    # The first place that has the maximum takes it.
                    wins = inside & (there == output[which]) & ~taken
                    taken |= wins
                    moved = change[:, r][:, :, c]
                    part = torch.where(moved.abs() < CLOSE_CELLS, 0, share / moved)
                    part = torch.where(wins, part * gradient[0], torch.zeros_like(part))
                    place = (r[:, None] * columns + c[None]).flatten()
                    result.flatten(1).index_add_(1, place, part.flatten(1))
        return torch.stack([result, result]), None, None, None, None, None


def _sizes(
    kernel: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Any, ...]:
    def pair(value: Any) -> tuple[int, int]:
        return (value, value) if isinstance(value, int) else (value[0], value[1])

    stride = kernel if stride is None or stride == [] else stride
    return pair(kernel), pair(stride), pair(padding), pair(dilation), ceil_mode
