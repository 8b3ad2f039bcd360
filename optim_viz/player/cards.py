"""What the player's inspector shows of each optimizer: its rule in symbols, and the same with the current numbers.

A line of numbers is a template. {g} is the gradient, {theta} the coordinate, {name} a value of the state before the
step, {name'} the one after it, anything else a hyperparameter; the player fills them from the trajectory's columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec


@dataclass(frozen=True)
class Card:
    """The inspector's text for one optimizer; `pull` names the state that an arrow may show."""

    symbolic: str
    numbers: tuple[str, ...]
    pull: str = ""


_MOVE = "{theta} → {theta'}"
_FIRST = "m ← {beta1}·{exp_avg} + (1 − {beta1})·{g} = {exp_avg'}"
_SECOND = "v ← {beta2}·{exp_avg_sq} + (1 − {beta2})·{g}² = {exp_avg_sq'}"
_MOMENTS = (_FIRST, _SECOND, _MOVE)
_ADAM = "m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  θ ← θ − lr · m̂ / (√v̂ + ε)"
_BUFFER = "v ← {momentum}·{momentum_buffer} + {g} = {momentum_buffer'}"

CARDS: dict[str, Card] = {
    "sgd": Card("θ ← θ − lr · g", ("{theta} − {lr}·{g} = {theta'}",)),
    "momentum": Card(
        "v ← μv + g,  θ ← θ − lr · v",
        (_BUFFER, "{theta} − {lr}·{momentum_buffer'} = {theta'}"),
        "momentum_buffer",
    ),
    "nesterov": Card("v ← μv + g,  θ ← θ − lr · (g + μv)", (_BUFFER, _MOVE), "momentum_buffer"),
    "adagrad": Card(
        "s ← s + g²,  θ ← θ − lr · g / (√s + ε)",
        ("s ← {sum} + {g}² = {sum'}", _MOVE),
    ),
    "rmsprop": Card(
        "v ← αv + (1 − α)g²,  θ ← θ − lr · g / (√v + ε)",
        ("v ← {alpha}·{square_avg} + (1 − {alpha})·{g}² = {square_avg'}", _MOVE),
    ),
    "adadelta": Card(
        "v ← ρv + (1 − ρ)g²,  d = g · √(u + ε) / √(v + ε),  u ← ρu + (1 − ρ)d²,  θ ← θ − lr · d",
        (
            "v ← {rho}·{square_avg} + (1 − {rho})·{g}² = {square_avg'}",
            "u: {acc_delta} → {acc_delta'}",
            _MOVE,
        ),
    ),
    "adam": Card(_ADAM, _MOMENTS, "exp_avg"),
    "adamw": Card("θ ← (1 − lr·λ)θ,  then adam:  " + _ADAM, _MOMENTS, "exp_avg"),
    "nadam": Card(
        "m, v as adam's,  θ ← θ − lr · ((1 − μₜ)g / (1 − ∏μ) + μₜ₊₁m / (1 − ∏μ · μₜ₊₁)) / (√v̂ + ε)", _MOMENTS, "exp_avg"
    ),
    "radam": Card("m, v as adam's,  θ ← θ − lr · m̂ · r / √v̂ once ρₜ > 5, before that − lr · m̂", _MOMENTS, "exp_avg"),
    "adamax": Card(
        "m ← β₁m + (1 − β₁)g,  u ← max(β₂u, |g|),  θ ← θ − lr · m̂ / u",
        (_FIRST, "u ← max({beta2}·{exp_inf}, |{g}|) = {exp_inf'}", _MOVE),
        "exp_avg",
    ),
    "rprop": Card(
        "size · η⁺ where the sign of g stays, · η⁻ where it turns;  θ ← θ − sign(g) · size",
        ("size: {step_size} → {step_size'}", _MOVE),
    ),
    "asgd": Card("θ ← (1 − λη)θ − ηg,  beside it the mean of the points", ("η = {eta}", "mean: {ax} → {ax'}", _MOVE)),
    "lbfgs": Card("θ ← θ − lr · Hg,  H from the last steps and gradients", (_MOVE,)),
}


def inspector(spec: OptimizerSpec) -> dict[str, Any]:
    """Return what the player needs to inspect a run of `spec`: rule, templates for x and y, rows, arrows."""
    row = OPTIMIZERS.get(spec.kind) if spec.factory is None else None
    names = row.state_names(spec.hyperparameters) if row else ()
    card = CARDS.get(spec.kind, Card("your own optimizer", (_MOVE,))) if row else Card("your own optimizer", (_MOVE,))
    rows = [{"label": "gradient g", "columns": ["gx", "gy"]}]
    rows += [{"label": name.replace("_", " "), "columns": [f"state.{name}.x", f"state.{name}.y"]} for name in names]
    rows.append({"label": "learning rate", "columns": ["lr"]})
    arrows = {"gradient": ["gx", "gy"]}
    if card.pull in names:
        arrows["momentum"] = [f"state.{card.pull}.x", f"state.{card.pull}.y"]
    return {
        "symbolic": card.symbolic,
        "numbers": [f"{axis}:  {_for_axis(line, axis, names)}" for axis in "xy" for line in card.numbers],
        "rows": rows,
        "arrows": arrows,
        "hyperparameters": {name: value for name, value in spec.values if name != "lr"},
    }


def _for_axis(line: str, axis: str, names: tuple[str, ...]) -> str:
    """`line` with the player's column names for one coordinate."""

    def column(match: re.Match[str]) -> str:
        name, after = match[1].rstrip("'"), "@+1" if match[1].endswith("'") else ""
        known = {"g": f"g{axis}", "theta": axis} | {n: f"state.{n}.{axis}" for n in names}
        return "{" + known.get(name, name) + after + "}"

    return re.sub(r"\{([^{}]+)\}", column, line)
