"""The first blocks of a network, computed for many images that are mixed from two images.

LIME shows or paints over each patch of an image. A cell of the first pool sees a window of a few
pixels and therefore a few patches, so a thousand mixed images show it a few dozen different
contents. Each content is computed once, and each image picks the values of its contents. A cell of
the second pool sees a window of such cells, and so on, for as long as there are few contents.
Nothing is approximated: the products and sums are those of the ordinary computation.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.chain import Chain, forward
from explanations.computing.preflight import pair
from explanations.computing.threads import side_by_side

MOST_CODES = 1 << 24
ROWS_AT_ONCE = 1 << 9
IMAGES_AT_ONCE = 1 << 6
LEAST_GAIN = 2
"""Factor by which contents must need fewer products than whole images, as small windows take more
time for a product."""


@dataclass(frozen=True)
class Stem:
    """The steps of a block up to and including its pool, if they are 'same' convolutions and ReLUs.

    A cell of the pool sees ``window`` by ``window`` cells of the block's input (pixels, in the
    first block), starting at ``-margin`` and then every ``pool`` cells.
    """

    stop: int
    margin: int
    pool: int
    start: int = 0

    @property
    def window(self) -> int:
        """Return the width of the window that a cell sees, in cells of the block's input."""
        return self.pool + 2 * self.margin

    @classmethod
    def of(cls, chain: Chain, start: int = 0) -> "Stem | None":
        """Return the block that begins with step ``start``, or None if other steps follow."""
        margin = 0
        for index, module in enumerate(chain.modules[start:], start):
            match module:
                case nn.Conv2d() if _keeps_the_size(module):
                    margin += pair(module.kernel_size)[0] // 2
                case nn.ReLU() | nn.BatchNorm2d() | nn.Identity() | nn.Dropout():
                    pass
                case nn.MaxPool2d() if margin and len(set(pair(module.kernel_size))) == 1:
                    return cls(index + 1, margin, pair(module.kernel_size)[0], start)
                case _:
                    return None
        return None


@dataclass(frozen=True, eq=False)
class Patterns:
    """A block's output for mixed images, with one entry for each different content of a cell."""

    stop: int
    """Number of the step behind the block."""
    values: Tensor
    """Output of each content, with shape (contents, channels)."""
    chosen: Tensor
    """Number of the content of each cell of each image, int32 (images, rows of cells, columns of
    cells)."""
    seen: Tensor
    """Whether a cell sees a patch, bool (cells, patches)."""

    def stem_output(self, rows: slice) -> Tensor:
        """Return the output for some images, with shape (n, channels, rows, columns)."""
        return self.values[self.chosen[rows]].permute(0, 3, 1, 2)


def patterns(
    chain: Chain, stem: Stem, shown: Tensor, hidden: Tensor, patches: Tensor, keeps: Tensor
) -> Patterns | None:
    """Compute the first block for images that take patches from ``shown`` where kept, else from
    ``hidden``.

    ``shown`` and ``hidden`` are network inputs (3, h, w), ``patches`` contains patch numbers (h,
    w), ``keeps`` is bool (images, patches). Returns None if a cell sees too many patches for this
    to pay.
    """
    height, width = patches.shape
    sight, cells = _sight(height, width, stem, patches.device)
    seen = _seen(patches.flatten(), sight, keeps.shape[1])
    contents = _Contents.of(seen, keeps)
    # Stricter than the count of products: here the pictures must be put together as well.
    if contents is None or len(contents) * stem.window**2 > len(keeps) * height * width:
        return None
    place = sight[contents.cell].clamp_min(0)
    bits = contents.rank[contents.cell[:, None, None], patches.flatten()[place]]
    keep = (contents.code[:, None, None] >> bits) & 1 == 1
    shown, hidden, inside = _listed(shown), _listed(hidden), sight[contents.cell] >= 0

    def picture(rows: slice) -> Tensor:
        here = place[rows]
        return torch.where(keep[rows][..., None], shown[here], hidden[here])

    values = _values(chain, stem, picture, inside)
    return Patterns(stem.stop, values, contents.chosen.view(-1, *cells), seen)


def deepest(chain: Chain, found: Patterns, keeps: Tensor) -> Patterns:
    """Compute the blocks behind ``found`` in the same way, for as long as this pays."""
    while (stem := Stem.of(chain, found.stop)) and (deeper := _next(chain, stem, found, keeps)):
        found = deeper
    return found


def _next(chain: Chain, stem: Stem, found: Patterns, keeps: Tensor) -> Patterns | None:
    """Compute a block from the contents of the block before, or return None if this does not
    pay."""
    rows, columns = found.chosen.shape[1:]
    sight, cells = _sight(rows, columns, stem, keeps.device)
    inside = sight >= 0
    seen = (found.seen[sight.clamp_min(0)] & inside[..., None]).flatten(1, 2).any(1)
    contents = _Contents.of(seen, keeps)
    if contents is None or not _pays(chain, stem, len(contents), len(sight) * len(keeps)):
        return None
    # Any image that shows a content tells which contents of the block before it consists of.
    image = torch.empty_like(contents.cell)
    numbers = torch.arange(len(keeps), device=keeps.device)
    image[contents.chosen.flatten().long()] = numbers.repeat_interleave(len(sight))
    before = found.chosen.flatten(1)

    def picture(rows: slice) -> Tensor:
        window = sight[contents.cell[rows]].clamp_min(0)
        return found.values[before[image[rows][:, None, None], window]]

    values = _values(chain, stem, picture, inside[contents.cell])
    return Patterns(stem.stop, values, contents.chosen.view(-1, *cells), seen)


def _pays(chain: Chain, stem: Stem, contents: int, plain: int) -> bool:
    """Check whether ``contents`` windows need far fewer products than ``plain`` cells."""
    of_content, of_cell, window = 0, 0, stem.window
    for module in chain.modules[stem.start : stem.stop]:
        if isinstance(module, nn.Conv2d):
            window -= pair(module.kernel_size)[0] - 1
            of_content += window**2 * module.weight.numel()
            of_cell += stem.pool**2 * module.weight.numel()
    return contents * of_content * LEAST_GAIN <= plain * of_cell


def _values(chain: Chain, stem: Stem, picture: Callable[[slice], Tensor], inside: Tensor) -> Tensor:
    """Run the window of each content, which ``picture`` returns, through the block."""
    modules = chain.modules[stem.start : stem.stop]

    def of_some(some: slice) -> Tensor:
        firsts = range(some.start, some.stop, ROWS_AT_ONCE)
        pieces = [slice(first, min(first + ROWS_AT_ONCE, some.stop)) for first in firsts]
        return torch.cat([_through(modules, picture(piece), inside[piece]) for piece in pieces])

    return torch.cat(side_by_side(len(inside), ROWS_AT_ONCE, inside.device, of_some))


def _keeps_the_size(module: nn.Conv2d) -> bool:
    kernel = pair(module.kernel_size)
    return (
        kernel[0] == kernel[1]
        and kernel[0] % 2 == 1
        and module.padding == (kernel[0] // 2,) * 2
        and module.stride == (1, 1)
        and module.dilation == (1, 1)
    )


def _sight(
    height: int, width: int, stem: Stem, device: torch.device
) -> tuple[Tensor, tuple[int, int]]:
    """Return the numbers of the inputs that each cell sees, (cells, window, window), and the rows
    and columns of cells. Inputs are numbered row by row; -1 is outside."""
    numbers = torch.arange(height * width, device=device).view(height, width)
    # A pool drops rows and columns at the end that do not fill a window.
    inside = numbers.new_full((height + 2 * stem.margin, width + 2 * stem.margin), -1)
    inside[stem.margin : stem.margin + height, stem.margin : stem.margin + width] = numbers
    windows = inside.unfold(0, stem.window, stem.pool).unfold(1, stem.window, stem.pool)
    return windows.flatten(0, 1), (windows.shape[0], windows.shape[1])


def _seen(patches: Tensor, sight: Tensor, count: int) -> Tensor:
    """Mark which of the ``count`` patches each cell sees, as bool with shape (cells, patches)."""
    seen = torch.zeros((len(sight), count + 1), dtype=torch.bool, device=patches.device)
    visible = torch.where(sight >= 0, patches[sight.clamp_min(0)], count)
    return seen.scatter_(1, visible.flatten(1), True)[:, :count]


@dataclass(frozen=True, eq=False)
class _Contents:
    """The different contents of all cells."""

    cell: Tensor
    """Cell of each content."""
    code: Tensor
    """Code of each content: bit r tells whether the patch of rank r in the cell is kept."""
    rank: Tensor
    """Rank of a patch in a cell, (cells, patches)."""
    chosen: Tensor
    """Number of each image's content in each cell, int32 (images, cells)."""

    def __len__(self) -> int:
        return len(self.cell)

    @classmethod
    def of(cls, seen: Tensor, keeps: Tensor) -> "_Contents | None":
        """Find the contents that occur, or return None if too many are possible.

        A code consists of the bits of the visible patches only, so that codes stay small numbers.
        """
        sizes = seen.sum(1).double().exp2()
        if int(sizes.sum()) > MOST_CODES:
            return None
        offsets = sizes.long().cumsum(0) - sizes.long()
        rank = (seen.cumsum(1) - 1).masked_fill(~seen, 0)
        worth = torch.where(seen, rank.double().exp2(), 0.0).T
        present = torch.zeros(int(sizes.sum()), dtype=torch.bool, device=seen.device)

        # The codes of all images together would take more memory than the network.
        def codes() -> Iterator[Tensor]:
            for some in torch.split(keeps, IMAGES_AT_ONCE):
                yield (some.double() @ worth).long() + offsets

        for some in codes():
            present[some.flatten()] = True
        numbers = present.cumsum(0, dtype=torch.int32) - 1
        chosen = torch.cat([numbers[some] for some in codes()])
        positions = present.nonzero()[:, 0]
        cell = torch.searchsorted(offsets, positions, right=True) - 1
        return cls(cell, positions - offsets[cell], rank, chosen)


def _listed(picture: Tensor) -> Tensor:
    """Reshape (3, height, width) to a row per pixel, with shape (height * width, 3)."""
    return picture.permute(1, 2, 0).flatten(0, 1)


def _through(modules: Sequence[nn.Module], pictures: Tensor, inside: Tensor) -> Tensor:
    """Run windows with shape (n, window, window, channels) through a block without padding. The
    result has the shape (n, channels).

    Cells outside the image are zeroed before every convolution, as its padding would be.
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
