"""Controls that Compare and Tune share: a surface, a start, a batch size; and the switch of fairness."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from optim_viz.experiments.fairness import FAIRNESS
from optim_viz.language import N_, tr
from optim_viz.spec import COORDINATES, PARAMETERS, Surface
from optim_viz.surfaces.expression import is_constant, letters, of_x_alone
from optim_viz.surfaces.surface import dataset, surface
from optim_viz.surfaces.table import SURFACES
from optim_viz.typed.pasted import ExpressionError
from optim_viz.ui.widgets import choices, keep

OWN = "own"
OWN_TEXT, OWN_BOX = "x^2 + 10*y^2", (-3.0, 3.0, -3.0, 3.0)
STEPS = [10, 20, 50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000]
BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64]
BOUNDS = {"x0": N_("x from"), "x1": N_("to"), "y0": N_("y from"), "y1": N_("to")}
#: Where a letter's slider ends until the field beside it is given a number beyond.
LETTER_RANGE = (-10.0, 10.0)
HELP = N_("""As you would write it: `2xy`, `x²`, `x(1-x)`, `|x|`, `e^x`, `π`.

sqrt, exp, log or ln (natural), log10, log2, sin, cos, tan and their inverses, atan2(y, x), sinh, cosh, tanh, erf,
softplus, relu, abs, sign, min, max.

The letters a, b, c and d are numbers with a slider each: `a*x^2 + b*y^2`.""")


def where(name: str, played: bool = False) -> tuple[Callable[[], Surface], Surface | None]:
    """Show the choice of a surface; return what makes it, and its row if it has one.

    Where its letters are `played` with under the picture, they have no widget here.
    """
    choice = st.selectbox(
        tr("Surface"), [*SURFACES, OWN], key=f"{name}.surface", on_change=_new_surface, args=(name,),
        format_func=lambda s: tr(SURFACES[s].title) if s in SURFACES else tr("Your own function"),
    )  # fmt: skip
    make_surface = partial(surface, choice) if choice in SURFACES else _own_surface(name, played)
    return make_surface, SURFACES.get(choice)


def note_constant(shown: Surface) -> None:
    """Say of a constant function that it is one: every run stands still, and counts as arrived."""
    if is_constant(shown):
        st.info(
            tr("This function is constant: there is nothing to descend, so every run has arrived where it starts."),
            icon=":material/info:",
        )


def weights_of(row: Surface | None) -> dict[str, str]:
    """What the weights x and y of a surface are called; of a function of one's own, as they are."""
    return dict(zip(COORDINATES, row.weights if row else COORDINATES, strict=True))


def start(name: str, weights: Sequence[str] = COORDINATES) -> tuple[float, float]:
    """Show the two numbers of a start, by what the surface's weights are called; on a curve the one, y is kept."""
    curve = st.session_state[f"{name}.surface"] == OWN and _is_curve(name, st.session_state[f"{name}.text"])
    shown = COORDINATES[:1] if curve else COORDINATES
    for key in COORDINATES[len(shown) :]:
        st.session_state[f"{name}.{key}"] = st.session_state[f"{name}.{key}"]
    for column, key, weight in zip(st.columns(len(shown)), shown, weights, strict=False):
        column.number_input(tr("Start {weight}", weight=weight), key=f"{name}.{key}", step=0.1, format="%.4g")
    x, y = (float(st.session_state[f"{name}.{key}"]) for key in COORDINATES)
    return x, y


def fairness(name: str, ways: Iterable[str], budget: str) -> str:
    """The switch that says whose learning rates a comparison is run with."""
    mode = st.selectbox(
        tr("Learning rates"), list(ways), key=f"{name}.fair", format_func=lambda way: tr(FAIRNESS[way]),
        help=tr("Values picked by hand favour whoever was tuned better. At its own best, every optimizer is tuned "
                "with {budget}", budget=budget),
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
        tr("Batch size"), [*choices(f"{name}.batch", sizes), 0], key=f"{name}.batch",
        format_func=lambda size: tr("all {count}", count=count) if size == 0 else str(size),
        help=tr("Examples drawn for each step. With fewer than all, the step is stochastic: the S in SGD."),
    )  # fmt: skip
    return int(chosen) or None


def own_values(shown: Surface | None = None) -> dict[str, str | float]:
    """The values of a function of one's own by the widgets' keys; of any other surface, and of none, the first ones."""
    own = shown is not None and shown.name == OWN
    text, box = (shown.expression, shown.bounds) if shown and own else (OWN_TEXT, OWN_BOX)
    values = dict.fromkeys(PARAMETERS, 1.0) | dict(shown.parameters if shown else ())
    return {"text": text, **dict(zip(BOUNDS, box, strict=True)), **values}


def _keep_own(name: str) -> None:
    """Give the widgets of a function of one's own their values: they are gone since they were last seen."""
    for key, value in own_values().items():
        keep(f"{name}.{key}", value)


def _own_surface(name: str, played: bool) -> Callable[[], Surface]:
    _keep_own(name)
    text = st.text_input("f(x, y)", key=f"{name}.text", help=tr(HELP))
    shown = _known_letter if played else _letter
    values = {letter: shown(name, letter) for letter in _letters(name, text)}
    _bounds(name, [key for key in BOUNDS if key.startswith("x") or not _is_curve(name, text)])
    x0, x1, y0, y1 = (st.session_state[f"{name}.{key}"] for key in BOUNDS)
    return partial(surface, text, bounds=(x0, x1, y0, y1), **values)


def _bounds(name: str, shown: list[str]) -> None:
    """The fields of the region; those that are not shown keep their values."""
    for key in BOUNDS.keys() - shown:
        st.session_state[f"{name}.{key}"] = st.session_state[f"{name}.{key}"]
    for column, key in zip(st.columns(len(shown)), shown, strict=True):
        column.number_input(tr(BOUNDS[key]), key=f"{name}.{key}", step=0.5, format="%.3g")


def _is_curve(name: str, text: str) -> bool:
    """Whether a typed function is drawn as a curve, on which y has no place; Compare may draw it as a map."""
    with suppress(ExpressionError):
        return of_x_alone(text) and not st.session_state.get(f"{name}.drawn")
    return False


def _letters(name: str, text: str) -> tuple[str, ...]:
    """The letters that a function holds; of one that cannot be read, those of the one before, so that they keep."""
    with suppress(ExpressionError):  # it says so where the surface is made
        st.session_state[f"{name}.letters"] = letters(text)
    return st.session_state.get(f"{name}.letters", ())


def _known_letter(name: str, letter: str) -> float:
    """What a letter stands at."""
    return float(st.session_state[f"{name}.{letter}"])


def _letter(name: str, letter: str) -> float:
    """A letter's slider, and the field that takes any number."""
    key, slid = f"{name}.{letter}", f"{name}.{letter}.slid"
    value = float(st.session_state[key])
    low, high = st.session_state.get(f"{slid}.range", LETTER_RANGE)
    low, high = st.session_state[f"{slid}.range"] = min(low, value), max(high, value)
    st.session_state[slid] = value
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.slider(letter, low, high, key=slid, step=0.1, format="%.3g", on_change=_slide, args=(key, slid))
    return float(
        right.number_input(
            tr("{letter} as a number", letter=letter), key=key, step=0.1, format="%.6g", label_visibility="collapsed"
        )
    )


def _slide(key: str, slid: str) -> None:
    st.session_state[key] = st.session_state[slid]


def _new_surface(name: str) -> None:
    """On another surface the start is that surface's own."""
    row = SURFACES.get(st.session_state[f"{name}.surface"])
    if row is None:
        _keep_own(name)
        row = surface(OWN_TEXT, bounds=tuple(st.session_state[f"{name}.{key}"] for key in BOUNDS))
    st.session_state[f"{name}.x"], st.session_state[f"{name}.y"] = row.start
