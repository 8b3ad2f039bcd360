"""What becomes of a row of OPTIMIZERS: a checked spec, or another one with some values changed."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from optim_viz.optimizers.table import OPTIMIZERS
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

if TYPE_CHECKING:
    pass


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


@functools.cache
def hyperparameter(kind: str, name: str) -> Hyperparameter:
    """Look up one hyperparameter of one optimizer."""
    return next(h for h in OPTIMIZERS[kind].hyperparameters if h.name == name)


def has_rule(spec: OptimizerSpec) -> bool:
    """Whether an optimizer has a rule, so that many of its runs are one batch."""
    return spec.factory is None and OPTIMIZERS[spec.kind].rule is not None


def with_values(spec: OptimizerSpec, values: Mapping[str, float]) -> OptimizerSpec:
    """Return `spec` with other hyperparameters, checked; schedule, lr_scale and label stay."""
    hyperparameters: dict[str, Any] = {**spec.hyperparameters, **values}
    return dataclasses.replace(spec, values=optimizer(spec.kind, **hyperparameters).values)
