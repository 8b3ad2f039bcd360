"""Random experiments, within what the pages can ask for, and the way of a query through an address."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode

from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.experiments import study
from optim_viz.experiments.study_views import VIEWS
from optim_viz.network import train
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import dataset
from optim_viz.surfaces.table import SURFACES


@st.composite
def optimizers(draw, table=ON_SURFACES):
    kind = draw(st.sampled_from([k for k in table if k != "lbfgs"]))
    values = {}
    for h in OPTIMIZERS[kind].hyperparameters:
        if h.scale == "bool":
            values[h.name] = draw(st.booleans()) if h.name != "nesterov" else False
        elif h.scale == "int":
            values[h.name] = draw(st.integers(int(h.low), int(h.high)))
        else:
            values[h.name] = draw(st.floats(h.low if h.low < 0 else max(h.low, 1e-12), h.high, exclude_max=h.open_high))
    scale = draw(st.none() | st.tuples(st.floats(0, 2), st.floats(0, 2)))
    bounds = {h.name: draw(st.none() | st.floats(1e-6, h.maximum)) for h in CLIPPING}
    label = draw(st.text(max_size=12))
    return ov.optimizer(kind, schedule=draw(schedules()), lr_scale=scale, label=label, **bounds, **values)


#: What else may be typed in a schedule, so that every run's rates are finite.
TYPED = {
    ("lambda", "lr_lambda"): ["min(1, t/100)*exp(-t/500)", "(1 + cos(πt/T))/2"],
    ("multiplicative", "lr_lambda"): ["1 - 1/(t+2)^2"],
    ("sequential", "parts"): ["lambda(1 - t/(2T)), step(step_size=9, gamma=0.5)"],
    ("sequential", "milestones"): ["7"],
    ("chained", "parts"): ["multiplicative(0.99), multistep(milestone1=3, milestone13=5)"],
}


@st.composite
def schedules(draw):
    kind = draw(st.none() | st.sampled_from([k for k in SCHEDULES if k != "constant"]))
    if kind is None:
        return None
    values = {}
    for h in SCHEDULES[kind].hyperparameters:
        if h.scale == "int":
            values[h.name] = draw(st.integers(int(max(h.low, h.minimum)), int(h.high)))
        elif h.scale == "text":
            values[h.name] = draw(st.sampled_from([h.default, *TYPED.get((kind, h.name), ())]))
        elif h.scale != "bool":
            values[h.name] = draw(st.floats(max(h.low, 1e-9), h.high))
    return ov.schedule(kind, **values)


def without_typed(spec):
    """A comparison without the schedules that are typed, which a page without a server has not."""
    plain = [replace(o, schedule=None) if o.schedule and SCHEDULES[o.schedule.kind].typed else o
             for o in spec.optimizers]  # fmt: skip
    return replace(spec, optimizers=tuple(plain))


@st.composite
def comparisons(draw):
    if draw(st.booleans()):
        surface = SURFACES[draw(st.sampled_from(list(SURFACES)))]
    else:
        text, letters = draw(st.sampled_from([("x^2 + sin(3*y)", ""), ("ax² + |y|^b", "ab"), ("x^4 - ax^2", "a")]))
        values = {letter: draw(st.floats(-10, 10)) for letter in letters}
        surface = ov.surface(text, bounds=(-1, draw(st.floats(0.5, 9)), -2, 2), **values)
    x0, x1, y0, y1 = surface.bounds
    return descent.check(
        surface,
        draw(st.lists(optimizers(), min_size=1, max_size=8)),
        (draw(st.floats(x0, x1)), draw(st.floats(y0, y1))),
        draw(st.integers(1, 5000)),
        draw(st.floats(0, 10)),
        draw(st.none() | st.integers(1, len(dataset(surface)))) if surface.data else None,
        draw(st.integers(0, 2**32 - 1)),
        draw(st.sampled_from(["", "equal"])),
    )


def through_a_url(query):
    return parse_qs(urlencode(query, doseq=True), keep_blank_values=True)


@st.composite
def trainings(draw, most=6):
    specs = draw(st.lists(optimizers(OPTIMIZERS), min_size=1, max_size=most))
    layers = st.none() | st.dictionaries(st.sampled_from(["layer.0", "layer.1"]), st.floats(0, 2), min_size=1)
    scales = [draw(layers) for _ in specs]
    return train.check(
        [replace(s, lr_scale=tuple((scale or {}).items())) for s, scale in zip(specs, scales, strict=True)],
        draw(st.integers(1, 9)),
        draw(st.integers(32, 999)),
        draw(st.lists(st.integers(1, 400), min_size=1, max_size=3)),
        draw(st.booleans()),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(1, 10)),
    )


@st.composite
def studies(draw, views=tuple(VIEWS)):
    """A study of any view, small enough to be run, with whatever its optimizers can be set to."""
    view, surface = draw(st.sampled_from(views)), SURFACES[draw(st.sampled_from(list(SURFACES)))]
    specs = draw(st.lists(optimizers(), min_size=1, max_size=VIEWS[view].optimizers))
    x0, x1, y0, y1 = surface.bounds
    start = draw(st.tuples(st.floats(x0, x1), st.floats(y0, y1)))
    batch = draw(st.none() | st.integers(1, 20)) if surface.data else None
    asked = study.Study(
        view, descent.check(surface, specs, start, draw(st.integers(1, 30)), draw(st.floats(0, 2)), batch, 7),
        draw(st.integers(2, 6 if view != "network" else 4)), draw(st.integers(1, 3)),  # within the budget
        draw(st.tuples(st.floats(1e-7, 1e-3), st.floats(1e-2, 10.0))),
        draw(st.integers(0, len(specs) - 1)), measure=draw(st.sampled_from(list(study.MEASURES))),
        tolerance=draw(st.floats(1e-9, 0.5)), epochs=draw(st.integers(1, study.MAX_EPOCHS)),
    )  # fmt: skip
    names = draw(st.lists(st.sampled_from(study.axis_names(asked.mapped)), min_size=2, max_size=2, unique=True))
    axes = [study.whole_axis(asked.mapped, surface, name) for name in names]
    return replace(asked, x=axes[0], y=axes[1])
