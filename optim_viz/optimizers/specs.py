"""ov.optimizer: a row of OPTIMIZERS with checked values, as a spec; and what one asks of a spec and its row."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from optim_viz.language import N_
from optim_viz.optimizers import own, packages
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.cycled import check_cycle
from optim_viz.optimizers.hyperparameters import GROUPS
from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import NOWHERE, OPTIMIZERS
from optim_viz.spec import (
    COORDINATES,
    ECHO,
    LARGEST,
    Hyperparameter,
    OptimizerSpec,
    ScheduleSpec,
    SpecError,
    Value,
    check_values,
    label_of,
    number,
    one_of,
    parts,
    quoted,
)

#: The most optimizers that are taken of what does not say how many it has.
MOST = 1000


def optimizer(
    kind: str | Callable[..., Any],
    *,
    schedule: ScheduleSpec | None = None,
    lr_scale: Sequence[float] | Mapping[str, float] | None = None,
    clip_norm: object = None,
    clip_value: object = None,
    label: str = "",
    **hyperparameters: object,
) -> OptimizerSpec:
    """Return an optimizer's spec: a row of OPTIMIZERS with its hyperparameters, checked.

    Problem: two experiments can be compared only if everything that sets them apart is written down.
    Formula: the row's `latex`; `OPTIMIZERS[kind]` says what it solves and where it comes from.

    Arguments: `kind`, a row of OPTIMIZERS, or "pytorch_optimizer." and a class of that package, or a function
    params -> optimizer of your own, whose one hyperparameter is lr if it takes that; `hyperparameters`, torch.optim's
    names (betas as beta1 and beta2), at torch's defaults where left out;
    `schedule`, how the learning rate changes; `lr_scale`, factors >= 0 on it: one for x and one for y, or a mapping
    from coordinates or from layers; `clip_norm` and `clip_value`, 0 to 1,000,000, bounds on the norm of every gradient
    (noise included) and on each of its components before the optimizer sees it, as torch.nn.utils.clip_grad_norm_ and
    clip_grad_value_ have them, 0 for none; `label`, the name in legends.
    Raises SpecError with the nearest name or the allowed range.

    >>> optimizer("adam", lr=0.05)["lr"]
    0.05
    >>> optimizer("adma")
    Traceback (most recent call last):
    optim_viz.spec.SpecError: Unknown optimizer 'adma'; did you mean 'adam'?

    Reference: the names follow torch.optim 2.13 (PyTorch, 2026).
    """
    factory: Callable[..., Any] | None
    if not isinstance(kind, str) and callable(kind):
        factory, label = kind, label or own.called(kind)[:ECHO]
        kind, values = own.OWN, own.values(factory, label, hyperparameters)
    elif is_of_package(kind):
        values = check_values(kind, packages.hyperparameters(kind), hyperparameters)
        label, factory = label or packages.class_name(kind), packages.FromPackage(kind, values)
    else:
        values, factory = _of_table(kind, hyperparameters), None
    plan, scale = _check_schedule(kind, schedule), _check_scale(kind, lr_scale)
    clip = _check_clip(kind, {"clip_norm": clip_norm, "clip_value": clip_value})
    return OptimizerSpec(kind, values, plan, scale, label_of(label), factory, clip)


def _of_table(kind: Any, hyperparameters: Mapping[str, object]) -> tuple[tuple[str, Value], ...]:
    """The checked values of a row of OPTIMIZERS."""
    if isinstance(kind, str) and kind in NOWHERE:
        raise SpecError(NOWHERE[kind])
    row = OPTIMIZERS[one_of(kind, OPTIMIZERS, "optimizer")]
    _check_groups(kind, hyperparameters)
    values = check_values(kind, row.hyperparameters, hyperparameters, [one.name for one in CLIPPING])
    _check_together(kind, dict(values))
    return values


def _check_groups(kind: str, given: Mapping[str, object]) -> None:
    """Refuse torch's tuples by name: here each of their numbers has a name of its own."""
    for group in GROUPS.keys() & given.keys():
        *others, last = GROUPS[group]
        if last in {h.name for h in OPTIMIZERS[kind].hyperparameters}:
            raise SpecError(
                "{kind}: write {group} as {count} numbers, {others}=... and {last}=...; got {given}.",
                kind=kind,
                group=group,
                count=len(GROUPS[group]),
                others="=..., ".join(others),
                last=last,
                given=quoted(given[group]),
            )


def _check_schedule(kind: str, given: Any) -> ScheduleSpec | None:
    if given is None or isinstance(given, ScheduleSpec):
        check_cycle(kind, given)
        return given
    hint = (
        f"ov.schedule({one_of(given, SCHEDULES, 'schedule')!r})" if isinstance(given, str) else "ov.schedule('cosine')"
    )
    raise SpecError(
        "{kind}: schedule is what ov.schedule returns, such as {hint}; got {given}.",
        kind=kind,
        hint=hint,
        given=quoted(given),
    )


def _check_clip(kind: str, given: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    """The bounds that are set, by name."""
    checked = ((row.name, row.check(given[row.name], kind)) for row in CLIPPING if given[row.name] is not None)
    return tuple((name, float(bound)) for name, bound in checked if bound)


def _check_together(kind: str, values: Mapping[str, Value]) -> None:
    """Refuse what torch refuses: Nesterov momentum needs a momentum and zero dampening; bounds in the wrong order."""
    if values.get("nesterov") and "dampening" in values and not (values["momentum"] > 0 and values["dampening"] == 0):
        raise SpecError(
            "{kind}: nesterov needs momentum above 0 and dampening 0; got momentum {momentum:g} and "
            "dampening {dampening:g}.",
            kind=kind,
            momentum=values["momentum"],
            dampening=values["dampening"],
        )
    if values.get("step_min", 0.0) > values.get("step_max", 0.0):
        raise SpecError(
            "{kind}: step_min must be at most step_max; got {step_min:g} and {step_max:g}.",
            kind=kind,
            step_min=values["step_min"],
            step_max=values["step_max"],
        )


def _check_scale(kind: str, given: Sequence[float] | Mapping[str, float] | None) -> tuple[tuple[str, float], ...]:
    """The factors by name; of the two coordinates both or none."""
    if given is None:
        return ()
    if not isinstance(given, Mapping):
        try:
            given = dict(zip(COORDINATES, parts(given), strict=True))
        except (TypeError, ValueError):
            raise SpecError(
                "{kind}: lr_scale is one factor for x and one for y, or a mapping; got {given}.",
                kind=kind,
                given=quoted(given),
            ) from None
    if not given.keys().isdisjoint(COORDINATES):
        given = {**dict.fromkeys(COORDINATES, 1.0), **given}
    for name, factor in given.items():
        number(factor, N_("{kind}: lr_scale of {name}", kind=kind, name=quoted(name)), 0.0, LARGEST)
    return tuple((str(name), float(factor)) for name, factor in given.items())


def as_specs(given: Any) -> tuple[OptimizerSpec, ...]:
    """Return one optimizer or several, each as `as_spec` takes it, as specs.

    >>> [spec.kind for spec in as_specs(["sgd", optimizer("adam")])]
    ['sgd', 'adam']
    """
    alone = isinstance(given, str | OptimizerSpec) or callable(given) or not isinstance(given, Iterable)
    try:
        items = (given,) if alone else parts(list(given) if isinstance(given, set | Mapping) else given, MOST)
    except TypeError:  # a tensor or an array of no dimension
        items = (given,)
    if len(items) > MOST and not hasattr(given, "__len__"):
        raise SpecError("Choose 1 to {most} optimizers; got {count}.", most=MOST, count=len(items))
    return tuple(as_spec(item) for item in items)


def as_spec(item: Any) -> OptimizerSpec:
    """Return `item` as a spec: one already, a name of OPTIMIZERS, or a callable params -> torch.optim.Optimizer.

    >>> def my_sgd(params):
    ...     return torch.optim.SGD(params, lr=0.1)
    >>> as_spec(my_sgd).label
    'my_sgd'
    """
    if isinstance(item, OptimizerSpec):
        return item
    if isinstance(item, str):
        return optimizer(item)
    if hasattr(item, "param_groups"):
        name = type(item).__name__
        raise SpecError(
            "This {name} belongs to other parameters: give a function, lambda params: {name}(params).", name=name
        )
    if not callable(item):
        raise SpecError(
            "An optimizer is what ov.optimizer returns, or a function params -> optimizer; got {item}.",
            item=quoted(item),
        )
    return optimizer(item)


def knobs_of(kind: str) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters of an optimizer by name: of a row of OPTIMIZERS, or of a class of the package.

    >>> [h.name for h in knobs_of("momentum")][:2]
    ['lr', 'momentum']
    """
    return packages.hyperparameters(kind) if is_of_package(kind) else OPTIMIZERS[kind].hyperparameters


def knobs(spec: OptimizerSpec) -> tuple[Hyperparameter, ...]:
    """Return the hyperparameters of an optimizer; that of a factory of one's own is lr, or it has none.

    >>> [h.name for h in knobs(optimizer(lambda params, lr: None))]
    ['lr']
    """
    return own.knobs(spec.factory) if spec.factory is not None and spec.kind == own.OWN else knobs_of(spec.kind)


@functools.cache
def hyperparameter(kind: str, name: str) -> Hyperparameter:
    """Return one hyperparameter of one optimizer, by torch's name, or one of the settings that all have."""
    known = (own.LR,) if kind == own.OWN else knobs_of(kind)
    return next(h for h in (*known, *CLIPPING) if h.name == name)


def takes_lr(spec: OptimizerSpec) -> bool:
    """Whether an optimizer has a learning rate that can be chosen.

    >>> takes_lr(optimizer("adam")), takes_lr(as_spec(lambda params: None))
    (True, False)
    """
    return any(h.name == "lr" for h in knobs(spec))


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
    """Return `spec` with other hyperparameters or bounds of clipping, checked; schedule, lr_scale and label stay."""
    given: dict[str, Any] = {**spec.hyperparameters, **dict(spec.clip), **values}
    mine = spec.factory if spec.factory is not None and spec.kind == own.OWN else spec.kind
    made = optimizer(mine, **given)
    return dataclasses.replace(spec, values=made.values, factory=made.factory, clip=made.clip)
