"""Machine code for the transforms of Winograd F(4x4, 3x3), which computes sixteen channels of a
tile at once.

With torch operations, every sum would pass through memory. Here a tile stays in registers.
"""

import functools
import itertools

from llvmlite import ir

from explanations.computing.winograd.machine_code import LONG, Code, Row, Run, compiled

OUT = 4
"""Pixels on each side of a tile's output."""

TILE = OUT + 2
"""Pixels on each side of a tile's input, including pixels shared with neighbouring tiles."""

KERNEL = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
"""Transform of a kernel's rows and columns, shape (TILE, 3)."""


def _to_factors(code: Code, x: Row) -> Row:
    """Transform six pixels in a line into the factors at 0, 1, -1, 2, -2 and infinity."""
    result: list[ir.Value] = [code.scaled(x[0], 4, code.scaled(x[2], -5, x[4]))]
    for weight, scale in ((-4, 1), (-1, 2)):
        even, odd = code.scaled(x[2], weight, x[4]), code.scaled(x[1], weight, x[3])
        result += [code.scaled(odd, scale, even), code.scaled(odd, -scale, even)]
    return [*result, code.scaled(x[1], 4, code.scaled(x[3], -5, x[5]))]


def _to_pixels(code: Code, x: Row) -> Row:
    """Transform six products in a line into four pixels."""
    even, odd = code.plus(x[1], x[2]), code.minus(x[1], x[2])
    even_of_two, odd_of_two = code.plus(x[3], x[4]), code.minus(x[3], x[4])
    return [
        code.plus(code.plus(x[0], even), even_of_two),
        code.scaled(odd_of_two, 2, odd),
        code.scaled(even_of_two, 4, even),
        code.scaled(odd_of_two, 8, code.plus(x[5], odd)),
    ]


@functools.cache
def taking_apart(channels: int, across: int, plane: int) -> Run:
    """Compile the transform from padded images to the factors of every tile.

    The compiled function takes the addresses of two float32 arrays, the number of images and the
    number of rows of tiles, ``down``. The source has the shape (images, OUT * down + 2,
    OUT * across + 2, channels). The target consists of TILE² planes of the shape
    (images * down * across, channels), whose beginnings are ``plane`` numbers apart.
    """
    row = (OUT * across + 2) * channels

    def tile(code: Code, source: ir.Value, target: ir.Value) -> None:
        # The transform is separable: first along columns, then along rows.
        columns = [
            _to_factors(code, [code.load(source, r * row + s * channels) for r in range(TILE)])
            for s in range(TILE)
        ]
        for r in range(TILE):
            for s, value in enumerate(_to_factors(code, [column[r] for column in columns])):
                code.store(value, target, (TILE * r + s) * plane)

    def places(code: Code, image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value) -> Row:
        height = code.add(code.times(down, OUT), 2)
        first = code.add(code.mul(image, height), code.times(top, OUT))
        source = code.add(code.times(first, row), code.times(left, OUT * channels))
        number = code.add(code.times(code.add(code.mul(image, down), top), across), left)
        return source, code.times(number, channels)

    return compiled("taking_apart", 2, channels, across, tile, places)


@functools.cache
def putting_together(channels: int, across: int, plane: int, *, rectify: bool, pool: bool) -> Run:
    """Compile the transform from the products of every tile to images, with the bias added.

    ``rectify`` applies a ReLU and ``pool`` a 2x2 maximum pool in the same pass. The compiled
    function takes the addresses of three float32 arrays, the number of images and the number of
    rows of tiles, ``down``. The source consists of TILE² planes of the shape
    (images * down * across, channels), whose beginnings are ``plane`` numbers apart. The target
    has the shape (images, height, width, channels), with OUT rows for each of ``down`` and OUT
    columns for each of ``across``, or half as many with ``pool``. The third array contains the
    bias of each channel.
    """
    side = OUT // 2 if pool else OUT
    row = side * across * channels

    def tile(code: Code, source: ir.Value, target: ir.Value, bias: ir.Value) -> None:
        columns = [
            _to_pixels(code, [code.load(source, (TILE * r + s) * plane) for r in range(TILE)])
            for s in range(TILE)
        ]
        rows = [_to_pixels(code, [column[r] for column in columns]) for r in range(OUT)]
        if pool:
            # The bias is the same within a window and a ReLU is monotonic, so that both can wait
            # until three of four values have been dropped.
            rows = [
                [code.most(a[s], a[s + 1], b[s], b[s + 1]) for s in range(0, OUT, 2)]
                for a, b in zip(rows[::2], rows[1::2], strict=True)
            ]
        shift = code.load(bias, 0)
        for r, s in itertools.product(range(side), repeat=2):
            value = code.plus(rows[r][s], shift)
            code.store(code.rectified(value) if rectify else value, target, r * row + s * channels)

    def places(code: Code, image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value) -> Row:
        line = code.add(code.mul(image, down), top)
        number = code.add(code.times(line, across), left)
        target = code.add(code.times(line, side * row), code.times(left, side * channels))
        return code.times(number, channels), target, ir.Constant(LONG, 0)

    return compiled("putting_together", 3, channels, across, tile, places)
