"""3x3 convolutions with fewer multiplications (Winograd), in float32.

The function is the convolution's; the rounding is another. F(4x4, 3x3) needs a quarter of the
multiplications and is off by about 1e-5 of the largest output; F(2x2, 3x3) needs four ninths and
rounds like the sum itself. It pays on processors without fast half precision. After Lavin and
Gray 2016, arXiv 1509.09308. Tiles go through in blocks, into memory that is used again and so
stays in the cache.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.winograd.machine_code import LANES
from explanations.computing.winograd.tiles import FOUR, TWO, Form, putting_together, taking_apart

BLOCK_BYTES = 8 << 20

_APART = 16
"""Numbers between two planes: at distances of a power of two they would share a cache's few
places."""


@dataclass(frozen=True)
class _Blocks:
    """How pictures of ``down`` by ``across`` tiles are cut: whole pictures, or bands of one."""

    down: int
    across: int
    """Tiles of a picture."""
    images: int
    band: int
    """Rows of tiles."""

    @classmethod
    def of(cls, form: Form, height: int, width: int, bytes_per_tile: int) -> "_Blocks":
        down, across = -(-height // form.out), -(-width // form.out)
        rows = max(1, BLOCK_BYTES // bytes_per_tile // across)
        return cls(down, across, max(1, rows // down), min(down, rows))

    @property
    def tiles(self) -> int:
        """At most, in one block."""
        return self.images * self.band * self.across

    def cut(self, count: int) -> Iterator[tuple[slice, slice]]:
        """Which pictures, and which rows of their tiles."""
        for first in range(0, count, self.images):
            for top in range(0, self.down, self.band):
                images = slice(first, min(first + self.images, count))
                yield images, slice(top, min(top + self.band, self.down))


class WinogradConv(nn.Module):
    """Computes what ``convolution`` computes, for float32 images (n, channels, height, width).

    ``rectify``, ``pool``: and what a ReLU, and a pool of two by two after that, make of it.
    """

    def __init__(
        self,
        convolution: nn.Conv2d,
        form: Form = FOUR,
        *,
        rectify: bool = False,
        pool: bool = False,
    ) -> None:
        super().__init__()
        self.form, self.rectify, self.pool = form, rectify, pool
        weight = convolution.weight.detach()
        turn = torch.tensor(form.kernel, dtype=torch.float64)
        kernel = torch.einsum("ap,oipq,bq->abio", turn, weight.double(), turn)
        self.kernel = kernel.flatten(0, 1).float().contiguous()
        bias = torch.zeros(len(weight)) if convolution.bias is None else convolution.bias
        self.bias = bias.detach().float().contiguous()

    @classmethod
    def back_through(cls, convolution: nn.Conv2d) -> "WinogradConv":
        """The transpose of a convolution that fits; as exact as torch's own."""
        weight = convolution.weight.detach()
        turned = nn.Conv2d(len(weight), weight.shape[1], 3, padding=1, bias=False)
        turned.weight = nn.Parameter(weight.flip(2, 3).transpose(0, 1), requires_grad=False)
        return cls(turned, TWO)

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
            and module.padding_mode == "zeros"
            and module.in_channels % LANES == module.out_channels % LANES == 0
            and module.weight.device.type == "cpu"
            and module.weight.dtype == torch.float32
        )

    @staticmethod
    def pools(module: nn.Module) -> bool:
        """Whether ``module`` is a pool that ``pool`` can take the place of."""
        return (
            isinstance(module, nn.MaxPool2d)
            and module.kernel_size in (2, (2, 2))
            and module.stride in (2, (2, 2))
            and module.padding in (0, (0, 0))
            and module.dilation in (1, (1, 1))
            and not module.ceil_mode
        )

    def forward(self, images: Tensor) -> Tensor:
        count, channels, height, width = images.shape
        out = self.form.out
        side = out // 2 if self.pool else out
        bytes_per_tile = 4 * self.form.tile**2 * (channels + len(self.bias))
        blocks = _Blocks.of(self.form, height, width, bytes_per_tile)
        rows = images.permute(0, 2, 3, 1)
        result = images.new_empty(count, side * blocks.down, side * blocks.across, len(self.bias))
        for some, band in blocks.cut(count):
            first, last = band.start * out - 1, band.stop * out + 1
            missing = (1, blocks.across * out + 1 - width, max(0, -first), max(0, last - height))
            part = functional.pad(rows[some, max(0, first) : last], (0, 0, *missing))
            target = result[some, side * band.start : side * band.stop]
            self._block(part.contiguous(), blocks, band.stop - band.start, target)
        step = 2 if self.pool else 1
        return result[:, : height // step, : width // step].permute(0, 3, 1, 2)

    def _block(self, padded: Tensor, blocks: _Blocks, down: int, target: Tensor) -> None:
        """From padded (n, height, width, channels) to (n, rows, columns, channels)."""
        count, channels, out = len(padded), padded.shape[3], len(self.bias)
        tiles, planes = count * down * blocks.across, self.form.tile**2
        before, after = blocks.tiles * channels + _APART, blocks.tiles * out + _APART
        memory = _scratch.numbers(planes * (before + after))
        factors, products = memory[: planes * before], memory[planes * before :]
        apart = taking_apart(self.form, channels, blocks.across, before)
        apart(padded.data_ptr(), factors.data_ptr(), count, down)
        torch.bmm(
            factors.as_strided((planes, tiles, channels), (before, channels, 1)),
            self.kernel,
            out=products.as_strided((planes, tiles, out), (after, out, 1)),
        )
        together = putting_together(
            self.form, out, blocks.across, after, rectify=self.rectify, pool=self.pool
        )
        together(products.data_ptr(), target.data_ptr(), self.bias.data_ptr(), count, down)


class _Scratch(threading.local):
    """Memory of this thread that every block uses again, so that it stays in the cache."""

    def __init__(self) -> None:
        self.memory = torch.empty(0)

    def numbers(self, count: int) -> Tensor:
        """So many float32 numbers, not set to anything."""
        if self.memory.numel() < count:
            self.memory = torch.empty(count)
        return self.memory[:count]


_scratch = _Scratch()
