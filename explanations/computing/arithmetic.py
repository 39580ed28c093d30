"""Arithmetic in which a network is computed: exact, or faster where that is permitted."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from explanations.classifier.exact import tensor_float
from explanations.computing.chain import Chain
from explanations.computing.chain import forward as forward_of

TOLERANCE = 1e-3
"""Largest change of a probability at which ``fast`` is still accepted."""

PRECISIONS = ("strict", "fast")


class Forward(Protocol):
    """Function that returns the output of step ``stop - 1`` for the input of step ``start``."""

    def __call__(self, values: Tensor, start: int, stop: int | None = None) -> Tensor: ...


def strict(chain: Chain) -> Forward:
    """Return the chain's own forward function."""
    return chain.run


def tf32(chain: Chain) -> Forward:
    """Return the chain's forward function in TF32, for GPUs."""

    def forward(values: Tensor, start: int, stop: int | None = None) -> Tensor:
        with tensor_float():
            return chain.run(values, start, stop)

    return forward


def winograd(chain: Chain) -> Forward:
    """Return the chain's forward function with Winograd convolutions in float32, for CPUs."""
    # Imported here because only this path needs LLVM: strict arithmetic must not load it.
    from explanations.computing.winograd.convolution import WinogradConv

    modules = list(chain.modules)
    for index, module in enumerate(chain.modules):
        # A ReLU and a pool that follow are computed in the same pass over memory; identities
        # replace them, so that the numbers of the steps stay valid.
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
    """Return name and constructor of the faster arithmetic on this device, or None if there is
    none.

    bfloat16 is excluded: it changed probabilities of the shipped classifiers by up to .015, more
    than TOLERANCE.
    """
    if dtype != torch.float32:
        return None
    return ("tf32", tf32) if device.type == "cuda" else ("winograd", winograd)
