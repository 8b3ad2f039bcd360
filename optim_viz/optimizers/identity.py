"""What tells a function of the user's own from any other, in this process and in the next."""

from __future__ import annotations

import functools
import inspect
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

#: Where what is installed lies; it goes by its names.
_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))


def identity(factory: Callable[..., Any]) -> str:
    """Return what tells a factory from any other, alike in every process: its name, its code, the values that both use.

    Its repr holds an address, which the next function may have as soon as this one is gone.

    >>> at = [identity(lambda params, lr=lr: [params, lr]) for lr in (0.1, 0.1, 0.2)]
    >>> at[0] == at[1], at[0] == at[2]
    (True, False)
    """
    return repr(_told(factory, {}))


def _told(value: Any, seen: dict[int, Any]) -> Any:
    """A value as text and lists of it; of what was `seen` before, which may be itself, its number."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if isinstance(value, ModuleType) or (isinstance(value, type | FunctionType) and _installed(value.__module__)):
        return value.__name__, getattr(value, "__module__", "")
    if id(value) in seen:
        return [*seen].index(id(value))
    if not isinstance(value, tuple):  # which of them are one is Python's own affair
        seen[id(value)] = value
    made_of = next(split for types, split in _MADE_OF.items() if isinstance(value, types))
    return type(value).__qualname__, [_told(part, seen) for part in made_of(value)]


def _installed(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None)
    return module in sys.builtin_module_names if file is None else file.startswith(_INSTALLED)


def _of_function(function: FunctionType) -> list[Any]:
    used = inspect.getclosurevars(function)
    near = {**used.nonlocals, **used.globals}
    return [function.__qualname__, function.__code__, function.__defaults__, function.__kwdefaults__, near]


def _of_class(kind: type) -> list[Any]:
    members = {name: getattr(found, "__func__", found) for name, found in vars(kind).items()}
    own = {
        name: found for name, found in members.items() if isinstance(found, FunctionType) or not name.startswith("__")
    }
    return [kind.__qualname__, kind.__bases__, own]


def _of_object(value: Any) -> Iterable[Any]:
    """What an array holds; of any other object what pickle would write, or no more than its type."""
    if hasattr(value, "tolist"):
        return [str(value.dtype), value.tolist()]
    try:
        found = value.__reduce_ex__(2)
    except TypeError:
        return []
    return [found] if isinstance(found, str) else [[*one] if isinstance(one, Iterator) else one for one in found]


#: What a value of a type is made of; of several types the first counts.
_MADE_OF: dict[Any, Callable[[Any], Iterable[Any]]] = {
    (list, tuple): iter,
    (set, frozenset): lambda value: sorted(map(repr, value)),
    Mapping: lambda value: [part for pair in value.items() for part in pair],
    functools.partial: lambda value: [value.func, value.args, value.keywords],
    MethodType: lambda value: [value.__func__, value.__self__],
    FunctionType: _of_function,
    CodeType: lambda value: [value.co_code, value.co_names, value.co_varnames, *value.co_consts],
    type: _of_class,
    object: _of_object,
}
