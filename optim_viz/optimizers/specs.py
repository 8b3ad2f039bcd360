"""ov.optimizer: a row of OPTIMIZERS with checked values, as a spec; and what one asks of a spec and its row."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import (
    COORDINATES,
    Hyperparameter,
    OptimizerSpec,
    ScheduleSpec,
    SpecError,
    Value,
    check_values,
    nearest,
    number,
)

#: The kind of a spec that holds the user's own torch.optim.Optimizer factory.
OWN = "own"


def optimizer(
    kind: str,
    *,
    schedule: ScheduleSpec | None = None,
    lr_scale: Sequence[float] | Mapping[str, float] | None = None,
    label: str = "",
    **hyperparameters: object,
) -> OptimizerSpec:
    """Return an optimizer's spec: a row of OPTIMIZERS with its hyperparameters, checked.

    Problem: two experiments can be compared only if everything that sets them apart is written down.
    Formula: the row's `latex`; `OPTIMIZERS[kind]` says what it solves and where it comes from.

    Arguments: `kind`, a row of OPTIMIZERS; `hyperparameters`, torch.optim's names (betas as beta1 and beta2), at
    torch's defaults where left out; `schedule`, how the learning rate changes; `lr_scale`, factors >= 0 on it: one
    for x and one for y, or a mapping from coordinates or from layers; `label`, the name in legends.
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


def _check_scale(kind: str, given: Sequence[float] | Mapping[str, float] | None) -> tuple[tuple[str, float], ...]:
    """The factors by name; of the two coordinates both or none."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        if len(given) != len(COORDINATES):
            raise SpecError(f"{kind}: lr_scale is one factor for x and one for y, or a mapping; got {given!r}.")
        given = dict(zip(COORDINATES, given, strict=True))
    if not given.keys().isdisjoint(COORDINATES):
        given = {**dict.fromkeys(COORDINATES, 1.0), **given}
    for name, factor in given.items():
        if number(factor, f"{kind}: lr_scale of {name}") < 0:
            raise SpecError(f"{kind}: lr_scale of {name} must be at least 0; got {factor!r}.")
    return tuple((str(name), float(factor)) for name, factor in given.items())


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


@functools.cache
def hyperparameter(kind: str, name: str) -> Hyperparameter:
    """Return one hyperparameter of one optimizer, by torch's name."""
    return next(h for h in OPTIMIZERS[kind].hyperparameters if h.name == name)


def has_rule(spec: OptimizerSpec) -> bool:
    """Whether an optimizer has a rule, so that many of its runs are one batch."""
    return spec.factory is None and OPTIMIZERS[spec.kind].rule is not None


def looks(spec: OptimizerSpec) -> int:
    """How many gradient evaluations one step of an optimizer takes at most.

    >>> looks(optimizer("adam")), looks(optimizer("lbfgs", max_iter=4))
    (1, 4)
    """
    return 1 if spec.factory is not None else OPTIMIZERS[spec.kind].looks(spec.hyperparameters)


def with_values(spec: OptimizerSpec, values: Mapping[str, object]) -> OptimizerSpec:
    """Return `spec` with other hyperparameters, checked; schedule, lr_scale and label stay."""
    hyperparameters: dict[str, Any] = {**spec.hyperparameters, **values}
    return dataclasses.replace(spec, values=optimizer(spec.kind, **hyperparameters).values)
