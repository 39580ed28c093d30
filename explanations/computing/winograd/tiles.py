"""Machine code for the transforms of Winograd's convolutions: by tile, sixteen channels at once.

What torch offers goes through memory once for every sum; here a tile stays in registers.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

from explanations.computing.winograd.machine_code import LONG, Code, Row, Run, compiled


@dataclass(frozen=True, eq=False)
class Form:
    """F(out x out, 3x3): how a line of ``out + 2`` pixels becomes factors, and products pixels."""

    out: int
    kernel: Sequence[Sequence[float]]
    """The transform of a kernel's rows and columns, (out + 2, 3)."""
    into: Callable[[Code, Row], Row]
    out_of: Callable[[Code, Row], Row]

    @property
    def tile(self) -> int:
        """Pixels of a tile's side, with those that it shares with its neighbours."""
        return self.out + 2


def _into_two(code: Code, x: Row) -> Row:
    """Four pixels in a line as the factors at 0, 1, -1 and infinity."""
    return [
        code.minus(x[0], x[2]),
        code.plus(x[1], x[2]),
        code.minus(x[2], x[1]),
        code.minus(x[3], x[1]),
    ]


def _out_of_two(code: Code, x: Row) -> Row:
    """Four products in a line as two pixels."""
    even, odd = code.plus(x[1], x[2]), code.minus(x[1], x[2])
    return [code.plus(x[0], even), code.plus(odd, x[3])]


def _into_four(code: Code, x: Row) -> Row:
    """Six pixels in a line as the factors at 0, 1, -1, 2, -2 and infinity."""
    result: list[ir.Value] = [code.scaled(x[0], 4, code.scaled(x[2], -5, x[4]))]
    for weight, scale in ((-4, 1), (-1, 2)):
        even, odd = code.scaled(x[2], weight, x[4]), code.scaled(x[1], weight, x[3])
        result += [code.scaled(odd, scale, even), code.scaled(odd, -scale, even)]
    return [*result, code.scaled(x[1], 4, code.scaled(x[3], -5, x[5]))]


def _out_of_four(code: Code, x: Row) -> Row:
    """Six products in a line as four pixels."""
    even, odd = code.plus(x[1], x[2]), code.minus(x[1], x[2])
    even_of_two, odd_of_two = code.plus(x[3], x[4]), code.minus(x[3], x[4])
    return [
        code.plus(code.plus(x[0], even), even_of_two),
        code.scaled(odd_of_two, 2, odd),
        code.scaled(even_of_two, 4, even),
        code.scaled(odd_of_two, 8, code.plus(x[5], odd)),
    ]


TWO = Form(2, [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], _into_two, _out_of_two)
"""16 products for four pixels instead of 36, and rounding like that of the sum itself."""

_QUARTER, _SIXTH, _TWELFTH, _24TH = 1 / 4, 1 / 6, 1 / 12, 1 / 24
FOUR = Form(
    4,
    [
        [_QUARTER, 0, 0],
        [-_SIXTH, -_SIXTH, -_SIXTH],
        [-_SIXTH, _SIXTH, -_SIXTH],
        [_24TH, _TWELFTH, _SIXTH],
        [_24TH, -_TWELFTH, _SIXTH],
        [0, 0, 1],
    ],
    _into_four,
    _out_of_four,
)
"""36 products for sixteen pixels instead of 144; rounding of about 1e-5 of the largest output."""


@functools.cache
def taking_apart(form: Form, channels: int, across: int, plane: int) -> Run:
    """From padded pictures to the factors of every tile.

    The result is called with the addresses of source, float32 (images, out * down + 2, out *
    across + 2, channels), and target, whose planes of (images * down * across, channels) begin
    ``plane`` numbers apart; then with images and down.
    """
    row = (form.out * across + 2) * channels
    lines = range(form.tile)

    def tile(code: Code, source: ir.Value, target: ir.Value) -> None:
        columns = [
            form.into(code, [code.load(source, r * row + s * channels) for r in lines])
            for s in lines
        ]
        for r in lines:
            for s, value in enumerate(form.into(code, [column[r] for column in columns])):
                code.store(value, target, (form.tile * r + s) * plane)

    def places(code: Code, image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value) -> Row:
        height = code.add(code.times(down, form.out), 2)
        first = code.add(code.mul(image, height), code.times(top, form.out))
        source = code.add(code.times(first, row), code.times(left, form.out * channels))
        number = code.add(code.times(code.add(code.mul(image, down), top), across), left)
        return source, code.times(number, channels)

    return compiled("taking_apart", 2, channels, across, tile, places)


@functools.cache
def putting_together(
    form: Form, channels: int, across: int, plane: int, *, rectify: bool, pool: bool
) -> Run:
    """From the products of every tile to pictures: bias added, with ReLU and 2x2 pool if wanted.

    The result is called with the addresses of source, planes of (images * down * across,
    channels) that begin ``plane`` numbers apart, of the target, (images, height, width, channels)
    with ``out`` rows for each of ``down`` and ``out`` columns for each of ``across``, half as many
    when pooled, and of the channels' biases; then with images and down.
    """
    side = form.out // 2 if pool else form.out
    row = side * across * channels
    lines = range(form.tile)

    def tile(code: Code, source: ir.Value, target: ir.Value, bias: ir.Value) -> None:
        columns = [
            form.out_of(code, [code.load(source, (form.tile * r + s) * plane) for r in lines])
            for s in lines
        ]
        rows = [form.out_of(code, [column[r] for column in columns]) for r in range(form.out)]
        if pool:
            rows = [
                [code.most(a[s], a[s + 1], b[s], b[s + 1]) for s in range(0, form.out, 2)]
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
