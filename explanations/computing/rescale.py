"""DeepLIFT's Rescale rule (Shrikumar et al. 2017), with shap's rule for the maximum.

A multiplier is the change of the output that is attributed to each unit of change of the input.
Images and references are kept apart, (g, 1, …) and (1, b, …); pairs exist only in the results. The
two thresholds below are shap's.
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
    """A pool's input for n images, with shape (n, channels, rows, columns) for each place within a
    window.

    Windows do not overlap.
    """

    kernel: tuple[int, int]
    size: tuple[int, int]
    """Height and width of the pool's input."""
    inputs: Sequence[Tensor]
    """The pool's input by place, or the input of the ReLU in front of the pool."""
    maximum: Tensor
    """Maximum of the pool's input."""
    winner: Tensor
    """Number of the first place that has the maximum, uint8."""

    @classmethod
    def of(cls, pool: nn.Module, values: Tensor, unrectified: Tensor, dtype: torch.dtype) -> Self:
        """Record the windows of ``values``, with ``unrectified`` inputs in ``dtype``."""
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
        """Check whether the windows cover every row and every column."""
        return self.size[0] % self.kernel[0] == 0 and self.size[1] % self.kernel[1] == 0

    def part(self, rows: slice) -> "Windows":
        """Return the windows of some images."""
        inputs = [values[rows] for values in self.inputs]
        return Windows(self.kernel, self.size, inputs, self.maximum[rows], self.winner[rows])

    @classmethod
    def joined(cls, parts: Sequence["Windows"]) -> "Windows":
        """Concatenate the windows of several groups of images."""
        first = parts[0]
        return cls(
            first.kernel,
            first.size,
            [torch.cat(of_place) for of_place in zip(*(p.inputs for p in parts), strict=True)],
            torch.cat([p.maximum for p in parts]),
            torch.cat([p.winner for p in parts]),
        )


def _views(values: Tensor, kernel: tuple[int, int]) -> list[Tensor]:
    """Return, for each place of a window, the cells of (…, height, width) at that place."""
    down, across = kernel
    rows, columns = values.shape[-2] // down, values.shape[-1] // across
    return [
        values[..., row : rows * down : down, column : columns * across : across]
        for row in range(down)
        for column in range(across)
    ]


@dataclass(frozen=True, eq=False)
class Recorded:
    """The values that the rules need from one forward pass of n images."""

    inputs: dict[int, Tensor]
    """Input of each ReLU that is not followed by a pool, (n, …), by index."""
    windows: dict[int, "Windows"]
    """Windows of each pool, by index."""
    pixels: Tensor
    logits: Tensor

    @classmethod
    def of(cls, chain: Chain, pixels: Tensor, recorder: Chain | None = None) -> "Recorded":
        """Run ``pixels`` through ``recorder``, a copy of the chain in another type, or through the
        chain.

        If an image and a reference agree almost exactly, their difference is mostly rounding error,
        and so is a pixel's share. Recording the layers in float64 before rounding them avoids this.
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
                # A pool's windows already include the input of the ReLU in front of it.
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
        """Return the recorded values of some images."""
        return Recorded(
            {index: values[rows] for index, values in self.inputs.items()},
            {index: windows.part(rows) for index, windows in self.windows.items()},
            self.pixels[rows],
            self.logits[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["Recorded"]) -> "Recorded":
        """Concatenate the recorded values of several groups of images."""
        first = parts[0]
        return cls(
            {index: torch.cat([p.inputs[index] for p in parts]) for index in first.inputs},
            {index: Windows.joined([p.windows[index] for p in parts]) for index in first.windows},
            torch.cat([p.pixels for p in parts]),
            torch.cat([p.logits for p in parts]),
        )


def multipliers_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Return the multipliers at the logits for class numbers (g, k), one-hot with shape (g, k, 1,
    classes)."""
    return functional.one_hot(targets, logits.shape[1]).to(logits)[:, :, None]


def multipliers(
    chain: Chain, images: Recorded, references: Recorded, values: Tensor, first: int, last: int
) -> Tensor:
    """Propagate the multipliers from the output of step last - 1 back to the input of step first.

    They are computed for each of g images, k classes and b references: ``values`` has the shape (g,
    k, b or 1, ...), the result (g, k, b, ...).
    """
    shapes = chain.input_shapes(images.pixels)
    index = last - 1
    while index >= first:
        module = chain.modules[index]
        if chain.is_linear(index):
            rows = chain.back(index, values.flatten(0, 2), shapes[index])
            values = rows.reshape(*values.shape[:3], *rows.shape[1:])
        elif isinstance(module, nn.MaxPool2d):
            # A ReLU in front of a pool matters only at the places that the pool selects.
            rectified = index > first and isinstance(chain.modules[index - 1], nn.ReLU)
            values = _back_through_pool(images, references, values, index, rectified=rectified)
            index -= rectified
        else:
            ours, theirs = images.inputs[index][:, None], references.inputs[index][None]
            values = values * relu_multiplier(ours, theirs)[:, None]
        index -= 1
    # Without a nonlinearity in between, the multipliers do not depend on the reference and have one
    # row for all of them. Callers cut this axis into pieces, so each reference needs its own row.
    return values.expand(-1, -1, len(references.pixels), *values.shape[3:])


def relu_multiplier(ours: Tensor, theirs: Tensor) -> Tensor:
    """Return the change of the output over the change of the input.

    Where the input does not change, the result is the slope at the reference.
    """
    difference = (ours - theirs).abs_()
    # 1 where both are positive, 0 where both are negative, and between them the positive part.
    factor = torch.maximum(ours, theirs).div_(difference).clamp_(0, 1)
    # Usually no pair is that close: a single pass finds out, before the costly search.
    if difference.numel() and difference.amin() < SAME_TO_RELU:
        close = (difference < SAME_TO_RELU).nonzero(as_tuple=True)
        factor[close] = (theirs.expand_as(factor)[close] > 0).to(factor.dtype)
    return factor


def _back_through_pool(
    images: Recorded, references: Recorded, values: Tensor, index: int, *, rectified: bool
) -> Tensor:
    """Propagate multipliers through a pool to one place of each window.

    The change of the maximum is attributed to the image's place if the image's maximum is larger,
    else to the reference's place. With ``rectified``, the ReLU in front of the pool is passed as
    well.
    """
    ours, theirs = images.windows[index], references.windows[index]
    gain = ours.maximum[:, None] - theirs.maximum[None]
    place = torch.where(gain > 0, ours.winner[:, None], theirs.winner[None])
    here = [place == number for number in range(len(ours.inputs))]
    ours_there, theirs_there = (
        _chosen([inputs.unsqueeze(axis) for inputs in windows.inputs], here)
        for windows, axis in ((ours, 1), (theirs, 0))
    )
    difference = ours_there.relu() - theirs_there.relu() if rectified else ours_there - theirs_there
    share = gain.div_(difference).masked_fill_(difference.abs_() < SAME_TO_POOL, 0)
    if rectified:
        share *= relu_multiplier(ours_there, theirs_there)
    return _unpooled(values, share[:, None], here, ours)


def _chosen(places: Sequence[Tensor], here: Sequence[Tensor]) -> Tensor:
    """Return the value of each window at the place that ``here`` marks."""
    chosen = places[0]
    for values, at_this_place in zip(places[1:], here[1:], strict=True):
        chosen = torch.where(at_this_place, values, chosen)
    return chosen


def _unpooled(values: Tensor, share: Tensor, here: Sequence[Tensor], windows: "Windows") -> Tensor:
    """Return ``values`` times ``share`` at one place of each window, and 0 at its other places."""
    g, k, b = (*values.shape[:2], share.shape[2])
    height, width = windows.size
    make = values.new_empty if windows.cover else values.new_zeros
    # The memory layout is that of the layers above, so that the next product needs no copy.
    back = make((g, k, b, height, width, share.shape[3])).movedim(5, 3)
    nothing = share.new_zeros(())
    for view, at_this_place in zip(_views(back, windows.kernel), here, strict=True):
        torch.mul(values, torch.where(at_this_place[:, None], share, nothing), out=view)
    return back
