"""The list of optimizers, each with all its hyperparameters, its schedule and its param groups; from the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from optim_viz.links import MAX_OPTIMIZERS
from optim_viz.optimizers import OPTIMIZERS, optimizer
from optim_viz.schedules import SCHEDULES, schedule
from optim_viz.spec import Hyperparameter, OptimizerSpec, ScheduleSpec
from optim_viz.ui.widgets import hyperparameter, keep

#: Hyperparameters that stand open under every optimizer; the others fold away.
FIRST = ("lr", "momentum", "beta1", "beta2", "alpha", "rho")


def fill_optimizers(name: str, specs: Sequence[OptimizerSpec]) -> None:
    """Set the optimizer widgets of page `name` to `specs`."""
    first = st.session_state.get(f"{name}.next", 0)
    st.session_state[f"{name}.slots"] = list(range(first, first + len(specs)))
    st.session_state[f"{name}.next"] = first + len(specs)
    for slot, spec in zip(st.session_state[f"{name}.slots"], specs, strict=True):
        _fill(f"{name}.{slot}", spec)


def _fill(prefix: str, spec: OptimizerSpec) -> None:
    values: dict[str, object] = {"kind": spec.kind, "label": spec.label}
    values |= {f"{spec.kind}.{key}": value for key, value in spec.values}
    if spec.schedule:
        values["schedule"] = spec.schedule.kind
        values |= {f"schedule.{spec.schedule.kind}.{key}": value for key, value in spec.schedule.values}
    for group, factor in _factors(spec.lr_scale).items():
        values[f"scale.{group}"] = factor
    st.session_state.update({f"{prefix}.{key}": value for key, value in values.items()})


def _factors(scale: Any) -> dict[str, float]:
    """The factor of each param group by its name: x and y on a surface, layers on the network."""
    if not scale:
        return {}
    return dict(scale) if isinstance(scale[0], tuple) else dict(zip("xy", scale, strict=True))


def optimizers(
    name: str, suggested: Mapping[str, float], groups: Sequence[str], limit: int = MAX_OPTIMIZERS
) -> tuple[OptimizerSpec, ...]:
    """Show the list of optimizers with all their hyperparameters; return their specs.

    `suggested` gives a learning rate for optimizers that were not in the link; the others start at torch's default.
    `groups` are the param groups that may have a learning rate of their own.
    """
    slots: list[int] = st.session_state[f"{name}.slots"]
    specs = [_optimizer(name, slot, suggested, groups, removable=len(slots) > 1) for slot in slots]
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


def _optimizer(
    name: str, slot: int, suggested: Mapping[str, float], groups: Sequence[str], removable: bool
) -> OptimizerSpec:
    prefix = f"{name}.{slot}"
    with st.container(key=f"{name}-optimizer-{slot}", gap="small"):
        kind = _kind(name, slot, removable)
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
            chosen = _schedule(prefix)
            scale = _scale(prefix, groups) if row.rule else None
            keep(f"{prefix}.label", "")
            label = st.text_input("Label", key=f"{prefix}.label", max_chars=40, help="Its name in legends.")
    return optimizer(kind, schedule=chosen, lr_scale=scale, label=label.strip(), **values)


def _kind(name: str, slot: int, removable: bool) -> str:
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.selectbox(
            "Optimizer", list(OPTIMIZERS), key=f"{name}.{slot}.kind", label_visibility="collapsed",
            format_func=lambda k: OPTIMIZERS[k].title,
        )  # fmt: skip
        st.button(
            "", icon=":material/close:", help="Remove", type="tertiary", key=f"{name}.{slot}.remove",
            on_click=_remove, args=(name, slot), disabled=not removable,
        )  # fmt: skip
    return kind


def _schedule(prefix: str) -> ScheduleSpec | None:
    """The learning rate's schedule; "constant" is none at all."""
    keep(f"{prefix}.schedule", "constant")
    kind = st.selectbox(
        "Schedule of the learning rate", list(SCHEDULES), key=f"{prefix}.schedule",
        format_func=lambda k: SCHEDULES[k].title,
    )  # fmt: skip
    if kind == "constant":
        return None
    st.caption(SCHEDULES[kind].problem)
    rows = SCHEDULES[kind].hyperparameters
    return schedule(kind, **{h.name: hyperparameter(h, f"{prefix}.schedule.{kind}.{h.name}") for h in rows})


def _scale(prefix: str, groups: Sequence[str]) -> Any:
    """Factors on the learning rate of single param groups; None where all are 1."""
    factors = {}
    for group in groups:
        text = f"Factor on the learning rate of {group}, a param group of its own."
        factors[group] = float(
            hyperparameter(Hyperparameter(f"lr of {group}, times", 1.0, 0.0, 2.0, text=text), f"{prefix}.scale.{group}")
        )
    if all(factor == 1.0 for factor in factors.values()):
        return None
    return tuple(factors.values()) if list(groups) == ["x", "y"] else factors
