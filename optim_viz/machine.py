"""One pass over arrays as machine code, made by LLVM: every value is read once, worked with in registers, written once.

NumPy goes through memory at every operation, and its threads pass the interpreter's lock to each other as often. The
operations here are the ones whose results IEEE 754 fixes to the last bit, none is reordered and none contracted, so
the results are NumPy's own.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LOCK = threading.Lock()  # LLVM works for one thread at a time


@dataclass(frozen=True)
class Loop:
    """What is done at every place of some arrays. Names are anything that tells values apart."""

    numbers: tuple[str, ...]  # float64, the same everywhere
    arrays: tuple[
        tuple[str, str, bool], ...
    ]  # name, "float64" or "bool", whether [rows, n] or the same [n] in each row
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]  # name of the result, ufunc, operands
    stores: tuple[tuple[str, str], ...]  # array of [rows, n], value

    @property
    def flat(self) -> bool:
        """Whether rows make no difference."""
        return all(whole for _, _, whole in self.arrays)


def compiled(loop: Loop) -> Callable[..., None]:
    """Return a function of rows, n, the numbers and the arrays' addresses; 10-30 ms, then kept.

    Arrays are contiguous, and none overlaps with one that is written to. The interpreter's lock is free meanwhile.

    >>> import numpy as np
    >>> x = np.array([1.0, 4.0, 9.0])
    >>> loop = Loop(("c",), (("x", "float64", True),), (("r", "sqrt", ("x",)), ("s", "add", ("r", "c"))), (("x", "s"),))
    >>> compiled(loop)(1, 3, 0.5, x.ctypes.data)
    >>> x.tolist()
    [1.5, 2.5, 3.5]
    """
    with _LOCK:
        return _compiled(loop)


@functools.lru_cache(maxsize=512)
def _compiled(loop: Loop) -> Callable[..., None]:
    import llvmlite.binding as llvm

    machine = _machine()
    module = llvm.parse_assembly(_written(loop))
    module.verify()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    kinds = [ctypes.c_int64] * 2 + [ctypes.c_double] * len(loop.numbers) + [ctypes.c_void_p] * len(loop.arrays)
    function = ctypes.CFUNCTYPE(None, *kinds)(engine.get_function_address("loop"))
    function.engine = engine  # type: ignore[attr-defined] # the code lives as long as it
    return function


@functools.cache
def _machine() -> Any:
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(llvm.get_host_cpu_name(), features, opt=3)


def _written(loop: Loop) -> str:
    """LLVM's text of `for row in range(rows): for i in range(n): ...`; rows and n are at least 1."""
    from llvmlite import ir

    number, size, bit = ir.DoubleType(), ir.IntType(64), ir.IntType(8)
    elements = [number if kind == "float64" else bit for _, kind, _ in loop.arrays]
    kinds = [size, size, *[number] * len(loop.numbers), *(element.as_pointer() for element in elements)]
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), kinds), "loop")
    rows, n, *rest = function.args
    numbers, arrays = rest[: len(loop.numbers)], rest[len(loop.numbers) :]
    for array in arrays:
        array.add_attribute("noalias")
    before, row_begins, inside, row_ends, after = (function.append_basic_block() for _ in range(5))
    ir.IRBuilder(before).branch(row_begins)
    outer, body = ir.IRBuilder(row_begins), ir.IRBuilder(inside)
    row = outer.phi(size)
    outer.branch(inside)
    i = body.phi(size)
    whole = body.add(body.mul(row, n), i)
    places = {
        name: body.gep(array, [whole if all_ else i])
        for array, (name, _, all_) in zip(arrays, loop.arrays, strict=True)
    }
    _write_body(body, loop, dict(zip(loop.numbers, numbers, strict=True)), places)
    _next(body, i, n, (row_begins, inside, row_ends))
    _next(ir.IRBuilder(row_ends), row, rows, (before, row_begins, after))
    ir.IRBuilder(after).ret_void()
    return str(function.module)


def _next(b: Any, count: Any, end: Any, blocks: tuple[Any, Any, Any]) -> None:
    """Count on from 0, and go round again or out; `blocks` are where the loop is entered from, begins and goes on."""
    entry, begin, after = blocks
    more = b.add(count, count.type(1))
    count.add_incoming(count.type(0), entry)
    count.add_incoming(more, b.block)
    b.cbranch(b.icmp_unsigned("<", more, end), begin, after)


def _write_body(b: Any, loop: Loop, values: dict[str, Any], places: dict[str, Any]) -> None:
    from llvmlite import ir

    read = {name for _, _, operands in loop.lines for name in operands} | {value for _, value in loop.stores}
    for name, kind, _ in loop.arrays:
        if name in read:
            value = b.load(places[name])
            values[name] = value if kind == "float64" else b.trunc(value, ir.IntType(1))
    for name, ufunc, operands in loop.lines:
        kind, write = OPERATIONS[ufunc]
        values[name] = write(b, *(_as(b, values[operand], kind) for operand in operands))
    kinds = {name: kind for name, kind, _ in loop.arrays}
    for name, value in loop.stores:
        result = _as(b, values[value], kinds[name])
        b.store(result if kinds[name] == "float64" else b.zext(result, ir.IntType(8)), places[name])


def _as(b: Any, value: Any, kind: str) -> Any:
    """A value as a float64 or a bool, as NumPy converts them."""
    from llvmlite import ir

    has = "float64" if value.type == ir.DoubleType() else "bool"
    if has == kind:
        return value
    return (
        b.uitofp(value, ir.DoubleType()) if kind == "float64" else b.fcmp_unordered("!=", value, ir.DoubleType()(0.0))
    )


def _intrinsic(name: str) -> Callable[..., Any]:
    def write(b: Any, value: Any) -> Any:
        return b.call(b.module.declare_intrinsic(f"llvm.{name}", [value.type]), [value])

    return write


def _extreme(sign: str) -> Callable[..., Any]:
    """NumPy's maximum (">") or minimum ("<"): the first operand if it is NaN, the second if that is."""

    def write(b: Any, x: Any, y: Any) -> Any:
        return b.select(b.or_(b.fcmp_ordered(sign, x, y), b.fcmp_unordered("uno", x, x)), x, y)

    return write


def _sign(b: Any, x: Any) -> Any:
    zero, one = x.type(0.0), x.type(1.0)
    below = b.select(b.fcmp_ordered("<", x, zero), x.type(-1.0), b.select(b.fcmp_ordered("==", x, zero), zero, x))
    return b.select(b.fcmp_ordered(">", x, zero), one, below)


def _isfinite(b: Any, x: Any) -> Any:
    return b.fcmp_ordered("<", _intrinsic("fabs")(b, x), x.type(float("inf")))


#: Ufuncs by name: what their operands are, and how they are written.
OPERATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("float64", lambda b, x, y: b.fadd(x, y)),
    "subtract": ("float64", lambda b, x, y: b.fsub(x, y)),
    "multiply": ("float64", lambda b, x, y: b.fmul(x, y)),
    "divide": ("float64", lambda b, x, y: b.fdiv(x, y)),
    "negative": ("float64", lambda b, x: b.fneg(x)),
    "square": ("float64", lambda b, x: b.fmul(x, x)),
    "sqrt": ("float64", _intrinsic("sqrt")),
    "absolute": ("float64", _intrinsic("fabs")),
    "sign": ("float64", _sign),
    "maximum": ("float64", _extreme(">")),
    "minimum": ("float64", _extreme("<")),
    "isfinite": ("float64", _isfinite),
    "less_equal": ("float64", lambda b, x, y: b.fcmp_ordered("<=", x, y)),
    "bitwise_and": ("bool", lambda b, x, y: b.and_(x, y)),
    "invert": ("bool", lambda b, x: b.not_(x)),
}
