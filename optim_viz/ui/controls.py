"""The controls of a comparison: the list of optimizers, the surface, the start. They iterate the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from optim_viz import descent, network
from optim_viz.links import MAX_OPTIMIZERS
from optim_viz.optimizers import OPTIMIZERS, optimizer
from optim_viz.spec import DescentSpec, NetworkSpec, OptimizerSpec, Surface
from optim_viz.surfaces import SURFACES, surface
from optim_viz.ui.widgets import choices, hyperparameter

#: Hyperparameters that stand open under every optimizer; the others fold away.
FIRST = ("lr", "momentum", "beta1", "beta2", "alpha", "rho")
OWN = "own"
STEPS = [10, 20, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000]
_BOUNDS = {"x0": "x from", "x1": "to", "y0": "y from", "y1": "to"}


def fill_optimizers(name: str, specs: Sequence[OptimizerSpec]) -> None:
    """Set the optimizer widgets of page `name` to `specs`."""
    first = st.session_state.get(f"{name}.next", 0)
    st.session_state[f"{name}.slots"] = list(range(first, first + len(specs)))
    st.session_state[f"{name}.next"] = first + len(specs)
    for slot, spec in zip(st.session_state[f"{name}.slots"], specs, strict=True):
        st.session_state[f"{name}.{slot}.kind"] = spec.kind
        st.session_state[f"{name}.{slot}.kept"] = spec
        for key, value in spec.values:
            st.session_state[f"{name}.{slot}.{spec.kind}.{key}"] = value


def optimizers(name: str, suggested: Mapping[str, float], limit: int = MAX_OPTIMIZERS) -> tuple[OptimizerSpec, ...]:
    """Show the list of optimizers with all their hyperparameters; return their specs.

    `suggested` gives a learning rate for optimizers that were not in the link; the others start at torch's default.
    """
    slots: list[int] = st.session_state[f"{name}.slots"]
    specs = [_optimizer(name, slot, suggested, removable=len(slots) > 1) for slot in slots]
    st.button(
        "Add an optimizer",
        icon=":material/add:",
        on_click=_add,
        args=(name,),
        disabled=len(slots) >= limit,
        width="stretch",
        key=f"{name}.add",
    )
    return tuple(specs)


def _add(name: str) -> None:
    slots = st.session_state[f"{name}.slots"]
    used = [st.session_state[f"{name}.{slot}.kind"] for slot in slots]
    slot = st.session_state[f"{name}.next"]
    st.session_state[f"{name}.next"] = slot + 1
    st.session_state[f"{name}.slots"] = [*slots, slot]
    st.session_state[f"{name}.{slot}.kind"] = next((kind for kind in OPTIMIZERS if kind not in used), "adam")


def _remove(name: str, slot: int) -> None:
    st.session_state[f"{name}.slots"] = [s for s in st.session_state[f"{name}.slots"] if s != slot]


def _optimizer(name: str, slot: int, suggested: Mapping[str, float], removable: bool) -> OptimizerSpec:
    prefix = f"{name}.{slot}"
    with st.container(key=f"{name}-optimizer-{slot}", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            kind = st.selectbox(
                "Optimizer", list(OPTIMIZERS), key=f"{prefix}.kind", label_visibility="collapsed",
                format_func=lambda k: OPTIMIZERS[k].title,
            )  # fmt: skip
            st.button(
                "", icon=":material/close:", help="Remove", type="tertiary", key=f"{prefix}.remove",
                on_click=_remove, args=(name, slot), disabled=not removable,
            )  # fmt: skip
        row = OPTIMIZERS[kind]
        values: dict[str, Any] = {
            h.name: hyperparameter(h, f"{prefix}.{kind}.{h.name}", suggested.get(kind) if h.name == "lr" else None)
            for h in row.hyperparameters
            if h.name in FIRST
        }
        with st.expander("More settings", type="compact"):
            for h in row.hyperparameters:
                if h.name not in FIRST:
                    values[h.name] = hyperparameter(h, f"{prefix}.{kind}.{h.name}")
    kept = st.session_state.get(f"{prefix}.kept")
    extras: dict[str, Any] = {"lr_scale": kept.lr_scale, "label": kept.label} if kept and kept.kind == kind else {}
    return optimizer(kind, **extras, **values)


def fill_descent(spec: DescentSpec) -> None:
    """Set the widgets of Compare to `spec`."""
    own = spec.surface.name == OWN
    values = {
        "surface": OWN if own else spec.surface.name,
        "text": spec.surface.expression if own else "x^2 + 10*y^2",
        "steps": min(spec.steps, STEPS[-1]),
        "noise": spec.noise,
        "seed": spec.seed,
        "x": spec.start[0],
        "y": spec.start[1],
    }
    values |= dict(zip(("x0", "x1", "y0", "y1"), spec.surface.bounds if own else (-3.0, 3.0, -3.0, 3.0), strict=True))
    st.session_state.update({f"compare.{key}": value for key, value in values.items()})
    fill_optimizers("compare", spec.optimizers)


def comparison(name: str, suggested: Mapping[str, float]) -> Callable[[], DescentSpec]:
    """Show the controls of a comparison; return a function that checks them and gives the spec."""
    choice = st.selectbox(
        "Surface", [*SURFACES, OWN], key=f"{name}.surface", on_change=_new_surface, args=(name,),
        format_func=lambda s: SURFACES[s].title if s in SURFACES else "Your own function",
    )  # fmt: skip
    make_surface = partial(surface, choice) if choice in SURFACES else _own_surface(name)
    left, right = st.columns(2)
    x = left.number_input("Start x", key=f"{name}.x", step=0.1, format="%.4g")
    y = right.number_input("Start y", key=f"{name}.y", step=0.1, format="%.4g")
    steps = st.select_slider(
        "Steps", choices(f"{name}.steps", STEPS), key=f"{name}.steps", format_func=lambda v: f"{v:,}"
    )
    specs = optimizers(name, suggested)
    with st.expander("Noise and seed", type="compact"):
        noise = st.number_input(
            "Noise", key=f"{name}.noise", step=0.1, format="%.4g",
            help="Standard deviation of the Gaussian noise added to every gradient, the same for every optimizer.",
        )  # fmt: skip
        seed = st.number_input("Seed", key=f"{name}.seed", step=1)
    return lambda: descent.check(make_surface(), specs, (x, y), int(steps), noise, None, seed)


def _own_surface(name: str) -> Callable[[], Surface]:
    text = st.text_input("f(x, y)", key=f"{name}.text", help="x, y, pi, e, + - * / ^ ( ) and the usual functions.")
    columns = st.columns(4)
    bounds = [
        column.number_input(label, key=f"{name}.{key}", step=0.5, format="%.3g")
        for column, (key, label) in zip(columns, _BOUNDS.items(), strict=True)
    ]
    return partial(surface, text, bounds=(bounds[0], bounds[1], bounds[2], bounds[3]))


def _new_surface(name: str) -> None:
    """On another surface the start is that surface's own."""
    row = SURFACES.get(st.session_state[f"{name}.surface"])
    if row:
        st.session_state[f"{name}.x"], st.session_state[f"{name}.y"] = row.start


def pick(name: str, player: str) -> None:
    """A click or drag on the contour: move the start there."""
    picked = st.session_state[player].pick
    if picked:
        for key in ("x", "y"):
            st.session_state[f"{name}.{key}"] = float(f"{picked[key]:.4g}")


# ---------------------------------------------------------------- the comparison on the network

BATCHES = [8, 16, 32, 64, 128, 256, 512]


def fill_network(spec: NetworkSpec) -> None:
    """Set the widgets of Network to `spec`."""
    values = {
        "epochs": spec.epochs,
        "batch": spec.batch_size,
        "hidden": ", ".join(map(str, spec.hidden)),
        "relu": spec.final_relu,
        "seed": spec.seed,
    }
    st.session_state.update({f"network.{key}": value for key, value in values.items()})
    fill_optimizers("network", spec.optimizers)


def training(name: str, suggested: Mapping[str, float]) -> Callable[[], NetworkSpec]:
    """Show the controls of a training; return a function that checks them and gives the spec."""
    epochs = st.slider("Epochs", 1, max(10, st.session_state[f"{name}.epochs"]), key=f"{name}.epochs")
    batch = st.select_slider("Batch size", choices(f"{name}.batch", BATCHES), key=f"{name}.batch")
    relu = st.toggle(
        "ReLU after the last layer", key=f"{name}.relu",
        help="As in the source material. It clips the logits at 0, and that visibly hurts.",
    )  # fmt: skip
    specs = optimizers(name, suggested, limit=network.MAX_OPTIMIZERS)
    with st.expander("Layers and seed", type="compact"):
        hidden = st.text_input("Hidden layers", key=f"{name}.hidden", help="Sizes between 784 pixels and 10 digits.")
        seed = st.number_input("Seed", key=f"{name}.seed", step=1)
    sizes = tuple(part.strip() for part in hidden.split(","))
    return lambda: network.check(specs, epochs, int(batch), sizes, relu, seed)
