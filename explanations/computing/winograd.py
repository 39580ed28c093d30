"""3x3 convolutions with a quarter of the multiplications: Winograd's F(4x4, 3x3), in float32.

The function is the convolution's; the rounding is another, about 1e-5 of the largest output. It
pays on processors without fast half precision. After Lavin and Gray 2016, arXiv 1509.09308, with
the tile transforms of a whole batch written as matrix products.
"""

from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

OUT = 4
TILE = OUT + 2

# Interpolation at 0, 1, -1, 2, -2 and infinity.
_INPUT = torch.tensor(
    [
        [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0], [0, 4, 0, -5, 0, 1],
    ],
    dtype=torch.float64,
)  # fmt: skip
_KERNEL = torch.tensor(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]],
    dtype=torch.float64,
) / torch.tensor(24.0, dtype=torch.float64)  # fmt: skip
_OUTPUT = torch.tensor(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    dtype=torch.float64,
)  # fmt: skip


class WinogradConv(nn.Module):
    """Computes what ``convolution`` computes, for float32 images (n, channels, height, width)."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        kernel = torch.einsum(
            "ap,oipq,bq->abio", _KERNEL, convolution.weight.double().cpu(), _KERNEL
        )
        device = convolution.weight.device
        self.kernel = kernel.reshape(TILE**2, *kernel.shape[2:]).float().contiguous().to(device)
        self.bias = convolution.bias
        self.into_tiles = torch.kron(_INPUT, _INPUT).float().to(device)
        self.out_of_tiles = torch.kron(_OUTPUT, _OUTPUT).float().to(device)

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
        count, channels, height, width = images.shape
        down, across = -(-height // OUT), -(-width // OUT)
        rows = images.permute(0, 2, 3, 1)
        rows = functional.pad(rows, (0, 0, 1, across * OUT + 1 - width, 1, down * OUT + 1 - height))
        tiles = rows.unfold(1, TILE, OUT).unfold(2, TILE, OUT)  # (n, down, across, c, 6, 6)
        tiles = tiles.permute(4, 5, 0, 1, 2, 3).reshape(TILE**2, -1)
        number = count * down * across
        tiles = (self.into_tiles @ tiles).view(TILE**2, number, channels)
        products = torch.bmm(tiles, self.kernel).view(TILE**2, -1)
        values = (self.out_of_tiles @ products).view(OUT, OUT, count, down, across, -1)
        values = values.permute(2, 3, 0, 4, 1, 5).reshape(count, down * OUT, across * OUT, -1)
        if self.bias is not None:
            values += self.bias
        return values[:, :height, :width].permute(0, 3, 1, 2)
