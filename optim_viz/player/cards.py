"""What the player's inspector shows of a run: the columns and words that its optimizer's card stands for."""

from __future__ import annotations

import re
from typing import Any

from optim_viz.language import N_
from optim_viz.optimizers.cycled import cycled_of, first_values
from optim_viz.optimizers.packages import PACKAGE, class_name, is_of_package
from optim_viz.optimizers.row import Card, Optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec
from optim_viz.surfaces.descent import has_own_rates

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
    # Of a coordinate whose rate is the optimizer's own there is no column.
    columns = {name: f"state.{name}" for name in names} | ({"lr": "lr"} if has_own_rates(spec) else {})
    arrows = {"gradient": ["gx", "gy"]}
    if card.pull in names:
        arrows["momentum"] = [f"state.{card.pull}.x", f"state.{card.pull}.y"]
    return {
        "symbolic": card.symbolic,
        "added": list(row.added) if row else [],
        "numbers": [
            _for_axis(line.replace("{g}", _seen(row, spec)), axis, columns)
            for axis in "xy"
            for line in (*card.state, card.move)
        ],
        "rows": rows,
        "arrows": arrows,
        "hyperparameters": {name: value for name, value in spec.values if name != "lr"},
    }


def _card(spec: OptimizerSpec) -> Card:
    if not is_of_package(spec.kind):
        return OTHER
    return Card(N_("{name} of {package}, run by torch", name=class_name(spec.kind), package=PACKAGE))


def _seen(row: Optimizer | None, spec: OptimizerSpec) -> str:
    """The template of the gradient that a rule sees, in torch's order: maximize turns it, then weight decay enters."""
    values = spec.hyperparameters
    sign = "−" if values.get("maximize") else ""
    shrinks = (row is not None and row.decoupled) or values.get("decoupled_weight_decay")
    if shrinks or "weight_decay" not in values:
        return f"({sign}{{g}})" if sign else "{g}"
    opened, closed = ("(", ")") if sign else ("[weight_decay?(]", "[weight_decay?)]")
    return f"{opened}{sign}{{g}}[weight_decay? + {{weight_decay}}·{{theta}}]{closed}"


def _for_axis(line: str, axis: str, columns: dict[str, str]) -> str:
    """`line` with the player's column names for one coordinate, and the coordinate before it.

    `columns` are those of both coordinates, without the coordinate.
    """

    def column(match: re.Match[str]) -> str:
        name, after = match[1].rstrip("'"), "@+1" if match[1].endswith("'") else ""
        known = {"g": f"g{axis}", "theta": axis} | {n: f"{of}.{axis}" for n, of in columns.items()}
        return "{" + known.get(name, name) + after + "}"

    begun = re.sub(r"^(\[\w+\?)?", rf"\g<0>{axis}:  ", line)  # within the brackets: a line that is left out has no name
    return re.sub(r"\{([^{}]+)\}", column, begun)
