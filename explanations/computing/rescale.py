"""DeepLIFT's Rescale rule (Shrikumar et al. 2017), with shap's rule for the maximum.

A multiplier says how much of a difference in the output each unit of difference in the input is
answerable for. Images and references stay apart, (g, 1, …) and (1, b, …): the pairs exist only in
the results. The two thresholds below are shap's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.chain import Chain
from explanations.computing.preflight import pair

SAME_TO_RELU = 1e-6
SAME_TO_POOL = 1e-7


@dataclass(frozen=True, eq=False)
class Recorded:
    """What the rules need of one forward pass of n images."""

    inputs: dict[int, Tensor]
    """By nonlinear step: its input, (n, …)."""
    winners: dict[int, Tensor]
    """By pool: which place of each window holds the maximum, uint8 (n, channels, rows, columns)."""
    pixels: Tensor
    logits: Tensor

    @classmethod
    def of(cls, chain: Chain, pixels: Tensor, recorder: Chain | None = None) -> "Recorded":
        """Run ``pixels`` through ``recorder``, the same chain in another type, if it is given.

        Where an image and a reference all but agree, their difference is mostly rounding, and a
        pixel's share with it. Layers recorded in float64 and then rounded have no such trouble.
        """
        recorder = recorder or chain
        with torch.no_grad():
            values = recorder.record(recorder.enter(pixels))
        nonlinear = [index for index in range(len(chain)) if not chain.is_linear(index)]
        return cls(
            inputs={index: values[index].to(chain.dtype) for index in nonlinear},
            winners={
                index: _winners(chain.modules[index], values[index])
                for index in nonlinear
                if isinstance(chain.modules[index], nn.MaxPool2d)
            },
            pixels=pixels,
            logits=values[-1].to(chain.dtype),
        )

    def part(self, rows: slice) -> "Recorded":
        return Recorded(
            {index: values[rows] for index, values in self.inputs.items()},
            {index: values[rows] for index, values in self.winners.items()},
            self.pixels[rows],
            self.logits[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["Recorded"]) -> "Recorded":
        first = parts[0]
        return cls(
            {index: torch.cat([p.inputs[index] for p in parts]) for index in first.inputs},
            {index: torch.cat([p.winners[index] for p in parts]) for index in first.winners},
            torch.cat([p.pixels for p in parts]),
            torch.cat([p.logits for p in parts]),
        )


def multipliers(chain: Chain, images: Recorded, references: Recorded, targets: Tensor) -> Tensor:
    """Of the target logits by the pixels, for every pair: (g, k, b, 3, height, width).

    ``targets`` are class numbers (g, k) of the g images; there are b references.
    """
    classes = images.logits.shape[1]
    values = functional.one_hot(targets, classes).to(images.logits)[:, :, None]
    for index in range(len(chain) - 1, -1, -1):
        module = chain.modules[index]
        if chain.is_linear(index):
            shape = chain.input_shapes(images.pixels)[index]
            rows = chain.back(index, values.flatten(0, 2), shape)
            values = rows.reshape(*values.shape[:3], *rows.shape[1:])
            continue
        ours, theirs = images.inputs[index][:, None], references.inputs[index][None]
        if isinstance(module, nn.MaxPool2d):
            winners = (images.winners[index][:, None], references.winners[index][None])
            values = _back_through_pool(module, values, ours, theirs, *winners)
        else:
            values = values * relu_multiplier(ours, theirs)[:, None]
    return values


def relu_multiplier(ours: Tensor, theirs: Tensor) -> Tensor:
    """Difference out over difference in; the slope at the reference where there is none."""
    difference = (ours - theirs).abs_()
    # 1 where both are positive, 0 where both are negative, and between them the positive part.
    factor = torch.maximum(ours, theirs).div_(difference).clamp_(0, 1)
    close = (difference < SAME_TO_RELU).nonzero(as_tuple=True)
    factor[close] = (theirs.expand_as(factor)[close] > 0).to(factor.dtype)
    return factor


def _back_through_pool(
    pool: nn.MaxPool2d, values: Tensor, ours: Tensor, theirs: Tensor, won: Tensor, their_won: Tensor
) -> Tensor:
    """Shares of a maximum's change, for the places that hold it in the image or the reference.

    Both maxima are compared with the larger of them: what is above the reference's maximum goes to
    the image's place, what is below to the reference's. Windows do not overlap.
    """
    down, across = pair(pool.kernel_size)
    rows, columns = won.shape[-2:]
    maximum = _at_winners(ours, won, down, across)
    their_maximum = _at_winners(theirs, their_won, down, across)
    larger = torch.maximum(maximum, their_maximum)
    gain, loss = larger - their_maximum, maximum - larger
    nothing = gain.new_zeros(())
    height, width = ours.shape[-2:]
    # In the layout of the layers above, so that the next product needs no copy.
    back = values.new_zeros(
        (*values.shape[:2], theirs.shape[1], height, width, values.shape[3])
    ).movedim(5, 3)
    for place in range(down * across):
        window = (
            ...,
            slice(place // across, rows * down, down),
            slice(place % across, columns * across, across),
        )
        difference = ours[window] - theirs[window]
        share = torch.where(won == place, gain, nothing)
        share += torch.where(their_won == place, loss, nothing)
        share.div_(difference).masked_fill_(difference.abs_() < SAME_TO_POOL, 0)
        torch.mul(values, share[:, None], out=back[window])
    return back


def _winners(pool: nn.Module, values: Tensor) -> Tensor:
    down, across = pair(pool.kernel_size)  # type: ignore[arg-type]
    _, flat = functional.max_pool2d(values, (down, across), return_indices=True)
    width = values.shape[3]
    return ((flat // width % down) * across + flat % width % across).to(torch.uint8)


def _at_winners(values: Tensor, won: Tensor, down: int, across: int) -> Tensor:
    rows, columns = won.shape[-2:]
    maximum = values[..., : rows * down : down, : columns * across : across].clone()
    for place in range(1, down * across):
        window = values[
            ...,
            place // across : rows * down : down,
            place % across : columns * across : across,
        ]
        maximum = torch.maximum(maximum, window)
    return maximum
