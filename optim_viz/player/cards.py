"""What the player's inspector shows of a run: the columns and words that its optimizer's card stands for."""

from __future__ import annotations

import re
from typing import Any

from optim_viz.language import N_
from optim_viz.optimizers.cycled import cycled_of, first_values
from optim_viz.optimizers.packages import PACKAGE, class_name, is_of_package
from optim_viz.optimizers.row import Card
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec

#: The user's own torch.optim.Optimizer.
OTHER = Card(N_("your own optimizer"))


#: What people read of a state that torch names.
_STATE = {
    "momentum_buffer": N_("momentum buffer"), "sum": N_("sum"), "square_avg": N_("square avg"),
    "exp_avg": N_("exp avg"), "exp_avg_sq": N_("exp avg sq"), "exp_inf": N_("exp inf"),
}  # fmt: skip


def inspector(spec: OptimizerSpec) -> dict[str, Any]:
    """Return what the player needs to inspect a run of `spec`: rule, templates for x and y, rows, arrows."""
    row = OPTIMIZERS.get(spec.kind) if spec.factory is None else None
    names = row.state_names(first_values(spec)) if row else ()
    card = row.card if row else _card(spec)
    gradient = N_("gradient g, clipped") if spec.clip else N_("gradient g")
    rows = [{"label": gradient, "columns": ["gx", "gy"]}]
    rows += [
        {"label": _STATE.get(name, name.replace("_", " ")), "columns": [f"state.{name}.x", f"state.{name}.y"]}
        for name in names
    ]
    rows.append({"label": N_("learning rate"), "columns": ["lr"]})
    rows += [{"label": name, "columns": [name]} for name in [cycled_of(spec)] if name]
    arrows = {"gradient": ["gx", "gy"]}
    if card.pull in names:
        arrows["momentum"] = [f"state.{card.pull}.x", f"state.{card.pull}.y"]
    return {
        "symbolic": card.symbolic,
        "numbers": [f"{axis}:  {_for_axis(line, axis, names)}" for axis in "xy" for line in (*card.state, card.move)],
        "rows": rows,
        "arrows": arrows,
        "hyperparameters": {name: value for name, value in spec.values if name != "lr"},
    }


def _card(spec: OptimizerSpec) -> Card:
    if not is_of_package(spec.kind):
        return OTHER
    return Card(N_("{name} of {package}, run by torch", name=class_name(spec.kind), package=PACKAGE))


def _for_axis(line: str, axis: str, names: tuple[str, ...]) -> str:
    """`line` with the player's column names for one coordinate."""

    def column(match: re.Match[str]) -> str:
        name, after = match[1].rstrip("'"), "@+1" if match[1].endswith("'") else ""
        known = {"g": f"g{axis}", "theta": axis} | {n: f"state.{n}.{axis}" for n in names}
        return "{" + known.get(name, name) + after + "}"

    return re.sub(r"\{([^{}]+)\}", column, line)
