"""The tables of presets, one row an experiment that is worth watching: each is a spec, and so a link.

A row's text says what is seen; the tests run every row and hold it to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from optim_viz.language import N_
from optim_viz.network import matrix_task, train
from optim_viz.optimizers.schedules import schedule
from optim_viz.optimizers.specs import optimizer, with_values
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, OptimizerSpec, ScheduleSpec
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import described

Experiment = TypeVar("Experiment", DescentSpec, NetworkSpec, MatrixSpec)


@dataclass(frozen=True)
class Preset(Generic[Experiment]):
    """One row: its name, a title of a few words, a sentence on what to watch for, and the experiment.

    `lesson` is the slug of the lesson that is about it, where there is one; `view` that of Network's views where the
    text is about another than the first.
    """

    name: str
    title: str
    text: str
    spec: Experiment
    lesson: str = ""
    view: str = ""


_WELLS = described("x^4 - 3x^2 + x", (-2.2, 2.2, -1.0, 1.0))
_PARABOLA = described("x^2", (-2.6, 2.6, -1.0, 1.0))

_ROWS: tuple[Preset[DescentSpec], ...] = (
    Preset(
        "valley",
        N_("Curved valley"),
        N_(
            "Into the valley is easy, along it slow: at the same learning rate momentum is far ahead of "
            "gradient descent."
        ),
        descent.check(
            "rosenbrock",
            (optimizer("sgd", lr=1e-3), optimizer("momentum", lr=1e-3, momentum=0.9), optimizer("adam", lr=0.05)),
            steps=500,
        ),
    ),
    Preset(
        "parabola",
        N_("Parabola"),
        N_(
            "One weight: 0.1 creeps down, 0.5 is at the bottom after one step, 0.95 leaps from side to side, and at "
            "1.02 each leap ends higher than the last."
        ),
        descent.check(
            _PARABOLA,
            tuple(optimizer("sgd", lr=lr, label=f"lr {lr}") for lr in (0.1, 0.5, 0.95, 1.02)),
            (-1.4, 0.0),
            14,
        ),
        "gradient-step",
    ),
    Preset(
        "double_well",
        N_("Double well"),
        N_(
            "One weight, the same learning rate: gradient descent stays in the near well, momentum carries its speed "
            "over the hump into the deeper one."
        ),
        descent.check(
            _WELLS, (optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01, momentum=0.9)), (2.0, 0.0), 150
        ),
    ),
    Preset(
        "rates",
        N_("Learning rates"),
        N_(
            "One method, four learning rates: too small is slow, 0.19 jumps from side to side, and just above 0.2 each "
            "jump is longer than the last."
        ),
        descent.check(
            "quadratic", tuple(optimizer("sgd", lr=lr, label=f"lr {lr}") for lr in (0.01, 0.08, 0.19, 0.21)), steps=40
        ),
    ),
    Preset(
        "ravine",
        N_("Zig-zag"),
        N_(
            "Large steps cross the ravine's floor every time; steps small enough not to are slow along it. "
            "Momentum makes "
            "small steps add up where they agree."
        ),
        descent.check(
            "quadratic",
            (
                optimizer("sgd", lr=0.19, label="large steps"),
                optimizer("sgd", lr=0.02, label="small steps"),
                optimizer("momentum", lr=0.02, momentum=0.6, label="small steps, momentum"),
            ),
            steps=60,
        ),
    ),
    Preset(
        "two_wells",
        N_("Two wells"),
        N_(
            "Same learning rate: gradient descent stays in the near well, momentum carries its speed over the "
            "ridge into "
            "the deeper one."
        ),
        descent.check(
            "two_wells", (optimizer("sgd", lr=1e-3), optimizer("momentum", lr=1e-3, momentum=0.9)), steps=300
        ),
    ),
    Preset(
        "saddle",
        N_("Saddle"),
        N_(
            "Hardly any slope leads off the saddle. Adam, which divides by the gradient's size, is off first, momentum "
            "later; gradient descent is still there."
        ),
        descent.check(
            "saddle",
            (optimizer("sgd", lr=0.05), optimizer("momentum", lr=0.05, momentum=0.7), optimizer("adam", lr=0.05)),
            steps=38,
        ),
    ),
    Preset(
        "bounded",
        N_("Bounded steps"),
        N_(
            "On a steep slope gradient descent's steps, as long as the gradient says, grow to infinity. None of Adam's "
            "is longer than its learning rate in x or in y."
        ),
        descent.check("rosenbrock", (optimizer("sgd", lr=5e-3), optimizer("adam", lr=0.05)), steps=300),
    ),
    Preset(
        "many_wells",
        N_("Many wells"),
        N_(
            "Gradient descent drops into the first well, heavy momentum rolls on to a better one; none finds "
            "the deepest."
        ),
        descent.check(
            "rastrigin",
            (optimizer("sgd", lr=1e-3), optimizer("momentum", lr=1e-3, momentum=0.98), optimizer("adam", lr=0.05)),
            steps=400,
        ),
    ),
    Preset(
        "mini_batches",
        N_("Mini-batches"),
        N_(
            "With two examples a step the gradient is a guess: near the minimum SGD wanders, the wider the larger its "
            "learning rate."
        ),
        descent.check(
            "linear_regression",
            (optimizer("sgd", lr=0.2, label="SGD, lr 0.2"), optimizer("sgd", lr=0.02, label="SGD, lr 0.02")),
            steps=500,
            batch_size=2,
        ),
    ),
    Preset(
        "schedules",
        N_("Schedules"),
        N_("The same guesses, the same first learning rate: where it falls with the step, the run comes to rest."),
        descent.check(
            "linear_regression",
            (
                optimizer("sgd", lr=0.1, label="constant"),
                optimizer("sgd", lr=0.1, label="cosine", schedule=schedule("cosine")),
                optimizer("sgd", lr=0.1, label="exponential", schedule=schedule("exponential", gamma=0.99)),
            ),
            steps=300,
            batch_size=2,
        ),
    ),
)
PRESETS: dict[str, Preset[DescentSpec]] = {row.name: row for row in _ROWS}

_NETWORK_ROWS: tuple[Preset[NetworkSpec], ...] = (
    Preset(
        "source",
        N_("As in the source"),
        N_(
            "The network of the source material, a ReLU after its last layer included: that one clips the ten "
            "outputs at "
            "zero, and a digit whose output is zero for every image cannot be read. All three stay far below 90 %."
        ),
        train.check((optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01), optimizer("adam", lr=1e-3)), epochs=3),
        "final-relu",
    ),
    Preset(
        "learns",
        N_("No last ReLU"),
        N_(
            "Without a ReLU after the last layer all three read nine digits of ten after three epochs; momentum "
            "and Adam "
            "are there first."
        ),
        train.check(
            (optimizer("sgd", lr=0.1), optimizer("momentum", lr=0.03), optimizer("adam", lr=1e-3)),
            epochs=3,
            final_relu=False,
        ),
    ),
    Preset(
        "rates",
        N_("Learning rates"),
        N_(
            "One method, four learning rates: a thousandth has hardly begun, a tenth is best, and at two each step is "
            "so long that nothing is learned: one digit in ten is right, as by guessing."
        ),
        train.check(
            tuple(optimizer("sgd", lr=lr, label=f"lr {lr:g}") for lr in (1e-3, 1e-2, 1e-1, 2.0)),
            epochs=2,
            final_relu=False,
        ),
    ),
    Preset(
        "edge",
        N_("Edge of stability"),
        N_(
            "Every step sees all 8,000 digits. At 0.2 the loss never bends as sharply as the edge, 2 / lr = 10. At 0.4 "
            "it comes to its edge, 5, in a few steps, goes beyond it, and from then on stays beside it, below under "
            "Sharpness."
        ),
        train.check(
            tuple(optimizer("sgd", lr=lr, label=f"lr {lr:g}") for lr in (0.2, 0.4)),
            epochs=80,
            batch_size=8000,
            hidden=(30,),
            final_relu=False,
        ),
        view="sharpness",
    ),
)
NETWORK_PRESETS: dict[str, Preset[NetworkSpec]] = {row.name: row for row in _NETWORK_ROWS}

_TO_ZERO = schedule("linear", start_factor=1.0, end_factor=0.0, total_iters=0)


def on_matrix(kind: str, lr: float, label: str = "", plan: ScheduleSpec | None = _TO_ZERO) -> OptimizerSpec:
    """Return an optimizer as the matrix task compares them: its rate falls to 0, and no weight decay pulls at it.

    >>> on_matrix("muon", 0.2)["weight_decay"]
    0.0
    """
    return with_values(optimizer(kind, lr=lr, schedule=plan, label=label), {"weight_decay": 0.0})


_MATRIX_ROWS: tuple[Preset[MatrixSpec], ...] = (
    Preset(
        "uneven",
        N_("A matrix, unevenly asked"),
        N_(
            "Some directions of a matrix are seldom asked for: Muon learns most of them with the others, momentum and "
            "AdamW leave lines on top. Each runs at its best of nine learning rates."
        ),
        matrix_task.check(
            (on_matrix("momentum", 5.0), on_matrix("adamw", 0.2), on_matrix("muon", 0.2)),
        ),
        "orthogonal-steps",
    ),
    Preset(
        "even",
        N_("A matrix, evenly asked"),
        N_("All keys are asked for equally often, so nothing is to be evened out: momentum is far ahead of Muon."),
        matrix_task.check(
            (on_matrix("momentum", 10.0), on_matrix("adamw", 0.2), on_matrix("muon", 0.2)),
            condition=1.0,
        ),
        "orthogonal-steps",
    ),
)  # fmt: skip
MATRIX_PRESETS: dict[str, Preset[MatrixSpec]] = {row.name: row for row in _MATRIX_ROWS}


def matching(spec: Experiment, rows: Mapping[str, Preset[Experiment]]) -> Preset[Experiment] | None:
    """Return the preset that is this very experiment, however it is drawn, if there is one.

    >>> matching(replace(PRESETS["saddle"].spec, drawn="equal"), PRESETS).title
    'Saddle'
    """
    plain = _plain(spec)
    return next((row for row in rows.values() if row.spec == plain), None)


def _plain(spec: DescentSpec | NetworkSpec | MatrixSpec) -> DescentSpec | NetworkSpec | MatrixSpec:
    """An experiment without how it is drawn."""
    return replace(spec, drawn="") if isinstance(spec, DescentSpec) else spec
