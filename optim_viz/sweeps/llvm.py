"""One pass over arrays as machine code, made by LLVM: every value is read once, worked with in registers, written once.

NumPy goes through memory at every operation, and its threads pass the interpreter's lock to each other as often. The
operations here are the ones whose results IEEE 754 fixes to the last bit, none is reordered and none contracted, so
the results are NumPy's own; and erf, the C library's here as there.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

#: Places that are worked on at once; LLVM splits them where a processor's registers hold fewer.
WIDTH = 4
_LOCK = threading.Lock()  # LLVM works for one thread at a time


@dataclass(frozen=True)
class Loop:
    """What is done at every place of some arrays. Names are anything that tells values apart."""

    numbers: tuple[str, ...]  # float64, the same everywhere
    arrays: tuple[tuple[str, str, bool], ...]  # name, "float64" or "bool", True: [rows, n], False: [n], as every row
    lines: tuple[tuple[str, str, tuple[str, ...]], ...]  # name of the result, ufunc, operands
    stores: tuple[tuple[str, str], ...]  # array of [rows, n], value

    @property
    def flat(self) -> bool:
        """Whether rows make no difference."""
        return all(whole for _, _, whole in self.arrays)


def jit(loop: Loop) -> Callable[..., None]:
    """Return a function of rows, n, the numbers and the arrays' addresses; 10-70 ms, then kept.

    Arrays are contiguous, and none overlaps with one that is written to. The interpreter's lock is free meanwhile.

    >>> import numpy as np
    >>> x = np.array([1.0, 4.0, 9.0])
    >>> loop = Loop(("c",), (("x", "float64", True),), (("r", "sqrt", ("x",)), ("s", "add", ("r", "c"))), (("x", "s"),))
    >>> jit(loop)(1, 3, 0.5, x.ctypes.data)
    >>> x.tolist()
    [1.5, 2.5, 3.5]
    """
    with _LOCK:
        return _jit(loop)


@functools.lru_cache(maxsize=256)
def _jit(loop: Loop) -> Callable[..., None]:
    import llvmlite.binding as llvm

    machine, linker, names = _tools()
    module = llvm.parse_assembly(_written(loop))
    module.verify()
    code = llvm.JITLibraryBuilder().add_object_img(machine.emit_object(module)).add_current_process()
    library = code.export_symbol("loop").link(linker, f"loop {next(names)}")
    kinds = [ctypes.c_int64] * 2 + [ctypes.c_double] * len(loop.numbers) + [ctypes.c_void_p] * len(loop.arrays)
    function = ctypes.CFUNCTYPE(None, *kinds)(library["loop"])
    function.library = library  # type: ignore[attr-defined] # the code lives as long as it
    return function


@functools.cache
def _tools() -> tuple[Any, Any, Iterator[int]]:
    """What writes code for this processor, what links, and names for what was linked, none of them used twice."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target, features = llvm.Target.from_default_triple(), llvm.get_host_cpu_features().flatten()
    machine = target.create_target_machine(llvm.get_host_cpu_name(), features, opt=3)
    return machine, llvm.create_lljit_compiler(), itertools.count()


def _written(loop: Loop) -> str:
    """LLVM's text of the loop: in every row, WIDTH places at a time, and what is left one by one."""
    from llvmlite import ir

    number, size, bit = ir.DoubleType(), ir.IntType(64), ir.IntType(8)
    elements = [number if kind == "float64" else bit for _, kind, _ in loop.arrays]
    kinds = [size, size, *[number] * len(loop.numbers), *(element.as_pointer() for element in elements)]
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), kinds), "loop")
    b = ir.IRBuilder(function.append_basic_block())
    rows, n, *rest = function.args
    single = dict(zip(loop.numbers, rest, strict=False))
    wide = {name: _spread(b, value) for name, value in single.items()}
    full = b.sub(n, b.urem(n, size(WIDTH)))

    def of_row(row: Any) -> None:
        begin = b.mul(row, n)

        def of_places(numbers: dict[str, Any], width: int) -> Callable[[Any], None]:
            def write(i: Any) -> None:
                at = {True: b.add(begin, i), False: i}
                arrays = zip(loop.arrays, rest[len(loop.numbers) :], strict=True)
                _write_body(b, loop, dict(numbers), {a[0]: b.gep(start, [at[a[2]]]) for a, start in arrays}, width)

            return write

        _each(b, size(0), full, WIDTH, of_places(wide, WIDTH))
        _each(b, full, n, 1, of_places(single, 1))

    _each(b, size(0), rows, 1, of_row)
    b.ret_void()
    return str(function.module)


def _each(b: Any, begin: Any, end: Any, step: int, write: Callable[[Any], None]) -> None:
    """Write `for i in range(begin, end, step): write(i)`, and go on behind it."""
    check, body, after = (b.append_basic_block() for _ in range(3))
    before = b.block
    b.branch(check)
    b.position_at_end(check)
    i = b.phi(begin.type)
    i.add_incoming(begin, before)
    b.cbranch(b.icmp_signed("<", i, end), body, after)
    b.position_at_end(body)
    write(i)
    i.add_incoming(b.add(i, i.type(step)), b.block)
    b.branch(check)
    b.position_at_end(after)


def _write_body(b: Any, loop: Loop, values: dict[str, Any], places: dict[str, Any], width: int) -> None:
    """Write what is done at `width` places beginning at the given ones."""
    read = {name for _, _, operands in loop.lines for name in operands} | {value for _, value in loop.stores}
    kinds = {name: kind for name, kind, _ in loop.arrays}
    for name in kinds.keys() & read:
        value = b.load(_wide(b, places[name], width), align=1 if kinds[name] == "bool" else 8)
        values[name] = value if kinds[name] == "float64" else b.icmp_unsigned("!=", value, _like(value, 0))
    for name, ufunc, operands in loop.lines:
        kind, write = OPERATIONS[ufunc]
        values[name] = write(b, *(_as(b, values[operand], kind) for operand in operands))
    for name, result in loop.stores:
        value = _as(b, values[result], kinds[name])
        place = _wide(b, places[name], width)
        value = value if kinds[name] == "float64" else b.zext(value, place.type.pointee)
        b.store(value, place, align=1 if kinds[name] == "bool" else 8)


def _spread(b: Any, value: Any) -> Any:
    """WIDTH times the same number."""
    from llvmlite import ir

    none, first = ir.Constant(ir.VectorType(value.type, WIDTH), ir.Undefined), ir.IntType(32)(0)
    return b.shuffle_vector(
        b.insert_element(none, value, first), none, ir.Constant(ir.VectorType(first.type, WIDTH), [first] * WIDTH)
    )


def _wide(b: Any, place: Any, width: int) -> Any:
    """The address of a place as one of `width` places."""
    from llvmlite import ir

    return place if width == 1 else b.bitcast(place, ir.VectorType(place.type.pointee, width).as_pointer())


def _like(value: Any, number: float) -> Any:
    """A constant as wide as a value."""
    from llvmlite import ir

    kind = value.type
    return ir.Constant(kind, [kind.element(number)] * kind.count if isinstance(kind, ir.VectorType) else number)


def _as(b: Any, value: Any, kind: str) -> Any:
    """A value as a float64 or a bool, as NumPy converts them."""
    from llvmlite import ir

    vector = isinstance(value.type, ir.VectorType)
    double, element = ir.DoubleType(), value.type.element if vector else value.type
    if (element == double) == (kind == "float64"):
        return value
    if kind == "bool":
        return b.fcmp_unordered("!=", value, _like(value, 0.0))
    return b.uitofp(value, ir.VectorType(double, value.type.count) if vector else double)


def _intrinsic(name: str) -> Callable[..., Any]:
    def write(b: Any, value: Any) -> Any:
        from llvmlite import ir

        kind = value.type
        suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
        return b.call(b.module.declare_intrinsic(f"llvm.{name}.{suffix}", (), ir.FunctionType(kind, [kind])), [value])

    return write


def _erf(b: Any, value: Any) -> Any:
    """The C library's own, which is Python's too, place by place."""
    from llvmlite import ir

    kind, double, number = value.type, ir.DoubleType(), ir.IntType(32)
    known = b.module.globals.get("erf")
    call = known or ir.Function(b.module, ir.FunctionType(double, [double]), "erf")
    if not isinstance(kind, ir.VectorType):
        return b.call(call, [value])
    found = ir.Constant(kind, ir.Undefined)
    for i in range(kind.count):
        found = b.insert_element(found, b.call(call, [b.extract_element(value, number(i))]), number(i))
    return found


def _extreme(sign: str) -> Callable[..., Any]:
    """NumPy's maximum (">") or minimum ("<"): the first operand if it is NaN, the second if that is."""

    def write(b: Any, x: Any, y: Any) -> Any:
        return b.select(b.or_(b.fcmp_ordered(sign, x, y), b.fcmp_unordered("uno", x, x)), x, y)

    return write


def _sign(b: Any, x: Any) -> Any:
    zero = _like(x, 0.0)
    below = b.select(b.fcmp_ordered("<", x, zero), _like(x, -1.0), b.select(b.fcmp_ordered("==", x, zero), zero, x))
    return b.select(b.fcmp_ordered(">", x, zero), _like(x, 1.0), below)


def _isfinite(b: Any, x: Any) -> Any:
    return b.fcmp_ordered("<", _intrinsic("fabs")(b, x), _like(x, float("inf")))


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
    "erf": ("float64", _erf),
    "isfinite": ("float64", _isfinite),
    "less_equal": ("float64", lambda b, x, y: b.fcmp_ordered("<=", x, y)),
    "bitwise_and": ("bool", lambda b, x, y: b.and_(x, y)),
    "invert": ("bool", lambda b, x: b.xor(x, _like(x, 1))),
}
