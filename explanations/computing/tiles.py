"""Machine code for the transforms of Winograd's F(4x4, 3x3): by tile, sixteen channels at once.

What torch offers goes through memory once for every sum; here a tile stays in registers. LLVM
makes the code when it is first wanted, for the processor at hand, in some hundredths of a second.
"""

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir

OUT = 4
TILE = OUT + 2
LANES = 16
"""Channels in one vector; their number must be a multiple of it."""

_FLOAT, _LONG = ir.FloatType(), ir.IntType(64)
_VECTOR = ir.VectorType(_FLOAT, LANES)
_BYTES = 4

Row = Sequence[ir.Value]
Run = Callable[..., None]
"""Takes addresses and numbers, as said by the function that makes it; lets other threads run."""


@functools.cache
def taking_apart(channels: int, across: int, plane: int) -> Run:
    """From padded pictures to the 36 factors of every tile.

    The result is called with the addresses of source, float32 (images, 4 down + 2, 4 across + 2,
    channels), and target, whose 36 planes of (images * down * across, channels) begin ``plane``
    numbers apart; then with images and down.
    """
    row = (OUT * across + 2) * channels

    def tile(code: "_Code", source: ir.Value, target: ir.Value) -> None:
        columns = [
            _into(code, [code.load(source, r * row + s * channels) for r in range(TILE)])
            for s in range(TILE)
        ]
        for r in range(TILE):
            for s, value in enumerate(_into(code, [column[r] for column in columns])):
                code.store(value, target, (TILE * r + s) * plane)

    def places(
        code: "_Code", image: ir.Value, top: ir.Value, left: ir.Value, down: ir.Value
    ) -> Row:
        height = code.add(code.times(down, OUT), 2)
        first = code.add(code.mul(image, height), code.times(top, OUT))
        source = code.add(code.times(first, row), code.times(left, OUT * channels))
        number = code.add(code.times(code.add(code.mul(image, down), top), across), left)
        return source, code.times(number, channels)

    return _compiled("taking_apart", 2, channels, across, tile, places)


@functools.cache
def putting_together(channels: int, across: int, plane: int, *, rectify: bool, pool: bool) -> Run:
    """From the 36 products of every tile to pictures: bias added, with ReLU and 2x2 pool if wanted.

    The result is called with the addresses of source, 36 planes of (images * down * across,
    channels) that begin ``plane`` numbers apart, of the target, (images, height, width, channels)
    with 4 down rows and 4 across columns, half as many when pooled, and of the channels' biases;
    then with images and down.
    """
    side = OUT // 2 if pool else OUT
    row = side * across * channels

    def tile(code: "_Code", source: ir.Value, target: ir.Value, bias: ir.Value) -> None:
        columns = [
            _out_of(code, [code.load(source, (TILE * r + s) * plane) for r in range(TILE)])
            for s in range(TILE)
        ]
        rows = [_out_of(code, [column[r] for column in columns]) for r in range(OUT)]
        if pool:
            rows = [
                [code.most(a[s], a[s + 1], b[s], b[s + 1]) for s in range(0, OUT, 2)]
                for a, b in (rows[:2], rows[2:])
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


def _into(code: "_Code", x: Row) -> Row:
    """Six pixels in a line as the factors at 0, 1, -1, 2, -2 and infinity."""
    result: list[ir.Value] = [code.scaled(x[0], 4, code.scaled(x[2], -5, x[4]))]
    for weight, scale in ((-4, 1), (-1, 2)):
        even, odd = code.scaled(x[2], weight, x[4]), code.scaled(x[1], weight, x[3])
        result += [code.scaled(odd, scale, even), code.scaled(odd, -scale, even)]
    return [*result, code.scaled(x[1], 4, code.scaled(x[3], -5, x[5]))]


def _out_of(code: "_Code", x: Row) -> Row:
    """Six products in a line as four pixels."""
    even, odd = code.plus(x[1], x[2]), code.minus(x[1], x[2])
    even_of_two, odd_of_two = code.plus(x[3], x[4]), code.minus(x[3], x[4])
    return [
        code.plus(code.plus(x[0], even), even_of_two),
        code.scaled(odd_of_two, 2, odd),
        code.scaled(even_of_two, 4, even),
        code.scaled(odd_of_two, 8, code.plus(x[5], odd)),
    ]


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
