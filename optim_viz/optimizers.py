"""The OPTIMIZERS table, one row an optimizer, and the update rules.

A rule is written once, elementwise, with + - * / ** and sqrt, abs, maximum and sign from a namespace that is passed in.
The same lines therefore run on Python floats (one run, fastest), NumPy arrays (many runs at once) and torch tensors,
and tests hold them to torch.optim step for step. The order of operations follows torch's own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

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

Namespace = SimpleNamespace | ModuleType
#: step(t, lr, theta, g, state) -> (theta, state); t counts from 1, state is a tuple named by the row's `state`.
Step = Callable[[int, Any, Any, Any, tuple[Any, ...]], tuple[Any, tuple[Any, ...]]]

#: The namespace for Python floats, with NumPy's names.
FLOATS = SimpleNamespace(sqrt=math.sqrt, abs=abs, maximum=max, sign=lambda v: math.copysign(1.0, v) if v else v)


def sgd(xp: Namespace, *, momentum: Any = 0.0, dampening: Any = 0.0, nesterov: bool = False) -> Step:
    """Rule of sgd, momentum and nesterov: v <- momentum*v + (1 - dampening)*g, theta <- theta - lr*v."""
    if type(momentum) is float and momentum == 0.0:
        return lambda t, lr, theta, g, state: (theta - lr * g, state)
    # torch keeps no buffer at momentum 0, so there the dampening must not bite (sign(0) = 0).
    fresh = 1.0 - dampening * xp.sign(momentum)

    def step(t: int, lr: Any, theta: Any, g: Any, state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        # torch starts the buffer at the first gradient itself, undampened.
        v = g if t == 1 else momentum * state[0] + fresh * g
        return theta - lr * (g + momentum * v if nesterov else v), (v,)

    return step


def adam(xp: Namespace, *, beta1: Any, beta2: Any, eps: Any, amsgrad: bool) -> Step:
    """Rule of adam and adamw: theta <- theta - lr * m_hat / (sqrt(v_hat) + eps), bias-corrected moments."""
    sqrt, maximum = xp.sqrt, xp.maximum
    new1, new2 = 1.0 - beta1, 1.0 - beta2

    def step(t: int, lr: Any, theta: Any, g: Any, state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        m = state[0] + (g - state[0]) * new1
        v = state[1] * beta2 + g * g * new2
        top = maximum(state[2], v) if amsgrad else v
        scale = sqrt(top) / (1.0 - beta2**t) ** 0.5 + eps
        theta = theta - lr / (1.0 - beta1**t) * m / scale
        return theta, (m, v, top) if amsgrad else (m, v)

    return step


def _with_gradient_terms(step: Step, weight_decay: Any, maximize: bool) -> Step:
    """Wrap `step` so that it sees g (or -g, to maximize) + weight_decay * theta, as torch's L2 penalty does."""
    sign = -1.0 if maximize else 1.0

    def wrapped(t: int, lr: Any, theta: Any, g: Any, state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        return step(t, lr, theta, sign * g + weight_decay * theta, state)

    return wrapped


@dataclass(frozen=True)
class Optimizer:
    """One row: the rule, the hyperparameters that torch has, the state that torch keeps, and what to say about it."""

    name: str
    title: str
    rule: Callable[..., Step]
    torch_class: str
    hyperparameters: tuple[Hyperparameter, ...]
    state: tuple[tuple[str, str], ...]  # (torch's name, the flag that must be on for it to be kept, or "")
    problem: str
    latex: str
    paper: str
    year: int

    def state_names(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        """The names of the state that a run with these hyperparameters keeps, as torch names them."""
        return tuple(name for name, flag in self.state if not flag or values[flag])

    def build(self, values: Mapping[str, Any], xp: Namespace = FLOATS) -> Step:
        """Return the update as a function of (t, lr, theta, g, state) over the namespace `xp`.

        >>> step = OPTIMIZERS["sgd"].build(optimizer("sgd").hyperparameters)
        >>> step(1, 0.1, 2.0, 1.0, ())[0]
        1.9
        """
        own = {k: v for k, v in values.items() if k not in ("lr", "weight_decay", "maximize")}
        step = self.rule(xp, **own)
        decay, maximize = values.get("weight_decay", 0.0), bool(values.get("maximize", False))
        if type(decay) is float and decay == 0.0 and not maximize:
            return step
        return _with_gradient_terms(step, decay, maximize)


def _lr(default: float, low: float = 1e-4, high: float = 10.0) -> Hyperparameter:
    return Hyperparameter("lr", default, low, high, "log", "Learning rate: how far one step goes.", open_low=True)


_WEIGHT_DECAY = Hyperparameter(
    "weight_decay", 0.0, 0.0, 0.5, text="L2 penalty: pulls every weight towards 0 through the gradient."
)
_MAXIMIZE = Hyperparameter("maximize", False, scale="bool", text="Climb instead of descend.")


def _fraction(name: str, default: float, text: str, high: float = 0.999) -> Hyperparameter:
    return Hyperparameter(name, default, 0.0, high, text=text, maximum=1.0, open_high=True)


def _eps(default: float) -> Hyperparameter:
    return Hyperparameter("eps", default, 1e-10, 1.0, "log", "Added to the denominator: keeps a step finite.")


_MOMENTUM = Hyperparameter("momentum", 0.9, 0.0, 0.999, text="Share of the last step's velocity that is kept.")
_DAMPENING = Hyperparameter(
    "dampening", 0.0, 0.0, 1.0, text="Share of each new gradient that is left out of the velocity."
)
_NESTEROV = Hyperparameter(
    "nesterov", False, scale="bool", text="Look ahead: step along g + momentum * v (needs dampening 0)."
)
_BETAS = (
    _fraction("beta1", 0.9, "Memory of the first moment, the mean gradient."),
    _fraction("beta2", 0.999, "Memory of the second moment, the mean squared gradient.", high=0.9999),
)
_AMSGRAD = Hyperparameter("amsgrad", False, scale="bool", text="Never let the second moment shrink.")

_ROWS = (
    Optimizer(
        name="sgd",
        title="SGD",
        rule=sgd,
        torch_class="SGD",
        hyperparameters=(_lr(1e-3), _WEIGHT_DECAY, _MAXIMIZE),
        state=(),
        problem="Follows the negative gradient of a mini-batch, or of the whole loss.",
        latex=r"\theta \leftarrow \theta - \mathrm{lr}\, g",
        paper="Robbins & Monro, A Stochastic Approximation Method",
        year=1951,
    ),
    Optimizer(
        name="momentum",
        title="Momentum",
        rule=sgd,
        torch_class="SGD",
        hyperparameters=(_lr(1e-3), _MOMENTUM, _DAMPENING, _WEIGHT_DECAY, _NESTEROV, _MAXIMIZE),
        state=(("momentum_buffer", ""),),
        problem="Speeds up along a steady direction and damps oscillation across a ravine.",
        latex=r"v \leftarrow \mu v + (1 - \tau)\, g \qquad \theta \leftarrow \theta - \mathrm{lr}\, v",
        paper="Polyak, Some methods of speeding up the convergence of iteration methods",
        year=1964,
    ),
    Optimizer(
        name="adam",
        title="Adam",
        rule=adam,
        torch_class="Adam",
        hyperparameters=(_lr(1e-3), *_BETAS, _eps(1e-8), _WEIGHT_DECAY, _AMSGRAD, _MAXIMIZE),
        state=(("exp_avg", ""), ("exp_avg_sq", ""), ("max_exp_avg_sq", "amsgrad")),
        problem="Gives every parameter a step of about lr, whatever the scale of its gradient.",
        latex=(
            r"m \leftarrow \beta_1 m + (1 - \beta_1) g \quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2 \quad"
            r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{m / (1 - \beta_1^t)}"
            r"{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"
        ),
        paper="Kingma & Ba, Adam: A Method for Stochastic Optimization",
        year=2015,
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in _ROWS}


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


def _check_together(kind: str, values: Mapping[str, Value]) -> None:
    """Refuse what torch refuses: Nesterov momentum needs a momentum and zero dampening."""
    if values.get("nesterov") and not (values["momentum"] > 0 and values["dampening"] == 0):
        raise SpecError(
            f"{kind}: nesterov needs momentum above 0 and dampening 0; "
            f"got momentum {values['momentum']:g} and dampening {values['dampening']:g}."
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


def torch_arguments(spec: OptimizerSpec) -> dict[str, Any]:
    """Return the keyword arguments with which torch's own class is built, betas and the like put together.

    >>> torch_arguments(optimizer("adam", lr=0.05))["betas"]
    (0.9, 0.999)
    """
    arguments = spec.hyperparameters
    for group, names in (("betas", ("beta1", "beta2")),):
        if names[0] in arguments:
            arguments[group] = tuple(arguments.pop(name) for name in names)  # type: ignore[assignment]
    return arguments


def torch_optimizer(spec: OptimizerSpec, params: Any, **options: Any) -> Any:
    """Build torch.optim's own optimizer over `params`; `options` are torch's own (fused, foreach)."""
    import torch  # 1.8 s: only for those who need it

    cls = getattr(torch.optim, OPTIMIZERS[spec.kind].torch_class)
    return cls(params, **torch_arguments(spec), **options)


@functools.cache
def hyperparameter(kind: str, name: str) -> Hyperparameter:
    """Look up one hyperparameter of one optimizer."""
    return next(h for h in OPTIMIZERS[kind].hyperparameters if h.name == name)
