"""Layers with rows and columns, found by their shapes: Grad-CAM reads one of them.

A convolution's output has the axes (channels, rows, columns). Some transformers have (rows,
columns, channels), others a list of tokens (tokens, channels), which may begin with a class token.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

CLASS_TOKENS = (0, 1)


@dataclass(frozen=True)
class Grid:
    """Meaning of the axes of a layer's output."""

    rows: int
    columns: int
    channels_last: bool = False
    tokens: bool = False
    class_tokens: int = 0
    """Tokens in front of the cells, which belong to no place in the image."""

    def maps(self, values: Tensor) -> Tensor:
        """Return values of n images as maps, with shape (n, channels, rows, columns)."""
        if self.tokens:
            cells = values[:, self.class_tokens :].transpose(1, 2)
            return cells.reshape(*cells.shape[:2], self.rows, self.columns)
        return values.movedim(3, 1) if self.channels_last else values


def grid_of(shape: Sequence[int], size: tuple[int, int]) -> Grid | None:
    """Return the grid of an output (n, …) for images of ``size``, or None if it has no cells.

    A grid has the proportions of the image, because each cell stands for a part of it, and more
    than one cell.
    """
    if len(shape) == 4:
        for rows, columns, last in ((shape[2], shape[3], False), (shape[1], shape[2], True)):
            if _proportional(rows, columns, size):
                return Grid(rows, columns, channels_last=last)
    if len(shape) == 3:
        for class_tokens in CLASS_TOKENS:
            cells = shape[1] - class_tokens
            rows = round(math.sqrt(cells * size[0] / size[1])) if cells > 0 else 0
            columns = cells // rows if rows else 0
            if rows * columns == cells and _proportional(rows, columns, size):
                return Grid(rows, columns, tokens=True, class_tokens=class_tokens)
    return None


def grids_of(
    outputs: Mapping[str, Tensor], modules: Mapping[str, nn.Module], size: tuple[int, int]
) -> dict[str, Grid]:
    """Return the grids of all outputs that have one, by the module's name, in the same order."""
    grids = {name: grid_of(values.shape, size) for name, values in outputs.items()}
    lengths = {values.shape[1] for values in outputs.values() if values.ndim == 3}
    return {
        name: grid
        for name, grid in grids.items()
        if grid is not None and not _is_attention(outputs[name], modules[name], lengths)
    }


def _is_attention(values: Tensor, module: nn.Module, lengths: set[int]) -> bool:
    """Check whether an output contains the weights of tokens for tokens, which are no image."""
    return (
        isinstance(module, nn.Softmax | nn.Dropout | nn.Identity)
        and values.ndim == 4
        and values.shape[2] == values.shape[3]
        and values.shape[2] in lengths
    )


def _proportional(rows: int, columns: int, size: tuple[int, int]) -> bool:
    if rows * columns < 2 or rows > size[0] or columns > size[1]:
        return False
    # A convolution without padding takes away as many rows as columns, hence the tolerance.
    return abs(rows * size[1] - columns * size[0]) <= max(size)
