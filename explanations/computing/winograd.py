"""3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3), in float32.

The function is the convolution's; the rounding is another, about 1e-5 of the largest output. It
pays on processors without fast half precision. After Lavin and Gray 2016, arXiv 1509.09308. Tiles
go through in blocks, by sums of whole rows, into memory that is used again and so stays in the
cache: what the transforms cost is memory, not arithmetic.
"""

import threading
from collections.abc import Iterator, Sequence
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

OUT = 4
TILE = OUT + 2
BLOCK_BYTES = 8 << 20

# Interpolation at 0, 1, -1, 2, -2 and infinity; the transform of a kernel's rows and columns.
_KERNEL = torch.tensor(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
    dtype=torch.float64,
) / torch.tensor(24.0, dtype=torch.float64)  # fmt: skip


def _into(x: Sequence[Tensor], out: Tensor) -> None:
    """Six rows of the input as the six factors of the products, along the first axis."""
    torch.sub(x[4], x[2], alpha=5, out=out[0]).add_(x[0], alpha=4)
    torch.sub(x[5], x[3], alpha=5, out=out[5]).add_(x[1], alpha=4)
    for plus, minus, weight, scale in ((out[1], out[2], 4, 1), (out[3], out[4], 1, 2)):
        # The even and the odd part of two opposite points, then their sum and difference.
        torch.sub(x[4], x[2], alpha=weight, out=plus)
        torch.sub(x[3], x[1], alpha=weight, out=minus)
        plus.add_(minus, alpha=scale)
        torch.sub(plus, minus, alpha=2 * scale, out=minus)


def _out_of(x: Tensor, out: Tensor) -> None:
    """Six products as four rows of the output, along the first axis."""
    even, odd = x[1] + x[2], x[1] - x[2]
    even_of_two, odd_of_two = x[3] + x[4], x[3] - x[4]
    torch.add(x[0], even, out=out[0]).add_(even_of_two)
    torch.add(odd, odd_of_two, alpha=2, out=out[1])
    torch.add(even, even_of_two, alpha=4, out=out[2])
    torch.add(x[5], odd, out=out[3]).add_(odd_of_two, alpha=8)


class WinogradConv(nn.Module):
    """Computes what ``convolution`` computes, for float32 images (n, channels, height, width).

    ``rectify``: and what a ReLU makes of that, while it is in the cache.
    """

    def __init__(self, convolution: nn.Conv2d, *, rectify: bool = False) -> None:
        super().__init__()
        self.rectify = rectify
        weight = convolution.weight
        kernel = torch.einsum("ap,oipq,bq->abio", _KERNEL, weight.double().cpu(), _KERNEL)
        kernel = kernel.reshape(TILE**2, *kernel.shape[2:]).float().contiguous()
        self.kernel = kernel.to(weight.device)
        self.bias = convolution.bias

    @staticmethod
    def fits(module: nn.Module) -> TypeGuard[nn.Conv2d]:
        """Whether ``module`` is a convolution of the one kind that this is made for."""
        return (
            isinstance(module, nn.Conv2d)
            and module.kernel_size == (3, 3)
            and module.stride == (1, 1)
            and module.padding == (1, 1)
            and module.dilation == (1, 1)
            and module.groups == 1
            # Below that, the transforms cost more than the products that they save.
            and module.in_channels >= 32
        )

    def forward(self, images: Tensor) -> Tensor:
        count, _, height, width = images.shape
        down, across = -(-height // OUT), -(-width // OUT)
        rows = images.permute(0, 2, 3, 1)
        result = images.new_empty(count, down, OUT, across, OUT, self.kernel.shape[2])
        for some, band in self._blocks(count, down, across):
            first, last = band.start * OUT - 1, band.stop * OUT + 1
            missing = (1, across * OUT + 1 - width, max(0, -first), max(0, last - height))
            part = rows[some, max(0, first) : last]
            self._block(functional.pad(part, (0, 0, *missing)), result[some, band])
        values = result.view(count, down * OUT, across * OUT, -1)
        return values[:, :height, :width].permute(0, 3, 1, 2)

    def _blocks(self, count: int, down: int, across: int) -> Iterator[tuple[slice, slice]]:
        """Images, and rows of tiles, that fit the cache together."""
        bytes_per_tile = 4 * TILE**2 * sum(self.kernel.shape[1:])
        rows = max(1, BLOCK_BYTES // bytes_per_tile // across)
        at_once, band = max(1, rows // down), min(down, rows)
        for first in range(0, count, at_once):
            for top in range(0, down, band):
                images = slice(first, min(first + at_once, count))
                yield images, slice(top, min(top + band, down))

    def _block(self, padded: Tensor, result: Tensor) -> None:
        """From (n, rows + 2, columns + 2, channels) to (n, down, 4, across, 4, channels)."""
        count, down, _, across, _, out = result.shape
        width, channels = padded.shape[2:]
        by_rows, factors, products, half = _scratch.tensors(
            padded,
            (TILE, count, down, width, channels),
            (TILE, TILE, count, down, across, channels),
            (TILE, TILE, count, down, across, out),
            (OUT, TILE, count, down, across, out),
        )
        _into([padded[:, at : at + OUT * (down - 1) + 1 : OUT] for at in range(TILE)], by_rows)
        columns = range(TILE)
        _into(
            [by_rows[:, :, :, at : at + OUT * (across - 1) + 1 : OUT] for at in columns],
            factors.transpose(0, 1),
        )
        torch.bmm(
            factors.view(TILE**2, -1, channels), self.kernel, out=products.view(TILE**2, -1, out)
        )
        _out_of(products, half)
        _out_of(half.transpose(0, 1), result.permute(4, 2, 0, 1, 3, 5))
        if self.bias is not None:
            result += self.bias
        if self.rectify:
            result.relu_()


class _Scratch(threading.local):
    """Memory of this thread that every block uses again, so that it stays in the cache."""

    def __init__(self) -> None:
        self.memory = torch.empty(0)

    def tensors(self, like: Tensor, *shapes: Sequence[int]) -> list[Tensor]:
        """Uninitialised tensors of these shapes, of the type and device of ``like``."""
        sizes = [torch.Size(shape).numel() for shape in shapes]
        if self.memory.numel() < sum(sizes) or self.memory.device != like.device:
            self.memory = like.new_empty(sum(sizes))
        parts = torch.split(self.memory[: sum(sizes)], sizes)
        return [part.view(*shape) for part, shape in zip(parts, shapes, strict=True)]


_scratch = _Scratch()
