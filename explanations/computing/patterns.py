"""The first block of a network, computed for many images that are mixed from two images.

LIME shows or paints over each patch of an image. A cell of the first pool sees a window of a few
pixels and therefore a few patches, so a thousand mixed images show it a few dozen different
contents. Each content is computed once, and each image picks the values of its contents. Nothing is
approximated: the products and sums are those of the ordinary computation.
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
    """The steps up to and including the first pool, if they are 'same' convolutions and ReLUs.

    A cell of the pool sees ``window`` by ``window`` pixels, starting at ``-margin`` and then every
    ``pool`` pixels.
    """

    stop: int
    margin: int
    pool: int

    @property
    def window(self) -> int:
        """Return the width of the window that a cell sees, in pixels."""
        return self.pool + 2 * self.margin

    @classmethod
    def of(cls, chain: Chain) -> "Stem | None":
        """Return the stem of a network, or None if the network begins differently."""
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
    """The stem's output for mixed images, with one entry for each different content of a cell."""

    values: Tensor
    """Output of each content, with shape (contents, channels)."""
    chosen: Tensor
    """Number of the content of each cell of each image, (images, rows of cells, columns of cells).
    """

    def stem_output(self, rows: slice) -> Tensor:
        """Return the output for some images, with shape (n, channels, rows, columns)."""
        return self.values[self.chosen[rows]].permute(0, 3, 1, 2)


def patterns(
    chain: Chain, stem: Stem, shown: Tensor, hidden: Tensor, patches: Tensor, keeps: Tensor
) -> Patterns | None:
    """Compute the stem for images that take patches from ``shown`` where kept, else from
    ``hidden``.

    ``shown`` and ``hidden`` are network inputs (3, h, w), ``patches`` contains patch numbers (h,
    w), ``keeps`` is bool (images, patches). Returns None if a cell sees too many patches for this
    to pay.
    """
    height, width = patches.shape
    sight = _windows(torch.arange(height * width, device=patches.device).view(height, width), stem)
    cells = sight.shape[:2]
    sight = sight.flatten(0, 1)  # (cells, window, window): pixel numbers, -1 outside
    seen = _seen(patches.flatten(), sight, keeps.shape[1])
    if int(seen.sum(1).exp2().sum()) > MOST_CODES:
        return None
    # A content is coded by the bits of the visible patches only, so that codes stay small numbers.
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
    """Return the window of numbers that every cell sees, with shape (rows, columns, window,
    window)."""
    height, width = numbers.shape
    # A pool drops rows and columns at the end that do not fill a window.
    inside = numbers.new_full((height + 2 * stem.margin, width + 2 * stem.margin), -1)
    inside[stem.margin : stem.margin + height, stem.margin : stem.margin + width] = numbers
    return inside.unfold(0, stem.window, stem.pool).unfold(1, stem.window, stem.pool)


def _seen(patches: Tensor, sight: Tensor, count: int) -> Tensor:
    """Mark which of the ``count`` patches each cell sees, as bool with shape (cells, patches)."""
    seen = torch.zeros((len(sight), count + 1), dtype=torch.bool, device=patches.device)
    visible = torch.where(sight >= 0, patches[sight.clamp_min(0)], count)
    return seen.scatter_(1, visible.flatten(1), True)[:, :count]


def _contents(seen: Tensor, rank: Tensor, keeps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return cell and code of each different content, and each image's content in each cell.

    Bit r of a code tells whether the patch of rank r in that cell is kept.
    """
    worth = torch.where(seen, rank.double().exp2(), 0.0)
    codes = (keeps.double() @ worth.T).long()  # (images, cells)
    sizes = seen.sum(1).double().exp2().long()
    offsets = sizes.cumsum(0) - sizes
    present = torch.zeros(int(sizes.sum()), dtype=torch.bool, device=seen.device)
    present[(codes + offsets).flatten()] = True
    numbers = present.cumsum(0) - 1
    positions = present.nonzero()[:, 0]
    cell = torch.searchsorted(offsets, positions, right=True) - 1
    return cell, positions - offsets[cell], numbers[codes + offsets]


def _listed(picture: Tensor) -> Tensor:
    """Reshape (3, height, width) to a row per pixel, with shape (height * width, 3)."""
    return picture.permute(1, 2, 0).flatten(0, 1)


def _through(modules: Sequence[nn.Module], pictures: Tensor, inside: Tensor) -> Tensor:
    """Run small images with shape (n, window, window, 3) through the stem without padding. The
    result has the shape (n, channels).

    Pixels outside the image are zeroed before every convolution, as its padding would be.
    """
    values = pictures.permute(0, 3, 1, 2)
    for module in modules:
        if isinstance(module, nn.Conv2d):
            values = values * inside[:, None]
            values = functional.conv2d(values, module.weight, module.bias, groups=module.groups)
            margin = pair(module.kernel_size)[0] // 2
            inside = inside[:, margin:-margin, margin:-margin]
        else:
            values = forward(module, values)
    return values.flatten(1)
