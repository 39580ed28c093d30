"""The first block of a network for many images that are mixed from the same two.

LIME shows each patch of an image or paints it over. What a cell of the first pool sees, a window
of a few pixels, touches a few patches only, so among a thousand mixed images it has a few dozen
different contents. Each is computed once; the images then pick theirs. Nothing is approximated:
the cell's number is that of the same products and sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.chain import Chain, forward
from explanations.computing.preflight import pair
from explanations.computing.threads import side_by_side

MOST_CODES = 1 << 24
ROWS_AT_ONCE = 1 << 9


@dataclass(frozen=True)
class Stem:
    """The steps up to and with the first pool, when they are 'same' convolutions and ReLUs.

    A cell of the pool sees ``window`` pixels by ``window``, from ``-margin`` on, every ``pool``.
    """

    stop: int
    margin: int
    pool: int

    @property
    def window(self) -> int:
        return self.pool + 2 * self.margin

    @classmethod
    def of(cls, chain: Chain) -> "Stem | None":
        """None where the network begins in another way."""
        margin = 0
        for index, module in enumerate(chain.modules):
            match module:
                case nn.Conv2d() if _keeps_the_size(module):
                    margin += pair(module.kernel_size)[0] // 2
                case nn.ReLU() | nn.BatchNorm2d() | nn.Identity() | nn.Dropout():
                    pass
                case nn.MaxPool2d() if margin and len(set(pair(module.kernel_size))) == 1:
                    return cls(index + 1, margin, pair(module.kernel_size)[0])
                case _:
                    return None
        return None


@dataclass(frozen=True, eq=False)
class Patterns:
    """The stem's output for mixed images, one entry for each different content of a cell."""

    values: Tensor
    """(contents, channels)"""
    chosen: Tensor
    """Which of them each cell of each image has, (images, rows of cells, columns of cells)."""

    def stem_output(self, rows: slice) -> Tensor:
        """Of some images: (n, channels, rows, columns)."""
        return self.values[self.chosen[rows]].permute(0, 3, 1, 2)


def patterns(
    chain: Chain, stem: Stem, shown: Tensor, hidden: Tensor, patches: Tensor, keeps: Tensor
) -> Patterns | None:
    """The stem for images that take the patches with ``keeps`` from ``shown``, others from
    ``hidden``.

    ``shown`` and ``hidden`` are network inputs (3, h, w), ``patches`` numbers (h, w), ``keeps``
    bool (images, patches). None where too many patches are in sight for this to pay.
    """
    height, width = patches.shape
    sight = _windows(torch.arange(height * width, device=patches.device).view(height, width), stem)
    cells = sight.shape[:2]
    sight = sight.flatten(0, 1)  # (cells, window, window): pixel numbers, -1 outside
    seen = _seen(patches.flatten(), sight, keeps.shape[1])
    if int(seen.sum(1).exp2().sum()) > MOST_CODES:
        return None
    rank = (seen.cumsum(1) - 1).masked_fill(~seen, 0)
    cell, code, chosen = _contents(seen, rank, keeps)
    if len(cell) * stem.window**2 > len(keeps) * height * width:
        return None
    place = sight[cell].clamp_min(0)
    bits = rank[cell[:, None, None], patches.flatten()[place]]
    keep = (code[:, None, None] >> bits) & 1 == 1
    shown, hidden, inside = _listed(shown), _listed(hidden), sight[cell] >= 0

    def values_of(some: slice) -> Tensor:
        pieces = zip(
            *(torch.split(of[some], ROWS_AT_ONCE) for of in (keep, place, inside)), strict=True
        )
        return torch.cat(
            [
                _through(
                    chain.modules[: stem.stop],
                    torch.where(kept[..., None], shown[here], hidden[here]),
                    within,
                )
                for kept, here, within in pieces
            ]
        )

    values = side_by_side(len(cell), ROWS_AT_ONCE, keep.device, values_of)
    return Patterns(torch.cat(values), chosen.view(-1, *cells))


def _keeps_the_size(module: nn.Conv2d) -> bool:
    kernel = pair(module.kernel_size)
    return (
        kernel[0] == kernel[1]
        and kernel[0] % 2 == 1
        and module.padding == (kernel[0] // 2,) * 2
        and module.stride == (1, 1)
        and module.dilation == (1, 1)
    )


def _windows(numbers: Tensor, stem: Stem) -> Tensor:
    """What every cell sees of a picture of numbers, (rows, columns, window, window)."""
    height, width = numbers.shape
    # A pool leaves out the rows and columns that fill no window.
    inside = numbers.new_full((height + 2 * stem.margin, width + 2 * stem.margin), -1)
    inside[stem.margin : stem.margin + height, stem.margin : stem.margin + width] = numbers
    return inside.unfold(0, stem.window, stem.pool).unfold(1, stem.window, stem.pool)


def _seen(patches: Tensor, sight: Tensor, count: int) -> Tensor:
    """Which of the ``count`` patches each cell sees, bool (cells, patches)."""
    seen = torch.zeros((len(sight), count + 1), dtype=torch.bool, device=patches.device)
    visible = torch.where(sight >= 0, patches[sight.clamp_min(0)], count)
    return seen.scatter_(1, visible.flatten(1), True)[:, :count]


def _contents(seen: Tensor, rank: Tensor, keeps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cell and code of each different content, and the one that each image has in each cell.

    Bit r of a code says whether the patch of rank r in that cell is kept.
    """
    worth = torch.where(seen, rank.double().exp2(), 0.0)
    codes = (keeps.double() @ worth.T).long()  # (images, cells)
    sizes = seen.sum(1).double().exp2().long()
    offsets = sizes.cumsum(0) - sizes
    present = torch.zeros(int(sizes.sum()), dtype=torch.bool, device=seen.device)
    present[(codes + offsets).flatten()] = True
    numbers = present.cumsum(0) - 1
    found = present.nonzero()[:, 0]
    cell = torch.searchsorted(offsets, found, right=True) - 1
    return cell, found - offsets[cell], numbers[codes + offsets]


def _listed(picture: Tensor) -> Tensor:
    """(3, h, w) as one row per pixel, (h * w, 3)."""
    return picture.permute(1, 2, 0).flatten(0, 1)


def _through(modules: Sequence[nn.Module], pictures: Tensor, inside: Tensor) -> Tensor:
    """Small pictures (n, window, window, 3) through the stem, without padding: (n, channels).

    What lies outside of the image is zero for every convolution, as its padding would be.
    """
    values = pictures.permute(0, 3, 1, 2)
    for module in modules:
        if isinstance(module, nn.Conv2d):
            values = values * inside[:, None]
            values = functional.conv2d(values, module.weight, module.bias)
            margin = pair(module.kernel_size)[0] // 2
            inside = inside[:, margin:-margin, margin:-margin]
        else:
            values = forward(module, values)
    return values.flatten(1)
