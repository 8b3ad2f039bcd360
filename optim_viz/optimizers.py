"""The OPTIMIZERS table, one row an optimizer, and what becomes of a row: a checked spec, or torch's own optimizer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from optim_viz.optimizer_rows import ROWS
from optim_viz.optimizer_type import Optimizer
from optim_viz.spec import (
    Hyperparameter,
    OptimizerSpec,
    ScheduleSpec,
    SpecError,
    Value,
    check_values,
    nearest,
    number,
)

__all__ = ["OPTIMIZERS", "Optimizer", "as_spec", "hyperparameter", "optimizer", "torch_arguments", "torch_optimizer"]

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in ROWS}

#: The kind of a spec that holds the user's own torch.optim.Optimizer factory.
OWN = "own"


def optimizer(
    kind: str,
    *,
    schedule: ScheduleSpec | None = None,
    lr_scale: tuple[float, ...] | Mapping[str, float] | None = None,
    label: str = "",
    **hyperparameters: object,
) -> OptimizerSpec:
    """Return an optimizer's spec: a row of OPTIMIZERS with its hyperparameters, checked.

    Problem: two experiments can be compared only if everything that sets them apart is written down.
    Formula: the row's `latex`; `OPTIMIZERS[kind]` says what it solves and where it comes from.

    Arguments: `kind`, a row of OPTIMIZERS; `hyperparameters`, torch.optim's names (betas as beta1 and beta2), at
    torch's defaults where left out; `schedule`, how the learning rate changes; `lr_scale`, a factor >= 0 for each
    coordinate or, as a mapping, for each layer; `label`, the name in legends.
    Raises SpecError with the nearest name or the allowed range.

    >>> optimizer("adam", lr=0.05)["lr"]
    0.05
    >>> optimizer("adma")
    Traceback (most recent call last):
    optim_viz.spec.SpecError: Unknown optimizer 'adma'; did you mean 'adam'?

    Reference: the names follow torch.optim 2.13 (PyTorch, 2026).
    """
    if kind not in OPTIMIZERS:
        raise SpecError(f"Unknown optimizer {kind!r}; {nearest(kind, OPTIMIZERS)}")
    row = OPTIMIZERS[kind]
    values = check_values(kind, row.hyperparameters, hyperparameters)
    _check_together(kind, dict(values))
    return OptimizerSpec(kind, values, schedule, _check_scale(kind, lr_scale), str(label))


def as_spec(item: OptimizerSpec | Callable[..., Any]) -> OptimizerSpec:
    """Return `item` as a spec: one already, or any callable params -> torch.optim.Optimizer, labelled by its name.

    >>> def my_sgd(params):
    ...     return torch.optim.SGD(params, lr=0.1)
    >>> as_spec(my_sgd).label
    'my_sgd'
    """
    if isinstance(item, OptimizerSpec):
        return item
    if not callable(item):
        raise SpecError(f"An optimizer is what ov.optimizer returns, or a function params -> optimizer; got {item!r}.")
    inner = getattr(item, "func", item)  # functools.partial
    name = str(getattr(inner, "__name__", OWN)).replace("<lambda>", OWN)
    return OptimizerSpec(OWN, label=name, factory=item)


def _check_together(kind: str, values: Mapping[str, Value]) -> None:
    """Refuse what torch refuses: Nesterov momentum needs a momentum and zero dampening; bounds in the wrong order."""
    if values.get("nesterov") and not (values["momentum"] > 0 and values["dampening"] == 0):
        raise SpecError(
            f"{kind}: nesterov needs momentum above 0 and dampening 0; "
            f"got momentum {values['momentum']:g} and dampening {values['dampening']:g}."
        )
    if values.get("step_min", 0.0) > values.get("step_max", 0.0):
        raise SpecError(
            f"{kind}: step_min must be at most step_max; got {values['step_min']:g} and {values['step_max']:g}."
        )


def _check_scale(kind: str, scale: Any) -> Any:
    if scale is None:
        return None
    pairs = tuple(scale.items()) if isinstance(scale, Mapping) else tuple(enumerate(scale))
    for name, factor in pairs:
        if number(factor, f"{kind}: lr_scale of {name}") < 0:
            raise SpecError(f"{kind}: lr_scale of {name} must be at least 0; got {factor!r}.")
    if isinstance(scale, Mapping):
        return tuple((str(name), float(factor)) for name, factor in pairs)
    return tuple(float(factor) for _, factor in pairs)


#: torch's argument -> the hyperparameters that make it up.
_GROUPS = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("step_min", "step_max")}
#: torch's argument -> what our plain number stands for.
_WORDS: dict[str, Callable[[Value], Any]] = {
    "max_eval": lambda count: count or None,
    "line_search_fn": lambda on: "strong_wolfe" if on else None,
}


def torch_arguments(spec: OptimizerSpec) -> dict[str, Any]:
    """Return the keyword arguments with which torch's own class is built, betas and the like put together.

    >>> torch_arguments(optimizer("adam", lr=0.05))["betas"]
    (0.9, 0.999)
    """
    arguments: dict[str, Any] = {**spec.hyperparameters, **dict(OPTIMIZERS[spec.kind].fixed)}
    for group, names in _GROUPS.items():
        if names[0] in arguments:
            arguments[group] = tuple(arguments.pop(name) for name in names)
    return {name: _WORDS[name](value) if name in _WORDS else value for name, value in arguments.items()}


def torch_optimizer(spec: OptimizerSpec, params: Any, **options: Any) -> Any:
    """Build torch.optim's own optimizer, or the user's, over `params`; `options` are torch's own (fused, foreach)."""
    import torch  # 1.8 s: only for those who need it

    if spec.factory is not None:
        return spec.factory(params)
    cls = getattr(torch.optim, OPTIMIZERS[spec.kind].torch_class)
    return cls(params, **torch_arguments(spec), **options)


@functools.cache
def hyperparameter(kind: str, name: str) -> Hyperparameter:
    """Look up one hyperparameter of one optimizer."""
    return next(h for h in OPTIMIZERS[kind].hyperparameters if h.name == name)
