"""3x3 convolutions with fewer multiplications (Winograd F(4x4, 3x3)), in float32.

The result differs from an ordinary convolution only by rounding. It needs a quarter of the
multiplications, and its error is about 1e-5 of the largest output. This pays on processors without
fast half precision. The algorithm is from Lavin and Gray (2016), arXiv 1509.09308. Tiles are
computed in blocks whose memory is reused, so that it stays in the cache.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.winograd.machine_code import LANES
from explanations.computing.winograd.tiles import KERNEL, OUT, TILE, putting_together, taking_apart

BLOCK_BYTES = 8 << 20

_APART = 16
"""Unused numbers between two planes. Without them, planes whose distance is a power of two would
compete for the few places of one cache set."""


@dataclass(frozen=True)
class _Blocks:
    """Division of images into blocks, each of which is several whole images or a band of a single
    image."""

    down: int
    """Rows of tiles in an image."""
    across: int
    """Columns of tiles in an image."""
    images: int
    """Images in a block."""
    band: int
    """Rows of tiles of each image in a block."""

    @classmethod
    def of(cls, height: int, width: int, bytes_per_tile: int) -> "_Blocks":
        """Choose the largest blocks of at most BLOCK_BYTES, but at least a row of tiles."""
        down, across = -(-height // OUT), -(-width // OUT)
        rows = max(1, BLOCK_BYTES // bytes_per_tile // across)
        return cls(down, across, max(1, rows // down), min(down, rows))

    @property
    def tiles(self) -> int:
        """Return the largest number of tiles in a block."""
        return self.images * self.band * self.across

    def cut(self, count: int) -> Iterator[tuple[slice, slice]]:
        """Yield the images and the rows of tiles of each block."""
        for first in range(0, count, self.images):
            for top in range(0, self.down, self.band):
                images = slice(first, min(first + self.images, count))
                yield images, slice(top, min(top + self.band, self.down))


class WinogradConv(nn.Module):
    """Replacement for a 3x3 convolution of float32 images (n, channels, height, width).

    With ``rectify`` the output has passed a ReLU, with ``pool`` a 2x2 maximum pool after it.
    """

    def __init__(
        self, convolution: nn.Conv2d, *, rectify: bool = False, pool: bool = False
    ) -> None:
        super().__init__()
        self.rectify, self.pool = rectify, pool
        # The kernel is transformed once, so float64 costs nothing here and saves rounding.
        weight = convolution.weight.detach()
        transform = torch.tensor(KERNEL, dtype=torch.float64)
        kernel = torch.einsum("ap,oipq,bq->abio", transform, weight.double(), transform)
        self.kernel = kernel.flatten(0, 1).float().contiguous()
        bias = torch.zeros(len(weight)) if convolution.bias is None else convolution.bias
        self.bias = bias.detach().float().contiguous()

    @staticmethod
    def fits(module: nn.Module) -> TypeGuard[nn.Conv2d]:
        """Check whether ``module`` is a convolution that this class can replace."""
        return (
            isinstance(module, nn.Conv2d)
            and module.kernel_size == (3, 3)
            and module.stride == (1, 1)
            and module.padding == (1, 1)
            and module.dilation == (1, 1)
            and module.groups == 1
            and module.padding_mode == "zeros"
            and module.in_channels % LANES == module.out_channels % LANES == 0
            and module.weight.device.type == "cpu"
            and module.weight.dtype == torch.float32
        )

    @staticmethod
    def pools(module: nn.Module) -> bool:
        """Check whether ``module`` is a pool that the option ``pool`` can replace."""
        return (
            isinstance(module, nn.MaxPool2d)
            and module.kernel_size in (2, (2, 2))
            and module.stride in (2, (2, 2))
            and module.padding in (0, (0, 0))
            and module.dilation in (1, (1, 1))
            and not module.ceil_mode
        )

    def forward(self, images: Tensor) -> Tensor:
        """Compute the convolution of (n, channels, height, width), with ReLU and pool if chosen."""
        count, channels, height, width = images.shape
        side = OUT // 2 if self.pool else OUT
        bytes_per_tile = 4 * TILE**2 * (channels + len(self.bias))
        blocks = _Blocks.of(height, width, bytes_per_tile)
        rows = images.permute(0, 2, 3, 1)
        result = images.new_empty(count, side * blocks.down, side * blocks.across, len(self.bias))
        for some, band in blocks.cut(count):
            # Only the border of the image is padded: inside it, a band reads its neighbours' rows.
            first, last = band.start * OUT - 1, band.stop * OUT + 1
            missing = (1, blocks.across * OUT + 1 - width, max(0, -first), max(0, last - height))
            part = functional.pad(rows[some, max(0, first) : last], (0, 0, *missing))
            target = result[some, side * band.start : side * band.stop]
            self._block(part.contiguous(), blocks, band.stop - band.start, target)
        step = 2 if self.pool else 1
        return result[:, : height // step, : width // step].permute(0, 3, 1, 2)

    def _block(self, padded: Tensor, blocks: _Blocks, down: int, target: Tensor) -> None:
        """Compute a block from padded images with shape (n, height, width, channels). The result
        has the shape (n, rows, columns, channels)."""
        count, channels, out = len(padded), padded.shape[3], len(self.bias)
        tiles, planes = count * down * blocks.across, TILE**2
        before, after = blocks.tiles * channels + _APART, blocks.tiles * out + _APART
        memory = _scratch.numbers(planes * (before + after))
        factors, products = memory[: planes * before], memory[planes * before :]
        apart = taking_apart(channels, blocks.across, before)
        apart(padded.data_ptr(), factors.data_ptr(), count, down)
        torch.bmm(
            factors.as_strided((planes, tiles, channels), (before, channels, 1)),
            self.kernel,
            out=products.as_strided((planes, tiles, out), (after, out, 1)),
        )
        together = putting_together(out, blocks.across, after, rectify=self.rectify, pool=self.pool)
        together(products.data_ptr(), target.data_ptr(), self.bias.data_ptr(), count, down)


class _Scratch(threading.local):
    """Memory of a thread, reused by every block so that it stays in the cache."""

    def __init__(self) -> None:
        self.memory = torch.empty(0, dtype=torch.float32, device="cpu")

    def numbers(self, count: int) -> Tensor:
        """Return ``count`` float32 numbers with arbitrary values."""
        if self.memory.numel() < count:
            self.memory = torch.empty(count, dtype=torch.float32, device="cpu")
        return self.memory[:count]


_scratch = _Scratch()
