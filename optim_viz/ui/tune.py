"""The controls of the Tune page: only those of the view that is seen.

What the page was last set to is kept as its study; a widget exists only while it is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from optim_viz.experiments import study
from optim_viz.experiments.study import MEASURES, Axis, Study
from optim_viz.experiments.study_views import VIEWS, CheckedStudy, View, check, turned_to
from optim_viz.language import N_, tr
from optim_viz.spec import COORDINATES, DescentSpec, OptimizerSpec, unique_labels
from optim_viz.surfaces import descent
from optim_viz.sweeps import sweep
from optim_viz.ui import surface_controls
from optim_viz.ui.optimizer_controls import fill_optimizers, optimizers, set_optimizers
from optim_viz.ui.widgets import choices, keep

NAME = "tune"
KEPT = "study.kept"
TOLERANCES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
SUGGESTED = {"adam": 0.05}
RATES = [float(f"{m}e{d}") for d in range(-8, 3) for m in (1, 3)]


def fill_study(asked: Study) -> None:
    """Set the widgets of Tune to what is asked for."""
    d = asked.descent
    st.session_state[KEPT] = asked
    values = {
        "view": asked.view, "surface": d.surface.name,
        "x": d.start[0], "y": d.start[1], "steps": d.steps, "noise": d.noise,
        "batch": d.batch_size or 0, "seed": d.seed, "seeds": asked.seeds, "rates.low": asked.rates[0],
        "rates.high": asked.rates[1],
        "which": min(asked.which, len(d.optimizers) - 1), "measure": asked.measure, "tolerance": asked.tolerance,
        "resolution": asked.resolution, "epochs": asked.epochs,
        **surface_controls.own_values(d.surface),
        **_axis_values("across", asked.x), **_axis_values("up", asked.y),
    }  # fmt: skip
    st.session_state.update({f"{NAME}.{key}": value for key, value in values.items()})
    fill_optimizers(NAME, d.optimizers)


def set_study(asked: Study) -> None:
    """Set the widgets of Tune to a study whose numbers alone are others, so that every widget stays the one it is."""
    d = asked.descent
    st.session_state[KEPT] = asked
    numbers = {"x": d.start[0], "y": d.start[1], "steps": d.steps, "noise": d.noise, "seed": d.seed}
    numbers |= dict(d.surface.parameters)
    st.session_state.update({f"{NAME}.{key}": value for key, value in numbers.items()})
    set_optimizers(NAME, d.optimizers)


def _axis_values(key: str, axis: Axis) -> dict[str, object]:
    return {key: axis.name, f"{key}.of": axis.name, f"{key}.low": axis.low, f"{key}.high": axis.high}


def study_view() -> View:
    """Show the switch between views; return the row of the one that is seen."""
    keep(f"{NAME}.view", st.session_state[KEPT].view)
    chosen = st.segmented_control(
        tr("View"), list(VIEWS), key=f"{NAME}.view", label_visibility="collapsed", on_change=_new_view,
        format_func=lambda name: tr(VIEWS[name].tab), required=True,
    )  # fmt: skip
    return VIEWS[str(chosen)]


def _new_view() -> None:
    fill_study(turned_to(st.session_state[KEPT], st.session_state[f"{NAME}.view"]))


def study_controls(view: View) -> Callable[[], CheckedStudy]:
    """Show the controls of a view; return a function that checks them and gives the study."""
    kept: Study = st.session_state[KEPT]
    make, groups = _trained(kept) if view.trains else _descended(kept, view)
    rates = _rates() if "rates" in view.keys else kept.rates
    resolution = _resolution(view)
    above = st.container()
    mapped = _mapped() if "which" in view.keys else {}
    specs = optimizers(
        NAME, SUGGESTED, groups, view.optimizers, swept="rates" in view.keys, mapped=mapped, place=view.place
    )
    with above:
        chosen = _map(kept, specs) if "which" in view.keys else {}
    noise, seed, seeds = _noise(kept, view)

    def asked() -> CheckedStudy:
        changes: dict[str, Any] = {
            key: study.check_axis(*parts) if key in ("x", "y") else parts for key, parts in chosen.items()
        }
        made = replace(
            kept, view=view.name, descent=make(specs, noise, seed), resolution=resolution, rates=rates, seeds=seeds,
            epochs=int(st.session_state.get(f"{NAME}.epochs", kept.epochs)), **changes,
        )  # fmt: skip
        checked = check(made)
        st.session_state[KEPT] = made
        return checked

    return asked


def _mapped() -> dict[int, tuple[str, str]]:
    """The axes of the map by the number of the optimizer that it is of, as they were last set."""
    state = st.session_state
    which = min(state.get(f"{NAME}.which", state[KEPT].which), len(state[f"{NAME}.slots"]) - 1)
    return {which: (state[f"{NAME}.across"], state[f"{NAME}.up"])}


#: What makes the spec of runs from their optimizers, noise and seed; and their param groups, by what they are called.
Made = tuple[Callable[[tuple[OptimizerSpec, ...], float, int], DescentSpec], dict[str, str]]


def _descended(kept: Study, view: View) -> Made:
    """The controls of runs on a surface."""
    make_surface, row = surface_controls.where(NAME)
    starts = "start" in view.keys
    place = surface_controls.start(NAME, row.weights if row else COORDINATES) if starts else kept.descent.start
    steps = st.select_slider(
        tr("Steps"),
        choices(f"{NAME}.steps", surface_controls.STEPS),
        key=f"{NAME}.steps",
        format_func=lambda v: f"{v:,}",
    )
    batch = surface_controls.batch_size(NAME, row)

    def make(specs: tuple[OptimizerSpec, ...], noise: float, seed: int) -> DescentSpec:
        where = make_surface()
        # Where no start is shown, one that another surface does not hold must not stand in the way.
        begin = place if starts or where.contains(place) else where.start
        return descent.check(where, specs, begin, int(steps), noise, batch, seed)

    return make, surface_controls.weights_of(row)


def _trained(kept: Study) -> Made:
    """The controls of trainings; what belongs to a surface stays as it was."""
    st.slider(tr("Epochs"), 1, study.MAX_EPOCHS, key=f"{NAME}.epochs")
    d = kept.descent

    def make(specs: tuple[OptimizerSpec, ...], _: float, seed: int) -> DescentSpec:
        return descent.check(d.surface, specs, d.start, d.steps, d.noise, d.batch_size, seed)

    return make, surface_controls.weights_of(None)


def _resolution(view: View) -> int:
    key = f"{NAME}.resolution"
    return int(st.select_slider(tr(view.points), choices(key, view.resolutions), key=key))


def _rates() -> tuple[float, float]:
    """The ends of the learning rates."""
    ends = []
    for column, (end, words) in zip(st.columns(2), (("low", N_("Rates from")), ("high", N_("to"))), strict=True):
        key = f"{NAME}.rates.{end}"
        ends.append(column.selectbox(tr(words), choices(key, RATES), key=key, format_func=lambda v: f"{v:.3g}"))
    return ends[0], ends[1]


def _map(kept: Study, specs: tuple[OptimizerSpec, ...]) -> dict[str, Any]:
    """The controls of a map: of which optimizer, over which axes, showing what."""
    labels = unique_labels(specs)
    key = f"{NAME}.which"
    which = 0
    if len(specs) > 1:
        keep(key, min(kept.which, len(specs) - 1))
        st.session_state[key] = min(st.session_state[key], len(specs) - 1)
        which = st.selectbox(tr("Map of"), range(len(specs)), key=key, format_func=labels.__getitem__)
    spec = specs[which]
    axes = [_axis(spec, kept, key, words) for key, words in (("across", N_("Across")), ("up", N_("Up")))]
    measure = st.segmented_control(
        tr("Colour"), list(MEASURES), key=f"{NAME}.measure", format_func=lambda name: tr(MEASURES[name]), required=True
    )
    tolerance = kept.tolerance
    if measure == "steps":
        keep(f"{NAME}.tolerance", tolerance)
        tolerance = st.select_slider(
            tr("Arrived at"), choices(f"{NAME}.tolerance", TOLERANCES), key=f"{NAME}.tolerance",
            format_func=lambda v: tr("{share:.3g} of the way", share=v),
            help=tr("This share of the start's loss above the lowest known."),
        )  # fmt: skip
    return {"which": int(which), "x": axes[0], "y": axes[1], "measure": measure, "tolerance": float(tolerance)}


def _axis(spec: OptimizerSpec, kept: Study, key: str, words: str) -> tuple[OptimizerSpec, str, float, float]:
    """One axis: its name and its ends, which are the slider's own when the name is new."""
    full, names = f"{NAME}.{key}", study.axis_names(spec)
    seen, natural = f"{full}.of", study.natural_axes(spec, kept.descent.surface)[key == "up"]
    if st.session_state[full] not in names:
        st.session_state[full] = natural.name
    name = st.selectbox(
        tr(words), names, key=full, format_func=lambda n: tr("start {axis}", axis=n) if n in sweep.STARTS else n
    )
    if st.session_state.setdefault(seen, name) != name:
        ends = study.whole_axis(spec, kept.descent.surface, name)
        st.session_state[f"{full}.low"], st.session_state[f"{full}.high"] = ends.low, ends.high
    st.session_state[seen] = name
    left, right = st.columns(2)
    low = left.number_input(tr("from"), key=f"{full}.low", format="%.3g", step=None)
    high = right.number_input(tr("to"), key=f"{full}.high", format="%.3g", step=None)
    return spec, name, low, high


def _noise(kept: Study, view: View) -> tuple[float, int, int]:
    """Noise, seed and number of seeds."""
    noise, seeds = kept.descent.noise, kept.seeds
    keep(f"{NAME}.noise", noise)
    keep(f"{NAME}.seeds", seeds)
    with st.expander(tr("Noise and seeds") if "noise" in view.keys else tr("Seeds"), type="compact"):
        if "noise" in view.keys:
            noise = st.number_input(
                tr("Noise"), key=f"{NAME}.noise", step=0.1, format="%.4g",
                help=tr("Standard deviation of the Gaussian noise added to every gradient."),
            )  # fmt: skip
        if "seeds" in view.keys:
            seeds = st.slider(
                tr("Runs of each"), 1, view.seeds, key=f"{NAME}.seeds",
                help=tr("With as many seeds, where anything is drawn: "
                        "the median is shown, and the middle half as a band."),
            )  # fmt: skip
        seed = st.number_input(tr("Seed"), key=f"{NAME}.seed", step=1)
    return noise, int(seed), int(seeds)
