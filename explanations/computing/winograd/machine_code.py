"""Machine code for loops over the tiles of images, sixteen channels at once, compiled by LLVM.

It is compiled on first use for the processor at hand, within some hundredths of a second.
"""

import ctypes
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir

LANES = 16
"""Channels in a vector. The number of channels must be a multiple of it."""

FLOAT, LONG = ir.FloatType(), ir.IntType(64)
VECTOR = ir.VectorType(FLOAT, LANES)
BYTES = 4

Row = Sequence[ir.Value]
Run = Callable[..., None]
"""Compiled function of addresses and numbers, documented where it is compiled. It releases
Python's global lock while it runs."""


class Code:
    """LLVM instructions on vectors of channels. A product and a sum may be fused."""

    def __init__(self, builder: ir.IRBuilder) -> None:
        self.builder = builder

    def load(self, base: ir.Value, offset: int) -> ir.Value:
        """Load a vector at ``offset`` numbers from ``base``."""
        return self.builder.load(self._at(base, offset), align=BYTES, typ=VECTOR)

    def store(self, value: ir.Value, base: ir.Value, offset: int) -> None:
        """Store a vector at ``offset`` numbers from ``base``."""
        self.builder.store(value, self._at(base, offset), align=BYTES)

    def _at(self, base: ir.Value, offset: int) -> ir.Value:
        place = self.builder.gep(base, [ir.Constant(LONG, offset)], source_etype=FLOAT)
        return self.builder.bitcast(place, VECTOR.as_pointer())

    def plus(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return ``a + b`` of vectors."""
        return self.builder.fadd(a, b, flags=("contract",))

    def minus(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return ``a - b`` of vectors."""
        return self.builder.fsub(a, b, flags=("contract",))

    def scaled(self, a: ir.Value, factor: int, b: ir.Value) -> ir.Value:
        """Return ``a * factor + b``."""
        weight = ir.Constant(VECTOR, [float(factor)] * LANES)
        return self.plus(self.builder.fmul(a, weight, flags=("contract",)), b)

    def most(self, *values: ir.Value) -> ir.Value:
        """Return the largest value. All values must be finite."""
        return functools.reduce(self._larger, values)

    def rectified(self, value: ir.Value) -> ir.Value:
        """Return the vector with negative values set to 0."""
        return self._larger(value, ir.Constant(VECTOR, [0.0] * LANES))

    def _larger(self, a: ir.Value, b: ir.Value) -> ir.Value:
        smaller = self.builder.fcmp_ordered("<", a, b)
        return self.builder.select(smaller, b, a)

    def add(self, a: ir.Value, b: ir.Value | int) -> ir.Value:
        """Return ``a + b`` of whole numbers."""
        return self.builder.add(a, ir.Constant(LONG, b) if isinstance(b, int) else b)

    def mul(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return ``a * b`` of whole numbers."""
        return self.builder.mul(a, b)

    def times(self, a: ir.Value, number: int) -> ir.Value:
        """Return ``a * number``."""
        return self.builder.mul(a, ir.Constant(LONG, number))

    @contextmanager
    def each(self, stop: ir.Value | int, step: int = 1) -> Iterator[ir.Value]:
        """Repeat the instructions inside for 0, ``step``, ... below ``stop``."""
        builder = self.builder
        end = ir.Constant(LONG, stop) if isinstance(stop, int) else stop
        before = builder.block
        check, body, after = (builder.append_basic_block() for _ in range(3))
        builder.branch(check)
        builder.position_at_end(check)
        number = builder.phi(LONG)
        number.add_incoming(ir.Constant(LONG, 0), before)
        builder.cbranch(builder.icmp_signed("<", number, end), body, after)
        builder.position_at_end(body)
        yield number
        number.add_incoming(self.add(number, step), builder.block)
        builder.branch(check)
        builder.position_at_end(after)


def compiled(
    name: str,
    arrays: int,
    channels: int,
    across: int,
    tile: Callable[..., None],
    places: Callable[..., Row],
) -> Run:
    """Compile a function that applies ``tile`` to every tile and every vector of channels.

    The compiled function takes ``arrays`` addresses, the number of images, and the number of rows
    of tiles. ``places`` returns the offset of a tile in each array. Raises ValueError if
    ``channels`` is not a multiple of LANES.
    """
    if channels % LANES:
        raise ValueError(f"The number of channels, {channels}, must be a multiple of {LANES}.")
    module = ir.Module(name)
    pointer = FLOAT.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer] * arrays + [LONG] * 2)
    function = ir.Function(module, kind, name)
    *bases, images, down = function.args
    code = Code(ir.IRBuilder(function.append_basic_block()))
    # Channels are the innermost loop, because they are adjacent in memory.
    with code.each(images) as image, code.each(down) as top, code.each(across) as left:
        starts = places(code, image, top, left, down)
        with code.each(channels, LANES) as channel:
            tile(
                code,
                *(
                    code.builder.gep(base, [code.add(start, channel)], source_etype=FLOAT)
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
"""Owners of the compiled code. Without them its addresses would become invalid."""


def _machine() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=3
    )
