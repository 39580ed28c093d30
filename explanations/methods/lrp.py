"""Layer-wise relevance propagation (Bach et al. 2015), which hands the logit back from layer to
layer."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from explanations.attribution import Attributions
from explanations.computing.chain import NORMALISATIONS, Chain, forward
from explanations.computing.cost import Passes
from explanations.computing.needs import Need
from explanations.computing.workspace import Batch
from explanations.methods.protocol import Diagnostics, as_array, flagged

PASSED_ON = (nn.ReLU, nn.Dropout, nn.Dropout2d, nn.Identity)
"""Modules that hand on their relevance unchanged."""
KEEPS_THE_SIGN = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Flatten, *PASSED_ON)
"""Modules whose output is never negative if their input is not."""


@dataclass(frozen=True)
class Lrp:
    """Relevance of each pixel by the composite of the gamma rule and the epsilon rule.

    The gamma rule holds for convolutions whose input is never negative, because it comes from a
    ReLU: weights and biases above 0 count 1 + ``gamma`` times. The epsilon rule holds for linear
    layers, average pools and other convolutions, such as the first: each input gets the share
    a w / (z + epsilon sign(z)) of a unit's relevance (Montavon et al. 2019). A maximum hands its
    relevance to the chosen place, and batch normalisation is merged with the layer before it.

    Biases take their share as inputs do, so the pixels' relevance adds up to the logit minus
    ``absorbed``, the share of all biases; a network without biases absorbs nothing but epsilon's
    share. All layers are computed in float64.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT, Need.PROPAGATION)
    gamma: float = 0.25
    epsilon: float = 1e-6

    def __post_init__(self) -> None:
        if not 0 <= self.gamma <= 100:
            raise ValueError(f"gamma is {self.gamma}, but must be from 0 to 100.")
        if not 0 < self.epsilon <= 1:
            raise ValueError(f"epsilon is {self.epsilon}, but must be above 0 and at most 1.")

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        # In float64, a pass takes about twice as long.
        return Passes(gradient=2)

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        workspace = batch.workspace
        chain = workspace.keep("double", workspace.chain.in_double)
        name = f"lrp layers, gamma {self.gamma}"
        layers = workspace.keep(name, lambda: list(layers_of(chain, self.gamma)))
        channels: list[Tensor] = []
        diagnostics: Diagnostics = []
        for pixels, targets in zip(batch.pixels.double(), batch.targets.tolist(), strict=True):
            inputs = [pixels[None]]
            with torch.no_grad():
                for layer in layers:
                    inputs.append(forward(layer.module, inputs[-1]))
            logits = inputs.pop()[0]
            shares = [self._relevance(layers, inputs, logits, target) for target in targets]
            channels.append(torch.stack(shares))
            diagnostics.append(
                [
                    {
                        "logit": float(logits[target]),
                        "absorbed": float(logits[target] - share.sum()),
                    }
                    | flagged(zero_gradient=not bool(share.any()))
                    for target, share in zip(targets, shares, strict=True)
                ]
            )
        relevance = torch.stack(channels)
        return Attributions(
            as_array(relevance.sum(2)), channels=as_array(relevance), diagnostics=diagnostics
        )

    def _relevance(
        self, layers: Sequence["Layer"], inputs: Sequence[Tensor], logits: Tensor, target: int
    ) -> Tensor:
        """Return the relevance of the pixels, with shape (channels, height, width)."""
        relevance = torch.zeros_like(logits)[None]
        relevance[0, target] = logits[target]
        for layer, values in zip(reversed(layers), reversed(inputs), strict=True):
            relevance = layer.back(values, relevance, self.epsilon)
        return relevance[0]


@dataclass(frozen=True, eq=False)
class Layer:
    """A layer with its rule."""

    module: nn.Module
    rule: str
    """gamma, epsilon, pass (relevance is unchanged) or route (it goes where the values came from).
    """
    weighted: nn.Module
    """The module by which relevance is divided: for the gamma rule, with larger positive weights.
    """

    def back(self, values: Tensor, relevance: Tensor, epsilon: float) -> Tensor:
        """Return the relevance of the layer's input, from that of its output."""
        if self.rule == "pass":
            return relevance
        with torch.enable_grad():
            start = values.detach().requires_grad_()
            output = forward(self.weighted, start)
            if self.rule == "route":
                (routed,) = torch.autograd.grad(output, start, relevance)
                return routed
            # The sign of 0 counts as positive, so that nothing is divided by 0.
            sign = torch.where(output.detach() < 0, -1.0, 1.0).to(output)
            shares = relevance / (output.detach() + epsilon * sign)
            (gradient,) = torch.autograd.grad(output, start, shares)
        return values * gradient


def layers_of(chain: Chain, gamma: float) -> Iterator[Layer]:
    """Yield the layers of a chain with their rules. Batch normalisation is merged."""
    is_positive = False
    modules = list(chain.modules)
    for index, module in enumerate(modules):
        if isinstance(module, NORMALISATIONS):
            continue  # merged below, with the layer before it
        if isinstance(module, nn.Conv2d | nn.Linear):
            whole = _merged(module, modules[index + 1 :])
            takes_gamma = isinstance(whole, nn.Conv2d) and is_positive and gamma > 0
            weighted = _with_gamma(whole, gamma) if takes_gamma else whole
            yield Layer(whole, "gamma" if takes_gamma else "epsilon", weighted)
        elif isinstance(module, PASSED_ON):
            yield Layer(module, "pass", module)
        elif isinstance(module, nn.MaxPool2d | nn.Flatten):
            yield Layer(module, "route", module)
        else:
            yield Layer(module, "epsilon", module)
        is_positive = isinstance(module, nn.ReLU) or (
            is_positive and isinstance(module, KEEPS_THE_SIGN)
        )


def _merged(module: nn.Conv2d | nn.Linear, following: Sequence[nn.Module]) -> nn.Module:
    """Return a layer with the batch normalisation that follows it, if there is any."""
    for after in following:
        if isinstance(after, NORMALISATIONS):
            merged: nn.Module = (
                fuse_conv_bn_eval(module, after)
                if isinstance(module, nn.Conv2d)
                else fuse_linear_bn_eval(module, after)
            )
            return merged.requires_grad_(False)
        if not isinstance(after, nn.Dropout | nn.Dropout2d | nn.Identity):
            break
    return module


def _with_gamma(module: nn.Module, gamma: float) -> nn.Module:
    """Return a copy of a layer in which positive weights and biases count 1 + gamma times."""
    changed = copy.deepcopy(module)
    for parameter in changed.parameters():
        parameter.data += gamma * parameter.data.clamp(min=0)
    return changed
