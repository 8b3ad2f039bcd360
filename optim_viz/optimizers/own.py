"""Optimizers of the user's own: callables params -> torch.optim.Optimizer; what takes lr can be tuned and swept."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from optim_viz.language import N_
from optim_viz.optimizers import hyperparameters
from optim_viz.spec import Hyperparameter, SpecError, Value, quoted

#: The kind of a spec that holds a factory of the user's own.
OWN = "own"
#: The one number that a factory may take; torch's own default where it has none.
LR = hyperparameters.lr(1e-3)
#: What to write, where a learning rate is asked of a factory that takes none.
WRITE = N_("write it as lambda params, lr: ..., with lr handed on")


def called(factory: Callable[..., Any]) -> str:
    """Return what a factory is called in legends.

    >>> called(lambda params: None)
    'own'
    """
    inner = getattr(factory, "func", factory)  # functools.partial
    return str(getattr(inner, "__name__", OWN)).replace("<lambda>", OWN)


def _lr(factory: Callable[..., Any]) -> inspect.Parameter | None:
    try:
        return inspect.signature(factory).parameters.get("lr")
    except (TypeError, ValueError):  # written in C, without a signature
        return None


def takes_lr(factory: Callable[..., Any]) -> bool:
    """Whether a factory takes a learning rate.

    >>> takes_lr(lambda params, lr: None), takes_lr(lambda params: None)
    (True, False)
    """
    found = _lr(factory)
    return found is not None and found.kind not in (found.POSITIONAL_ONLY, found.VAR_KEYWORD, found.VAR_POSITIONAL)


def knobs(factory: Callable[..., Any]) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters that a factory takes: lr or none."""
    return (LR,) if takes_lr(factory) else ()


def values(factory: Callable[..., Any], label: str, given: Mapping[str, object]) -> tuple[tuple[str, Value], ...]:
    """Return the checked learning rate: the given one, the factory's own default, or none where it has neither."""
    for name in given:
        if name != "lr" or not takes_lr(factory):
            raise SpecError("{label} takes no {name}: {write}.", label=quoted(label), name=name, write=WRITE)
    if "lr" in given:
        return (("lr", LR.check(given["lr"], label)),)
    found = _lr(factory)
    default: Any = found.default if found is not None else None
    known = type(default) in (int, float) and math.isfinite(default) and default > 0
    return (("lr", float(default)),) if known and takes_lr(factory) else ()


def build(factory: Callable[..., Any], label: str, given: Mapping[str, Value], params: Any) -> Any:
    """Build the optimizer over `params`; SpecError where it needs a learning rate that nobody has given."""
    found = _lr(factory)
    if takes_lr(factory) and found is not None and found.default is found.empty and "lr" not in given:
        raise SpecError(
            "{label} takes lr and has no default for it: write ov.optimizer(..., lr=0.01) with the function in it.",
            label=quoted(label),
        )
    return factory(params, **given)


def identity(factory: Callable[..., Any]) -> str:
    """Return what tells a factory from any other, alike in every process: its name, its code, the values that both use.

    Its repr holds an address, which the next function may have as soon as this one is gone.

    >>> at = [identity(lambda params, lr=lr: [params, lr]) for lr in (0.1, 0.1, 0.2)]
    >>> at[0] == at[1], at[0] == at[2]
    (True, False)
    """
    return repr(_parts(factory, ()))


def _used(function: FunctionType) -> dict[str, Any]:
    found = inspect.getclosurevars(function)
    return {**found.nonlocals, **found.globals}


#: What a value of a type is made of; of several types the first counts.
_MADE_OF: dict[Any, Callable[[Any], Iterable[Any]]] = {
    (list, tuple): iter,
    (set, frozenset): lambda value: sorted(map(repr, value)),
    Mapping: lambda value: [part for pair in value.items() for part in pair],
    functools.partial: lambda value: [value.func, value.args, value.keywords],
    MethodType: lambda value: [value.__func__, value.__self__],
    FunctionType: lambda value: [
        value.__qualname__,
        value.__code__,
        value.__defaults__,
        value.__kwdefaults__,
        _used(value),
    ],
    CodeType: lambda value: [value.co_code, value.co_names, value.co_varnames, *value.co_consts],
    object: lambda value: [getattr(value, "__dict__", None)],
}


def _parts(value: Any, within: tuple[int, ...]) -> Any:
    """What a value is made of, as far as a text can tell it; `within` what it is part of, which may be itself."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return repr(value)
    if id(value) in within or isinstance(value, type | ModuleType):
        return getattr(value, "__qualname__", type(value).__name__), getattr(value, "__module__", "")
    made_of = next(split for types, split in _MADE_OF.items() if isinstance(value, types))
    return type(value).__qualname__, [_parts(part, (*within, id(value))) for part in made_of(value)]
