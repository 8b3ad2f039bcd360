"""The controls of a comparison on a surface and of one on the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from optim_viz import descent, digit_files, network
from optim_viz.budgets import within
from optim_viz.fairness import FAIRNESS, ON_NETWORK, Fair
from optim_viz.settings import limit
from optim_viz.spec import DescentSpec, NetworkSpec, SpecError, Surface
from optim_viz.surfaces import SURFACES, dataset, surface
from optim_viz.ui.optimizers import fill_optimizers, optimizers
from optim_viz.ui.text import plain
from optim_viz.ui.widgets import choices, keep

OWN = "own"
OWN_TEXT, OWN_BOX = "x^2 + 10*y^2", (-3.0, 3.0, -3.0, 3.0)
STEPS = [10, 20, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000]
BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64]
_BOUNDS = {"x0": "x from", "x1": "to", "y0": "y from", "y1": "to"}


def fill_descent(asked: Fair[DescentSpec]) -> None:
    """Set the widgets of Compare to what is asked for."""
    spec = asked.spec
    own = spec.surface.name == OWN
    values = {
        "surface": OWN if own else spec.surface.name,
        "text": spec.surface.expression if own else OWN_TEXT,
        "steps": min(spec.steps, STEPS[-1]),
        "noise": spec.noise,
        "batch": spec.batch_size or 0,
        "seed": spec.seed,
        "x": spec.start[0],
        "y": spec.start[1],
        "fair": asked.mode,
    }
    values |= dict(zip(_BOUNDS, spec.surface.bounds if own else OWN_BOX, strict=True))
    st.session_state.update({f"compare.{key}": value for key, value in values.items()})
    fill_optimizers("compare", spec.optimizers)


def comparison(name: str, suggested: Mapping[str, float]) -> Callable[[], Fair[DescentSpec]]:
    """Show the controls of a comparison; return a function that checks them and gives what is asked for."""
    make_surface, row = where(name)
    x, y = start(name)
    steps = st.select_slider(
        "Steps", choices(f"{name}.steps", STEPS), key=f"{name}.steps", format_func=lambda v: f"{v:,}"
    )
    batch = batch_size(name, row)
    mode = _fairness(name, FAIRNESS, "the same number of trials on the run that is shown.")
    specs = optimizers(name, suggested, ("x", "y"))
    with st.expander("Noise and seed", type="compact"):
        noise = st.number_input(
            "Noise", key=f"{name}.noise", step=0.1, format="%.4g",
            help="Standard deviation of the Gaussian noise added to every gradient, the same for every optimizer.",
        )  # fmt: skip
        seed = st.number_input("Seed", key=f"{name}.seed", step=1)
    return lambda: within(Fair(descent.check(make_surface(), specs, (x, y), int(steps), noise, batch, seed), mode))


def where(name: str) -> tuple[Callable[[], Surface], Surface | None]:
    """Show the choice of a surface; return what makes it, and its row if it has one."""
    choice = st.selectbox(
        "Surface", [*SURFACES, OWN], key=f"{name}.surface", on_change=_new_surface, args=(name,),
        format_func=lambda s: SURFACES[s].title if s in SURFACES else "Your own function",
    )  # fmt: skip
    make_surface = partial(surface, choice) if choice in SURFACES else _own_surface(name)
    return make_surface, SURFACES.get(choice)


def start(name: str) -> tuple[float, float]:
    """Show the two numbers of a start."""
    left, right = st.columns(2)
    x = left.number_input("Start x", key=f"{name}.x", step=0.1, format="%.4g")
    y = right.number_input("Start y", key=f"{name}.y", step=0.1, format="%.4g")
    return x, y


def _fairness(name: str, ways: Iterable[str], budget: str) -> str:
    """The switch that says whose learning rates a comparison is run with."""
    mode = st.selectbox(
        "Learning rates", list(ways), key=f"{name}.fair", format_func=FAIRNESS.__getitem__,
        help="Values picked by hand favour whoever was tuned better. At its own best, every optimizer is tuned with "
             + budget,
    )  # fmt: skip
    return str(mode)


def batch_size(name: str, row: Surface | None) -> int | None:
    """Examples per mini-batch on a surface that is a mean over examples; None, all of them, elsewhere."""
    if row is None or not row.data:
        return None
    count = len(dataset(row))
    sizes = [size for size in BATCH_SIZES if size < count]
    keep(f"{name}.batch", 0)  # gone since the last surface with examples
    if st.session_state[f"{name}.batch"] > count:
        st.session_state[f"{name}.batch"] = 0
    chosen = st.select_slider(
        "Batch size", [*choices(f"{name}.batch", sizes), 0], key=f"{name}.batch",
        format_func=lambda size: f"all {count}" if size == 0 else str(size),
        help="Examples drawn for each step. With fewer than all, the step is stochastic: the S in SGD.",
    )  # fmt: skip
    return int(chosen) or None


def _keep_own(name: str) -> None:
    """Give the widgets of a function of one's own their values: they are gone since they were last seen."""
    for key, value in {"text": OWN_TEXT, **dict(zip(_BOUNDS, OWN_BOX, strict=True))}.items():
        keep(f"{name}.{key}", value)


def _own_surface(name: str) -> Callable[[], Surface]:
    _keep_own(name)
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
    if row is None:
        _keep_own(name)
        row = surface(OWN_TEXT, bounds=tuple(st.session_state[f"{name}.{key}"] for key in _BOUNDS))
    st.session_state[f"{name}.x"], st.session_state[f"{name}.y"] = row.start


def pick(name: str, player: str) -> None:
    """A click or drag on the contour: move the start there."""
    picked = st.session_state[player].pick
    if picked:
        for key in ("x", "y"):
            st.session_state[f"{name}.{key}"] = float(f"{picked[key]:.6g}")


# ---------------------------------------------------------------- the comparison on the network

BATCHES = [8, 16, 32, 64, 128, 256, 512]


def fill_network(asked: Fair[NetworkSpec]) -> None:
    """Set the widgets of Network to what is asked for."""
    spec = asked.spec
    values = {
        "epochs": spec.epochs,
        "batch": spec.batch_size,
        "hidden": ", ".join(map(str, spec.hidden)),
        "relu": spec.final_relu,
        "seed": spec.seed,
        "seeds": spec.seeds,
        "fair": asked.mode,
    }
    st.session_state.update({f"network.{key}": value for key, value in values.items()})
    fill_optimizers("network", spec.optimizers)


def training(name: str, suggested: Mapping[str, float]) -> Callable[[], Fair[NetworkSpec]]:
    """Show the controls of a training; return a function that checks them and gives what is asked for."""
    epochs = st.slider("Epochs", 1, max(10, st.session_state[f"{name}.epochs"]), key=f"{name}.epochs")
    batch = st.select_slider("Batch size", choices(f"{name}.batch", BATCHES), key=f"{name}.batch")
    relu = st.toggle(
        "ReLU after the last layer", key=f"{name}.relu",
        help="As in the source material. It clips the logits at 0, and that visibly hurts.",
    )  # fmt: skip
    hidden = st.text_input("Hidden layers", key=f"{name}.hidden", help="Sizes between 784 pixels and 10 digits.")
    sizes: tuple[Any, ...] = tuple(part.strip() for part in hidden.split(",") if part.strip())
    seed = st.number_input("Seed", key=f"{name}.seed", step=1)
    seeds = st.slider(
        "Seeds", 1, network.MAX_SEEDS, key=f"{name}.seeds",
        help="Runs of each optimizer, from as many first weights and orders of the batches.",
    )  # fmt: skip
    mode = _fairness(name, ON_NETWORK, "13 trainings as long as the one that is shown: that takes a while.")
    data = _own_digits(name)
    layers = [f"layer.{i}" for i in range(len(sizes) + 1)]
    specs = optimizers(name, suggested, layers, limit=network.MAX_OPTIMIZERS)
    return lambda: within(Fair(network.check(specs, epochs, int(batch), sizes, relu, seed, seeds, data), mode))


def _own_digits(name: str) -> str:
    """The visitor's own digits, checked and kept as a file; "" for the shipped ones."""
    with st.expander("Your own digits", type="compact"):
        files = st.file_uploader(
            "One .npz with x and y, or two IDX files", key=f"{name}.files", accept_multiple_files=True,
            help="28x28 grey levels and their digits: x uint8 [n, 784], y [n]. Links never carry them.",
        )  # fmt: skip
        if not files:
            return ""
        try:
            size = sum(file.size for file in files)
            if size > limit("upload_mb") * 2**20:
                raise SpecError(f"{size / 2**20:.0f} MB are too much: at most {limit('upload_mb')} MB of digits.")
            return digit_files.keep({file.name: file.getvalue() for file in files})
        except SpecError as error:
            st.error(plain(f"{error} The shipped digits are used."), icon=":material/error:")
            return ""
