"""Optimizers of the user's own: callables params -> torch.optim.Optimizer; what takes lr can be tuned and swept."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
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
