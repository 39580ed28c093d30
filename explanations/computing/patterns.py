"""The first blocks of a network, computed for many images that are mixed from two images.

LIME shows or paints over each patch of an image. A cell of the first pool sees a window of a few
pixels and therefore a few patches, so a thousand mixed images show it a few dozen different
contents. Each content is computed once, and each image picks the values of its contents.

The layers behind this first block follow one by one: a cell of the next convolution sees a window
of such cells, and so on, for as long as there are few contents. Nothing is approximated: the
products and sums are those of the ordinary computation.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional

from explanations.computing.chain import Chain, forward
from explanations.computing.preflight import pair
from explanations.computing.threads import side_by_side

MOST_CODES = 1 << 24
ROWS_AT_ONCE = 1 << 9
CELL_BY_CELL = (nn.ReLU, nn.BatchNorm2d, nn.Identity, nn.Dropout)
IMAGES_AT_ONCE = 1 << 6
LEAST_GAIN = 1.5
"""Factor by which the contents of a convolution must be fewer than the cells of all images: putting
windows together and multiplying them took 1.3 times as long as a convolution with as many
products."""
MOST_BYTES = 128 << 20
"""Largest size of a layer's values for all contents. It is fixed, so that every machine shares the
same layers, and keeps LIME's memory below the library's (docs/explanations.md)."""
WINDOW_BYTES = 8 << 20
"""Size of the windows that are multiplied together."""


@dataclass(frozen=True)
class Stem:
    """The steps of a block up to and including its pool, if they are 'same' convolutions and ReLUs.

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
        """Return the first block of a chain, or None if it begins with other steps."""
        margin = 0
        for index, module in enumerate(chain.modules):
            match module:
                case nn.Conv2d() if _keeps_the_size(module):
                    margin += pair(module.kernel_size)[0] // 2
                case module if isinstance(module, CELL_BY_CELL):
                    pass
                case nn.MaxPool2d() if margin and len(set(pair(module.kernel_size))) == 1:
                    return cls(index + 1, margin, pair(module.kernel_size)[0])
                case _:
                    return None
        return None


@dataclass(frozen=True)
class _Layer:
    """A convolution or pool, and the steps up to ``stop`` that change each cell by itself.

    A cell of its output sees ``window`` by ``window`` cells of its input, starting at ``-margin``
    and then every ``stride`` cells.
    """

    module: nn.Conv2d | nn.MaxPool2d
    after: Sequence[nn.Module]
    stop: int
    window: int
    stride: int
    margin: int

    @classmethod
    def at(cls, chain: Chain, start: int) -> "_Layer | None":
        """Return the layer that begins with step ``start``, or None if other steps follow."""
        if start == len(chain):
            return None
        module = chain.modules[start]
        margin = 0
        if isinstance(module, nn.Conv2d) and _keeps_the_size(module) and module.groups == 1:
            margin = pair(module.kernel_size)[0] // 2
        elif not isinstance(module, nn.MaxPool2d) or len(set(pair(module.kernel_size))) != 1:
            return None
        window = pair(module.kernel_size)[0]
        stride = 1 if isinstance(module, nn.Conv2d) else window
        stop = start + 1
        while stop < len(chain) and isinstance(chain.modules[stop], CELL_BY_CELL):
            stop += 1
        return cls(module, chain.modules[start + 1 : stop], stop, window, stride, margin)

    @cached_property
    def weight(self) -> Tensor | None:
        """Return the weights of a convolution, (window * window * channels, channels), or None of a
        pool."""
        if isinstance(self.module, nn.MaxPool2d):
            return None
        return self.module.weight.permute(2, 3, 1, 0).flatten(0, 2)

    def channels(self, entering: int) -> int:
        """Return the number of channels of the output, for input with ``entering`` channels."""
        return entering if self.weight is None else self.weight.shape[1]

    def run(self, windows: Tensor) -> Tensor:
        """Compute windows with shape (n, window * window, channels), as (n, channels)."""
        # As a product of matrices: torch's convolutions take up to ten times as long for outputs of
        # a single cell.
        values = windows.amax(1) if self.weight is None else windows.flatten(1) @ self.weight
        if isinstance(self.module, nn.Conv2d) and self.module.bias is not None:
            values += self.module.bias
        for module in self.after:
            values = forward(module, values[..., None, None])[..., 0, 0]
        return values


@dataclass(frozen=True, eq=False)
class Patterns:
    """The output of the first steps for mixed images, with one entry for each different content of
    a cell."""

    stop: int
    """Number of the step that follows."""
    values: Tensor
    """Output of each content, and zeros in the last row, which take the place of the cells outside
    the image, with shape (contents + 1, channels)."""
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
    sight, cells = _sight(patches.shape, stem.window, stem.pool, stem.margin, patches.device)
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
    """Compute the layers behind ``found`` in the same way, for as long as this pays."""
    while layers := _next(chain, found, keeps):
        # Nothing else refers to a layer's values, so that only two layers' are in memory.
        for layer in layers:
            found = layer.of(found)
    return found


def _next(chain: Chain, found: Patterns, keeps: Tensor) -> list["_Shared"]:
    """Prepare the next layer, and the pool behind it; or nothing, if this does not pay."""
    layer = _Layer.at(chain, found.stop)
    shared = _Shared.between(layer, found.seen, found.chosen.shape[1:], keeps) if layer else None
    if not shared or not shared.saves_time or shared.bytes_of(found.values) > MOST_BYTES:
        return []
    pool = _Layer.at(chain, shared.layer.stop)
    if pool is None or pool.weight is not None:
        return [shared]
    # Faster arithmetic computes a convolution and its pool as one, so that no image can enter
    # between them.
    pooled = _Shared.between(pool, shared.seen, shared.cells, keeps)
    if not pooled or pooled.bytes_of(found.values) > MOST_BYTES:
        return []
    return [shared, pooled]


@dataclass(frozen=True, eq=False)
class _Shared:
    """A layer that is computed once for each different content of a cell."""

    layer: _Layer
    contents: "_Contents"
    seen: Tensor
    """Whether a cell sees a patch, bool (cells, patches)."""
    cells: tuple[int, int]
    """Rows and columns of cells."""
    sight: Tensor
    """Numbers of the inputs that each cell sees, (cells, window * window); -1 is outside."""

    @classmethod
    def between(
        cls, layer: _Layer, seen: Tensor, shape: Sequence[int], keeps: Tensor
    ) -> "_Shared | None":
        """Find the contents of a layer whose inputs see the patches ``seen``, or return None if too
        many are possible."""
        sight, cells = _sight(shape, layer.window, layer.stride, layer.margin, keeps.device)
        sight = sight.flatten(1)
        here = (seen[sight.clamp_min(0)] & (sight >= 0)[..., None]).any(1)
        contents = _Contents.of(here, keeps)
        return None if contents is None else cls(layer, contents, here, cells, sight)

    @property
    def saves_time(self) -> bool:
        """Check whether the contents take less time than the cells of all images."""
        return len(self.contents) * LEAST_GAIN <= self.contents.chosen.numel()

    def bytes_of(self, values: Tensor) -> int:
        """Return the size of the output for all contents, for input like ``values``."""
        return len(self.contents) * self.layer.channels(values.shape[1]) * values.itemsize

    def of(self, found: Patterns) -> Patterns:
        """Compute the layer from the contents of the layer before."""
        layer, before = self.layer, found.values
        numbers = self.contents.windows(self.sight, found.chosen.flatten(1), len(before) - 1)
        rows = max(1, WINDOW_BYTES // (numbers.shape[1] * before.shape[1] * before.itemsize))
        values = before.new_zeros((len(numbers) + 1, layer.channels(before.shape[1])))

        # Written in place: joining pieces would hold everything twice.
        def of_some(some: slice) -> None:
            for first in range(some.start, some.stop, rows):
                piece = slice(first, min(first + rows, some.stop))
                values[piece] = layer.run(before[numbers[piece].long()])

        side_by_side(len(numbers), rows, before.device, of_some)
        chosen = self.contents.chosen.view(-1, *self.cells)
        return Patterns(layer.stop, values, chosen, self.seen)


def _values(chain: Chain, stem: Stem, picture: Callable[[slice], Tensor], inside: Tensor) -> Tensor:
    """Run the window of each content, which ``picture`` returns, through the block."""
    modules = chain.modules[: stem.stop]

    def of_some(some: slice) -> Tensor:
        firsts = range(some.start, some.stop, ROWS_AT_ONCE)
        pieces = [slice(first, min(first + ROWS_AT_ONCE, some.stop)) for first in firsts]
        return torch.cat([_through(modules, picture(piece), inside[piece]) for piece in pieces])

    values = torch.cat(side_by_side(len(inside), ROWS_AT_ONCE, inside.device, of_some))
    return torch.cat([values, values.new_zeros((1, values.shape[1]))])


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
    shape: Sequence[int], window: int, stride: int, margin: int, device: torch.device
) -> tuple[Tensor, tuple[int, int]]:
    """Return the numbers of the inputs that each cell sees, (cells, window, window), and the rows
    and columns of cells. Inputs are numbered row by row; -1 is outside."""
    height, width = shape
    numbers = torch.arange(height * width, device=device).view(height, width)
    # A pool drops rows and columns at the end that do not fill a window.
    inside = numbers.new_full((height + 2 * margin, width + 2 * margin), -1)
    inside[margin : margin + height, margin : margin + width] = numbers
    windows = inside.unfold(0, window, stride).unfold(1, window, stride)
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

    def windows(self, sight: Tensor, before: Tensor, outside: int) -> Tensor:
        """Return the contents of the layer before of which each content consists, int32 (contents,
        window cells). ``before`` contains those of each image, (images, cells), and ``sight`` the
        cells that a cell sees; ``outside`` takes the place of -1."""
        # Any image that shows a content tells what it consists of.
        image = torch.empty(len(self), dtype=torch.int32, device=before.device)
        for number, chosen in enumerate(self.chosen):
            image[chosen.long()] = number
        window = sight[self.cell]
        numbers = before[image.long()[:, None], window.clamp_min(0)]
        return numbers.masked_fill_(window < 0, outside)


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
