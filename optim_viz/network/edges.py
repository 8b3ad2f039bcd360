"""The EDGES table, one row a torch optimizer: how sharp a loss may be before its full-batch steps swing ever wider.

On a quadratic of curvature s a rule is stable while s stays below its edge. Cohen, Kaur, Li, Kolter & Talwalkar,
Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability (2021), found that networks come up to it
and stay; Cohen, Ghorbani, Krishnan et al., Adaptive Gradient Methods at the Edge of Stability (2022), the same of the
curvature as an adaptive rule sees it, P^(-1/2) H P^(-1/2), where P is what it divides by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Values = Mapping[str, Any]
#: What an edge's words say of a Hessian that is divided by what the rule divides by.
PRECONDITIONED = ", preconditioned"
_PLAIN, _HEAVY = "2 / lr", "(2 + 2β) / lr"
_NESTEROV, _DAMPED = "(2 + 2β) / (1 + 2β) / lr", "(2 + 2β) / (1 - dampening) / lr"
_ADAM_WORDS = "(2 + 2β1) / (1 - β1) / lr" + PRECONDITIONED
#: Whatever an edge's words may be, so that those of a stranger's file are known to be some.
FORMULAS = (_PLAIN, _HEAVY, _NESTEROV, _DAMPED, _ADAM_WORDS, _PLAIN + PRECONDITIONED, _HEAVY + PRECONDITIONED)


@dataclass(frozen=True)
class Edge:
    """One row: the edge in words, as a function of the hyperparameters, and what the rule divides its steps by."""

    words: Callable[[Values], str]
    factor: Callable[[Values], float]  # times 1 / lr
    shift: Callable[[Values], float] = lambda h: 0.0  # curvature that the rule adds itself
    scale: Callable[[Any, Values], Any] | None = None  # a parameter's state -> P, as a tensor; None: P is 1


def _sgd_factor(h: Values) -> float:
    """(2 + 2β) / (1 - dampening) of heavy-ball momentum, and 1 / (1 + 2β) of that for Nesterov's."""
    beta = float(h.get("momentum", 0.0))
    return (2 + 2 * beta) / ((1 + 2 * beta) if h.get("nesterov") else 1 - float(h.get("dampening", 0.0)) * bool(beta))


def _sgd_words(h: Values) -> str:
    if not h.get("momentum"):
        return _PLAIN
    if h.get("nesterov"):
        return _NESTEROV
    return _DAMPED if h.get("dampening") else _HEAVY


def _decay(h: Values) -> float:
    """A weight decay that is part of the gradient is part of the curvature as well."""
    return float(h.get("weight_decay", 0.0))


def _adam_factor(h: Values) -> float:
    return (2 + 2 * float(h["beta1"])) / (1 - float(h["beta1"]))


def _adam_scale(state: Any, h: Values) -> Any:
    """(1 - β1^t) (sqrt(v / (1 - β2^t)) + eps)."""
    t, v = float(state["step"]), state["max_exp_avg_sq" if h.get("amsgrad") else "exp_avg_sq"]
    return (1 - float(h["beta1"]) ** t) * ((v / (1 - float(h["beta2"]) ** t)).sqrt() + float(h["eps"]))


def _rmsprop_scale(state: Any, h: Values) -> Any:
    """sqrt(v - mean²) + eps where it is centred, else sqrt(v) + eps."""
    v = state["square_avg"]
    if h.get("centered"):
        v = v.addcmul(state["grad_avg"], state["grad_avg"], value=-1)
    return v.sqrt() + float(h["eps"])


_ADAM: dict[str, Any] = {"words": lambda h: _ADAM_WORDS, "factor": _adam_factor, "scale": _adam_scale}
EDGES: dict[str, Edge] = {
    "SGD": Edge(_sgd_words, _sgd_factor, _decay),
    "Adam": Edge(**_ADAM),
    "AdamW": Edge(**_ADAM),
    "RMSprop": Edge(
        lambda h: (_HEAVY if h.get("momentum") else _PLAIN) + PRECONDITIONED,
        lambda h: 2 + 2 * float(h.get("momentum", 0.0)),
        scale=_rmsprop_scale,
    ),
}


def edge_of(optimizer: Any) -> Edge | None:
    """Return the row of a torch optimizer, or of the name of its class; None where its edge is not known."""
    return EDGES.get(optimizer if isinstance(optimizer, str) else type(optimizer).__name__)


def hyperparameters(group: Values) -> dict[str, Any]:
    """Return a param group's numbers and switches, a pair of betas as beta1 and beta2.

    >>> hyperparameters({"params": [], "lr": 0.1, "betas": (0.9, 0.999)})
    {'lr': 0.1, 'beta1': 0.9, 'beta2': 0.999}
    """
    found: dict[str, Any] = {}
    for name, value in group.items():
        if name == "betas" and len(value) == 2:
            found |= {"beta1": float(value[0]), "beta2": float(value[1])}
        elif isinstance(value, bool | int | float):
            found[name] = value
    return found
