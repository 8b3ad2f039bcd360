"""The list of optimizers, each with all its hyperparameters, its schedule and its param groups; from the tables.

What a slot was last set to is kept as its spec; a widget exists only while it is seen. Streamlit's time for a rerun
grows with the square of the number of widgets, and folded settings would make up most of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import streamlit as st

from optim_viz.experiments.fairness import CHOSEN, FAIRNESS
from optim_viz.experiments.links import MAX_OPTIMIZERS
from optim_viz.language import N_, tr
from optim_viz.optimizers import trials
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.packages import FIRST as FIRST_OF_PACKAGE
from optim_viz.optimizers.packages import PACKAGE, class_name, installed, is_of_package
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import knobs_of, optimizer
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.spec import ECHO, Hyperparameter, OptimizerSpec, ScheduleSpec
from optim_viz.ui.page import guarded, untimed
from optim_viz.ui.widgets import hyperparameter, keep

#: Hyperparameters that stand open under every optimizer; the others fold away.
FIRST = ("lr", "momentum", "beta1", "beta2", "alpha", "rho")
#: What stands for all classes of the package in the list of optimizers, and the one that it opens with.
OF_PACKAGE = N_("From pytorch-optimizer")


@dataclass(frozen=True)
class Elsewhere:
    """Which hyperparameters have no widget here, and why."""

    played: bool
    chosen: Sequence[str]
    said: str

    def has(self, name: str) -> bool:
        return name in self.chosen or (self.played and name in FIRST)

    def told(self, kind: str) -> str:
        """What to say of those that are chosen and would stand open; "" where there are none."""
        names = [h.name for h in knobs_of(kind) if h.name in FIRST and h.name in self.chosen]
        return tr("{names}: {said}.", names=", ".join(names), said=self.said) if names and not self.played else ""


def fill_optimizers(name: str, specs: Sequence[OptimizerSpec]) -> None:
    """Set the optimizers of page `name` to `specs`, in new slots, so that no widget's old value is in the way.

    What is unfolded stays so: Back is to show what it undid.
    """
    first = st.session_state.get(f"{name}.next", 0)
    for i, slot in enumerate(list(st.session_state.get(f"{name}.slots", ()))[: len(specs)]):
        if st.session_state.get(f"{name}.{slot}.more"):
            st.session_state[f"{name}.{first + i}.more"] = True
    st.session_state[f"{name}.slots"] = {first + i: spec for i, spec in enumerate(specs)}
    st.session_state[f"{name}.next"] = first + len(specs)


def set_optimizers(name: str, specs: Sequence[OptimizerSpec]) -> None:
    """Set the optimizers of page `name` to others of the same kinds, in the slots and widgets that they have."""
    slots = st.session_state[f"{name}.slots"]
    st.session_state[f"{name}.slots"] = dict(zip(slots, specs, strict=True))
    for slot, spec in zip(slots, specs, strict=True):
        bounds = {row.name: 0.0 for row in CLIPPING} | dict(spec.clip)
        values = {f"{spec.kind}.{key}": value for key, value in (*spec.values, *bounds.items())}
        if spec.schedule:
            values |= {f"schedule.{spec.schedule.kind}.{key}": value for key, value in spec.schedule.values}
        for key, value in values.items():
            if f"{name}.{slot}.{key}" in st.session_state:  # a widget that is not seen takes the spec's value
                st.session_state[f"{name}.{slot}.{key}"] = value


def optimizers(
    name: str,
    suggested: Mapping[str, float],
    groups: Mapping[str, str],
    limit: int = MAX_OPTIMIZERS,
    played: bool = False,
    mode: str = "",
    swept: bool = False,
    mapped: Mapping[int, Sequence[str]] = MappingProxyType({}),
    kinds: Iterable[str] = ON_SURFACES,
    place: str = "",
) -> tuple[OptimizerSpec, ...]:
    """Show the list of optimizers with all their hyperparameters; return their specs.

    Where the FIRST of them are `played` with under the picture, they have no widget here; nor have those that `mode`,
    a key of FAIRNESS, chooses, the learning rate where all of a range are `swept`, and what a map has as axes, `mapped`
    by the optimizer's number: a slider would show a value that no run uses.

    `suggested` gives a learning rate for optimizers that were not in the link; the others start at torch's default.
    `groups` are the param groups that may have a learning rate of their own, each with what it is called; `kinds`, the
    optimizers that the page can show, and `place`, a key of
    trials.PLACES, where it shows those of the package pytorch_optimizer as well.
    """
    offered = [*kinds, *([PACKAGE] if place and installed() else [])]
    kept: dict[int, OptimizerSpec] = st.session_state[f"{name}.slots"]
    specs: dict[int, OptimizerSpec] = {}
    for number, (slot, spec) in enumerate(kept.items()):
        chosen = () if mode == "one" and not specs else CHOSEN[mode]
        said = N_("chosen by \u201c{way}\u201d", way=FAIRNESS[mode])
        if swept:
            chosen, said = ("lr",), N_("all of the range above")
        if number in mapped:
            chosen, said = tuple(mapped[number]), N_("the map's axes")
        specs[slot] = _optimizer(name, slot, spec, suggested, groups, Elsewhere(played, chosen, said), offered, place)
    st.session_state[f"{name}.slots"] = specs
    st.button(
        tr("Add an optimizer"), icon=":material/add:", width="stretch", key=f"{name}.add",
        on_click=_add, args=(name, suggested, offered), disabled=len(specs) >= limit,
    )  # fmt: skip
    return tuple(specs.values())


def _fresh(kind: str, suggested: Mapping[str, float]) -> OptimizerSpec:
    return optimizer(kind, lr=suggested[kind]) if kind in suggested else optimizer(kind)


def _add(name: str, suggested: Mapping[str, float], kinds: Sequence[str]) -> None:
    slots = st.session_state[f"{name}.slots"]
    used = {spec.kind for spec in slots.values()}
    kind = next((kind for kind in kinds if kind not in used and kind != PACKAGE), "adam")
    slot = st.session_state[f"{name}.next"]
    st.session_state[f"{name}.next"] = slot + 1
    st.session_state[f"{name}.slots"] = {**slots, slot: _fresh(kind, suggested)}


def _remove(name: str, slot: int) -> None:
    slots = st.session_state[f"{name}.slots"]
    st.session_state[f"{name}.slots"] = {s: spec for s, spec in slots.items() if s != slot}


def _optimizer(
    name: str,
    slot: int,
    kept: OptimizerSpec,
    suggested: Mapping[str, float],
    groups: Mapping[str, str],
    elsewhere: Elsewhere,
    kinds: Sequence[str],
    place: str,
) -> OptimizerSpec:
    prefix = f"{name}.{slot}"
    with st.container(key=f"{name}-optimizer-{slot}", gap="small"):
        kind = _kind(name, slot, kept, kinds, place)
        if kind != kept.kind:
            kept = _fresh(kind, suggested)
        values: dict[str, Any] = kept.hyperparameters
        for h in knobs_of(kind):
            if h.name in FIRST and not elsewhere.has(h.name):
                values[h.name] = hyperparameter(h, f"{prefix}.{kind}.{h.name}", kept[h.name])
        if told := elsewhere.told(kind):
            st.caption(told)
        more = st.expander(tr("More settings"), type="compact", key=f"{prefix}.more", on_change="rerun")
        options: dict[str, Any] = {
            "schedule": kept.schedule, "lr_scale": dict(kept.lr_scale), "label": kept.label, **dict(kept.clip),
        }  # fmt: skip
        if more.open:
            with more:
                options = _more(prefix, kept, values, groups, elsewhere)
    return guarded(prefix, lambda: optimizer(kind, **options, **values)) or kept


def _kind(name: str, slot: int, kept: OptimizerSpec, kinds: Sequence[str], place: str) -> str:
    keep(f"{name}.{slot}.kind", PACKAGE if is_of_package(kept.kind) else kept.kind)
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = st.selectbox(
            tr("Optimizer"), kinds, key=f"{name}.{slot}.kind", label_visibility="collapsed",
            format_func=lambda k: tr(OPTIMIZERS[k].title if k in OPTIMIZERS else OF_PACKAGE),
        )  # fmt: skip
        st.button(
            "", icon=":material/close:", help=tr("Remove"), type="tertiary", key=f"{name}.{slot}.remove",
            on_click=_remove, args=(name, slot), disabled=len(st.session_state[f"{name}.slots"]) == 1,
        )  # fmt: skip
    return _of_package(f"{name}.{slot}.class", kept, place) if kind == PACKAGE else kind


def _of_package(key: str, kept: OptimizerSpec, place: str) -> str:
    """Show the classes of the package that run in a place, to be searched; return the one that is chosen."""
    with untimed(), st.spinner(tr("Loading pytorch-optimizer ...")):
        every = trials.kinds(place)
    mine = [kept.kind] if is_of_package(kept.kind) else []
    keep(key, *mine or [FIRST_OF_PACKAGE])
    return st.selectbox(
        tr("Its class, run on the server"), dict.fromkeys([*every, *mine]), key=key, format_func=class_name,
        help=tr("Every step is torch's own, which takes a thousand times as long as one in the browser."),
    )  # fmt: skip


def _more(
    prefix: str, kept: OptimizerSpec, values: dict[str, Any], groups: Mapping[str, str], elsewhere: Elsewhere
) -> dict[str, Any]:
    """The settings that fold away: sets the other hyperparameters in `values`, returns the rest of the spec."""
    for h in knobs_of(kept.kind):
        if h.name not in FIRST and not elsewhere.has(h.name):
            values[h.name] = hyperparameter(h, f"{prefix}.{kept.kind}.{h.name}", kept[h.name])
    clip = {h.name: dict(kept.clip).get(h.name, h.default) for h in CLIPPING}
    for h in CLIPPING:
        if not elsewhere.has(h.name):
            clip[h.name] = hyperparameter(h, f"{prefix}.{kept.kind}.{h.name}", clip[h.name])
    chosen = _schedule(prefix, kept.schedule)
    one_rate = kept.kind not in OPTIMIZERS or OPTIMIZERS[kept.kind].closure_rule
    scale = {} if one_rate else _scale(prefix, kept, groups)
    keep(f"{prefix}.label", kept.label)
    label = st.text_input(tr("Label"), key=f"{prefix}.label", max_chars=ECHO, help=tr("Its name in legends."))
    return {"schedule": chosen, "lr_scale": scale, "label": label.strip(), **clip}


def _schedule(prefix: str, kept: ScheduleSpec | None) -> ScheduleSpec | None:
    """The learning rate's schedule; "constant" is none at all."""
    keep(f"{prefix}.schedule", kept.kind if kept else "constant")
    kind = st.selectbox(
        tr("Schedule of the learning rate"), list(SCHEDULES), key=f"{prefix}.schedule",
        format_func=lambda k: tr(SCHEDULES[k].title),
    )  # fmt: skip
    if kind == "constant":
        return None
    st.caption(tr(SCHEDULES[kind].problem))
    before = dict(kept.values) if kept and kept.kind == kind else {}
    values: dict[str, Any] = {}
    for h in SCHEDULES[kind].settings(before):
        values[h.name] = before.get(h.name, h.default)
        if h.shown(values):
            values[h.name] = hyperparameter(h, f"{prefix}.schedule.{kind}.{h.name}", values[h.name])
    return guarded(f"{prefix}.schedule", lambda: schedule(kind, **values)) or kept


def _scale(prefix: str, kept: OptimizerSpec, groups: Mapping[str, str]) -> dict[str, float]:
    """Factors on the learning rate of single param groups, weights or layers; none where all are 1."""
    factors = {}
    for group, called in groups.items():
        text = N_("Factor on the learning rate of {group}, a param group of its own.", group=called)
        knob = Hyperparameter(N_("lr of {group}, times", group=called), 1.0, 0.0, 2.0, text=text)
        factors[group] = float(hyperparameter(knob, f"{prefix}.scale.{group}", kept.factor(group)))
    return {} if all(factor == 1.0 for factor in factors.values()) else factors
