"""DeepLIFT's Rescale rule (Shrikumar et al. 2017), with shap's rule for the maximum.

A multiplier says how much of a difference in the output each unit of difference in the input is
answerable for. Images and references stay apart, (g, 1, …) and (1, b, …): the pairs exist only in
the results. The two thresholds below are shap's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.chain import Chain
from explanations.computing.preflight import pair

SAME_TO_RELU = 1e-6
SAME_TO_POOL = 1e-7


@dataclass(frozen=True, eq=False)
class Windows:
    """What a pool sees of n images, (n, channels, rows, columns) for each place of a window.

    Windows do not overlap.
    """

    kernel: tuple[int, int]
    size: tuple[int, int]
    """Height and width of the pool's input."""
    inputs: Sequence[Tensor]
    """By place: the pool's input, or that of the ReLU in front of it."""
    maximum: Tensor
    """Of the pool's input."""
    winner: Tensor
    """The first place that holds the maximum, uint8."""

    @classmethod
    def of(cls, pool: nn.Module, values: Tensor, unrectified: Tensor, dtype: torch.dtype) -> Self:
        kernel = pair(pool.kernel_size)  # type: ignore[arg-type]
        places = _views(values, kernel)
        maximum = places[0]
        winner = torch.zeros_like(maximum, dtype=torch.uint8)
        for number, place in enumerate(places[1:], start=1):
            winner = torch.where(place > maximum, number, winner)
            maximum = torch.maximum(place, maximum)
        inputs = [view.to(dtype, copy=True) for view in _views(unrectified, kernel)]
        size = (values.shape[2], values.shape[3])
        return cls(kernel, size, inputs, maximum.to(dtype), winner)

    @property
    def cover(self) -> bool:
        """Whether the windows leave no row and no column out."""
        return self.size[0] % self.kernel[0] == 0 and self.size[1] % self.kernel[1] == 0

    def part(self, rows: slice) -> "Windows":
        inputs = [values[rows] for values in self.inputs]
        return Windows(self.kernel, self.size, inputs, self.maximum[rows], self.winner[rows])

    @classmethod
    def joined(cls, parts: Sequence["Windows"]) -> "Windows":
        first = parts[0]
        return cls(
            first.kernel,
            first.size,
            [torch.cat(of_place) for of_place in zip(*(p.inputs for p in parts), strict=True)],
            torch.cat([p.maximum for p in parts]),
            torch.cat([p.winner for p in parts]),
        )


def _views(values: Tensor, kernel: tuple[int, int]) -> list[Tensor]:
    """By place of a window: the part of (…, height, width) that lies there."""
    down, across = kernel
    rows, columns = values.shape[-2] // down, values.shape[-1] // across
    return [
        values[..., row : rows * down : down, column : columns * across : across]
        for row in range(down)
        for column in range(across)
    ]


@dataclass(frozen=True, eq=False)
class Recorded:
    """What the rules need of one forward pass of n images."""

    inputs: dict[int, Tensor]
    """By ReLU that no pool follows: its input, (n, …)."""
    windows: dict[int, "Windows"]
    """By pool: what it sees."""
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
        modules = dict(enumerate(chain.modules))
        relus = [index for index, module in modules.items() if isinstance(module, nn.ReLU)]
        pools = [index for index, module in modules.items() if isinstance(module, nn.MaxPool2d)]
        return cls(
            inputs={
                index: values[index].to(chain.dtype)
                for index in relus
                # A ReLU whose pool keeps the values in front of it needs none of its own.
                if index + 1 not in pools
            },
            windows={
                index: Windows.of(
                    modules[index],
                    values[index],
                    values[index - 1] if index - 1 in relus else values[index],
                    chain.dtype,
                )
                for index in pools
            },
            pixels=pixels,
            logits=values[-1].to(chain.dtype),
        )

    def part(self, rows: slice) -> "Recorded":
        return Recorded(
            {index: values[rows] for index, values in self.inputs.items()},
            {index: windows.part(rows) for index, windows in self.windows.items()},
            self.pixels[rows],
            self.logits[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["Recorded"]) -> "Recorded":
        first = parts[0]
        return cls(
            {index: torch.cat([p.inputs[index] for p in parts]) for index in first.inputs},
            {index: Windows.joined([p.windows[index] for p in parts]) for index in first.windows},
            torch.cat([p.pixels for p in parts]),
            torch.cat([p.logits for p in parts]),
        )


def multipliers_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Where the way back begins, for class numbers (g, k): ones, (g, k, 1, classes)."""
    return functional.one_hot(targets, logits.shape[1]).to(logits)[:, :, None]


def multipliers(
    chain: Chain, images: Recorded, references: Recorded, values: Tensor, first: int, last: int
) -> Tensor:
    """Those of the input of step ``first``, from those of the output of step ``last - 1``.

    For every one of g images, k classes and b references: ``values`` are (g, k, b or 1, ...), the
    result is (g, k, b, ...).
    """
    shapes = chain.input_shapes(images.pixels)
    index = last - 1
    while index >= first:
        module = chain.modules[index]
        if chain.is_linear(index):
            rows = chain.back(index, values.flatten(0, 2), shapes[index])
            values = rows.reshape(*values.shape[:3], *rows.shape[1:])
        elif isinstance(module, nn.MaxPool2d):
            # A ReLU in front of a pool matters only where the pool looks.
            rectified = index > first and isinstance(chain.modules[index - 1], nn.ReLU)
            values = _back_through_pool(images, references, values, index, rectified=rectified)
            index -= rectified
        else:
            ours, theirs = images.inputs[index][:, None], references.inputs[index][None]
            values = values * relu_multiplier(ours, theirs)[:, None]
        index -= 1
    return values


def relu_multiplier(ours: Tensor, theirs: Tensor) -> Tensor:
    """Difference out over difference in; the slope at the reference where there is none."""
    difference = (ours - theirs).abs_()
    # 1 where both are positive, 0 where both are negative, and between them the positive part.
    factor = torch.maximum(ours, theirs).div_(difference).clamp_(0, 1)
    # One pass says that there is nothing to mend, which is the rule.
    if difference.numel() and difference.amin() < SAME_TO_RELU:
        close = (difference < SAME_TO_RELU).nonzero(as_tuple=True)
        factor[close] = (theirs.expand_as(factor)[close] > 0).to(factor.dtype)
    return factor


def _back_through_pool(
    images: Recorded, references: Recorded, values: Tensor, index: int, *, rectified: bool
) -> Tensor:
    """Shares of a maximum's change, all for one place of each window.

    Where the image's maximum is the larger one the change belongs to the image's place, else to
    the reference's. ``rectified``: back through the ReLU in front of the pool as well.
    """
    ours, theirs = images.windows[index], references.windows[index]
    gain = ours.maximum[:, None] - theirs.maximum[None]
    place = torch.where(gain > 0, ours.winner[:, None], theirs.winner[None])
    here = [place == number for number in range(len(ours.inputs))]
    ours_there, theirs_there = (
        _chosen([one.unsqueeze(axis) for one in found.inputs], here)
        for found, axis in ((ours, 1), (theirs, 0))
    )
    difference = ours_there.relu() - theirs_there.relu() if rectified else ours_there - theirs_there
    share = gain.div_(difference).masked_fill_(difference.abs_() < SAME_TO_POOL, 0)
    if rectified:
        share *= relu_multiplier(ours_there, theirs_there)
    return _unpooled(values, share[:, None], here, ours)


def _chosen(places: Sequence[Tensor], here: Sequence[Tensor]) -> Tensor:
    """From each window the value at the place that ``here`` names."""
    chosen = places[0]
    for values, at_this_place in zip(places[1:], here[1:], strict=True):
        chosen = torch.where(at_this_place, values, chosen)
    return chosen


def _unpooled(values: Tensor, share: Tensor, here: Sequence[Tensor], windows: "Windows") -> Tensor:
    """``values`` times ``share`` at one place of each window, and 0 at the others."""
    g, k, b = (*values.shape[:2], share.shape[2])
    height, width = windows.size
    make = values.new_empty if windows.cover else values.new_zeros
    # In the layout of the layers above, so that the next product needs no copy.
    back = make((g, k, b, height, width, share.shape[3])).movedim(5, 3)
    nothing = share.new_zeros(())
    for view, at_this_place in zip(_views(back, windows.kernel), here, strict=True):
        torch.mul(values, torch.where(at_this_place[:, None], share, nothing), out=view)
    return back
