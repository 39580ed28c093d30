"""Machine code for the transforms of Winograd's convolutions: by tile, sixteen channels at once.

What torch offers goes through memory once for every sum; here a tile stays in registers. LLVM
makes the code when it is first wanted, for the processor at hand, in some hundredths of a second.
"""

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir

LANES = 16
"""Channels in one vector; their number must be a multiple of it."""

_FLOAT, _LONG = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_BYTES = 4

Row = Sequence[ir.Value]
Run = Callable[..., None]
"""Takes addresses and numbers, as said by the function that makes it; lets other threads run."""


@dataclass(frozen=True, eq=False)
class Form:
    """F(out x out, 3x3): how a line of ``out + 2`` pixels becomes factors, and products pixels."""

    out: int
    kernel: Sequence[Sequence[float]]
    """The transform of a kernel's rows and columns, (out + 2, 3)."""
    into: Callable[["_Code", Row], Row]
    out_of: Callable[["_Code", Row], Row]

    @property
    def tile(self) -> int:
        """Pixels of a tile's side, with those that it shares with its neighbours."""
        return self.out + 2


def _into_two(code: "_Code", x: Row) -> Row:
    """Four pixels in a line as the factors at 0, 1, -1 and infinity."""
    return [
        code.minus(x[0], x[2]),
        code.plus(x[1], x[2]),
        code.minus(x[2], x[1]),
        code.minus(x[3], x[1]),
    ]


def _out_of_two(code: "_Code", x: Row) -> Row:
    """Four products in a line as two pixels."""
    even, odd = code.plus(x[1], x[2]), code.minus(x[1], x[2])
    return [code.plus(x[0], even), code.plus(odd, x[3])]


def _into_four(code: "_Code", x: Row) -> Row:
    """Six pixels in a line as the factors at 0, 1, -1, 2, -2 and infinity."""
    result: list[ir.Value] = [code.scaled(x[0], 4, code.scaled(x[2], -5, x[4]))]
    for weight, scale in ((-4, 1), (-1, 2)):
        even, odd = code.scaled(x[2], weight, x[4]), code.scaled(x[1], weight, x[3])
        result += [code.scaled(odd, scale, even), code.scaled(odd, -scale, even)]
    return [*result, code.scaled(x[1], 4, code.scaled(x[3], -5, x[5]))]


def _out_of_four(code: "_Code", x: Row) -> Row:
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

    def tile(code: "_Code", source: ir.Value, target: ir.Value) -> None:
        columns = [
            form.into(code, [code.load(source, r * row + s * channels) for r in lines])
            for s in lines
        ]
        for r in lines:
            for s, value in enumerate(form.into(code, [column[r] for column in columns])):
                code.store(value, target, (form.tile * r + s) * plane)

    def places(
        code: "_Code", image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value
    ) -> Row:
        height = code.add(code.times(down, form.out), 2)
        first = code.add(code.mul(image, height), code.times(top, form.out))
        source = code.add(code.times(first, row), code.times(left, form.out * channels))
        number = code.add(code.times(code.add(code.mul(image, down), top), across), left)
        return source, code.times(number, channels)

    return _compiled("taking_apart", 2, channels, across, tile, places)


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

    def tile(code: "_Code", source: ir.Value, target: ir.Value, bias: ir.Value) -> None:
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

    def places(
        code: "_Code", image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value
    ) -> Row:
        line = code.add(code.mul(image, down), top)
        number = code.add(code.times(line, across), left)
        target = code.add(code.times(line, side * row), code.times(left, side * channels))
        return code.times(number, channels), target, ir.Constant(_LONG, 0)

    return _compiled("putting_together", 3, channels, across, tile, places)


class _Code:
    """LLVM instructions on vectors of channels; a product and a sum may become one instruction."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def load(self, base: ir.Value, offset: int) -> ir.Value:
        return self.builder.load(self._at(base, offset), align=_BYTES, typ=_VECTOR)

    def store(self, value: ir.Value, base: ir.Value, offset: int) -> None:
        self.builder.store(value, self._at(base, offset), align=_BYTES)

    def _at(self, base: ir.Value, offset: int) -> ir.Value:
        place = self.builder.gep(base, [ir.Constant(_LONG, offset)], source_etype=_FLOAT)
        return self.builder.bitcast(place, _VECTOR.as_pointer())

    def plus(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fadd(a, b, flags=("contract",))

    def minus(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.fsub(a, b, flags=("contract",))

    def scaled(self, a: ir.Value, factor: int, b: ir.Value) -> ir.Value:
        """``a * factor + b``"""
        weight = ir.Constant(_VECTOR, [float(factor)] * LANES)
        return self.plus(self.builder.fmul(a, weight, flags=("contract",)), b)

    def most(self, *values: ir.Value) -> ir.Value:
        """The largest of numbers that are finite."""
        return functools.reduce(self._larger, values)

    def rectified(self, value: ir.Value) -> ir.Value:
        return self._larger(value, ir.Constant(_VECTOR, [0.0] * LANES))

    def _larger(self, a: ir.Value, b: ir.Value) -> ir.Value:
        smaller = self.builder.fcmp_ordered("<", a, b)
        return self.builder.select(smaller, b, a)

    def add(self, a: ir.Value, b: ir.Value | int) -> ir.Value:
        return self.builder.add(a, ir.Constant(_LONG, b) if isinstance(b, int) else b)

    def mul(self, a: ir.Value, b: ir.Value) -> ir.Value:
        return self.builder.mul(a, b)

    def times(self, a: ir.Value, number: int) -> ir.Value:
        return self.builder.mul(a, ir.Constant(_LONG, number))

    @contextmanager
    def each(self, stop: ir.Value | int, step: int = 1) -> Iterator[ir.Value]:
        """The instructions inside, for 0, ``step``, ... below ``stop``."""
        builder = self.builder
        end = ir.Constant(_LONG, stop) if isinstance(stop, int) else stop
        before = builder.block
        check, body, after = (builder.append_basic_block() for _ in range(3))
        builder.branch(check)
        builder.position_at_end(check)
        number = builder.phi(_LONG)
        number.add_incoming(ir.Constant(_LONG, 0), before)
        builder.cbranch(builder.icmp_signed("<", number, end), body, after)
        builder.position_at_end(body)
        yield number
        number.add_incoming(self.add(number, step), builder.block)
        builder.branch(check)
        builder.position_at_end(after)


def _compiled(
    name: str,
    arrays: int,
    channels: int,
    across: int,
    tile: Callable[..., None],
    places: Callable[..., Row],
) -> Run:
    """A function of ``arrays`` addresses, images and down: ``tile`` for every tile and vector.

    ``places`` gives, for a tile, where it begins in each array.
    """
    if channels % LANES:
        raise ValueError(f"{channels} channels; a multiple of {LANES} is needed.")
    module = ir.Module(name)
    pointer = _FLOAT.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer] * arrays + [_LONG] * 2)
    function = ir.Function(module, kind, name)
    *bases, images, down = function.args
    code = _Code(ir.IRBuilder(function.append_basic_block()))
    with code.each(images) as image, code.each(down) as top, code.each(across) as left:
        starts = places(code, image, top, left, down)
        with code.each(channels, LANES) as channel:
            tile(
                code,
                *(
                    code.builder.gep(base, [code.add(start, channel)], source_etype=_FLOAT)
                    for base, start in zip(bases, starts, strict=True)
                ),
            )
    code.builder.ret_void()
    return _machine_code(module, name, arrays)


def _machine_code(module: ir.Module, name: str, arrays: int) -> Run:
    engine = binding.create_mcjit_compiler(binding.parse_assembly(str(module)), _machine())
    engine.finalize_object()
    _alive.append(engine)
    address = engine.get_function_address(name)
    signature = [ctypes.c_void_p] * arrays + [ctypes.c_int64] * 2
    run: Run = ctypes.CFUNCTYPE(None, *signature)(address)
    return run


_alive: list[Any] = []
"""What owns the code; without it the addresses would point nowhere."""


def _machine() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )
