"""In which numbers a network is computed: exactly, or faster where that may be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor, nn

from explanations.computing.chain import Chain
from explanations.computing.chain import forward as forward_of
from explanations.computing.winograd.convolution import WinogradConv

TOLERANCE = 1e-3
"""Largest difference of a probability that ``fast`` may make before it is given up."""

PRECISIONS = ("strict", "fast")


class Forward(Protocol):
    """What step ``stop - 1`` gives for rows that enter the chain at step ``start``."""

    def __call__(self, values: Tensor, start: int, stop: int | None = None) -> Tensor: ...


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """IEEE float32 everywhere: no TF32 on a GPU, no bfloat16 inside a CPU's products."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=False, deterministic=True):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def _tensor_float() -> Iterator[None]:
    """TF32: float32 with ten bits of mantissa in the factors, on GPUs that have it."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        with torch.backends.cudnn.flags(enabled=True, allow_tf32=True):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def strict(chain: Chain) -> Forward:
    """The chain as it is."""
    return chain.run


def tf32(chain: Chain) -> Forward:
    """TF32 on a GPU."""

    def forward(values: Tensor, start: int, stop: int | None = None) -> Tensor:
        with _tensor_float():
            return chain.run(values, start, stop)

    return forward


def winograd(chain: Chain) -> Forward:
    """float32 with Winograd's convolutions, for CPUs."""
    modules = list(chain.modules)
    for index, module in enumerate(chain.modules):
        if WinogradConv.fits(module):
            rectify = isinstance(_at(chain, index + 1), nn.ReLU)
            pool = rectify and WinogradConv.pools(_at(chain, index + 2))
            modules[index] = WinogradConv(module, rectify=rectify, pool=pool)
            done = index + 1 + rectify + pool
            modules[index + 1 : done] = [nn.Identity()] * (done - index - 1)

    def forward(values: Tensor, start: int, stop: int | None = None) -> Tensor:
        for module in modules[start:stop]:
            values = forward_of(module, values)
        return values

    return forward


def _at(chain: Chain, index: int) -> nn.Module:
    return chain.modules[index] if index < len(chain) else nn.Identity()


def faster(
    device: torch.device, dtype: torch.dtype
) -> tuple[str, Callable[[Chain], Forward]] | None:
    """The faster way on this device, or None where none is known that keeps to TOLERANCE.

    bfloat16 is not among them: it moved probabilities of the shipped classifiers by up to .015.
    """
    if dtype != torch.float32:
        return None
    return ("tf32", tf32) if device.type == "cuda" else ("winograd", winograd)
