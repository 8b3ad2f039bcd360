"""The row of the LESSONS table on weight decay: inside the gradient, or beside it."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import OptimizerSpec
from optim_viz.surfaces.descent import check
from optim_viz.surfaces.surface import described

#: Nothing in the loss depends on y.
_TROUGH = described("x^2", bounds=(-3.0, 3.0, -3.0, 3.0))


def _decay(kind: str, decay: float, lr: float = 0.01) -> OptimizerSpec:
    return optimizer(kind, lr=lr, weight_decay=decay, label=f"{kind} {decay:g}")


WEIGHT_DECAY = Lesson(
    slug="weight-decay",
    title="Two kinds of weight decay",
    claim="Weight decay put into Adam's gradient is not the decay that shrinks the weights themselves.",
    text=(
        "Weight decay pulls weights towards zero. Adam adds it to the gradient, and then divides the sum by its size: "
        "where the loss does not depend on a weight, the sum is the decay alone, and it is enlarged to a full step, "
        "however small the decay. AdamW shrinks the weight directly, by the share that was asked for. Here the loss "
        "depends on x only; what happens to y is decay alone, at two strengths."
    ),
    source=Source("Loshchilov & Hutter", "Decoupled Weight Decay Regularization, ICLR", 2019),
    experiments=(
        Experiment(
            "in_gradient",
            "Decay in the gradient: Adam, strengths 0.01 and 0.1",
            check(_TROUGH, [_decay("adam", 0.01), _decay("adam", 0.1)], (2.0, 2.0), 400, drawn="map"),
        ),
        Experiment(
            "decoupled",
            "Decay of the weights themselves: AdamW, strengths 0.01 and 0.1",
            check(_TROUGH, [_decay("adamw", 0.01), _decay("adamw", 0.1)], (2.0, 2.0), 400, drawn="map"),
        ),
    ),
    look="Adam's two paths are the same, and y falls almost to zero; AdamW's two differ, and y falls slowly.",
    finding=Finding(
        "Ten times the decay moves Adam's path by at most {adam_gap:.1g}: after 400 steps y has gone from 2 to "
        "{adam_weak:.2f} and {adam_strong:.2f}. With AdamW it is {adamw_weak:.2f} and {adamw_strong:.2f}.",
        {
            "adam_gap": m.apart("in_gradient", "adam 0.01", "adam 0.1"),
            "adamw_gap": m.apart("decoupled", "adamw 0.01", "adamw 0.1"),
            "adam_weak": m.median("in_gradient", "adam 0.01", m.coordinate(1)),
            "adam_strong": m.median("in_gradient", "adam 0.1", m.coordinate(1)),
            "adamw_weak": m.median("decoupled", "adamw 0.01", m.coordinate(1)),
            "adamw_strong": m.median("decoupled", "adamw 0.1", m.coordinate(1)),
            "adam_step": m.median("in_gradient", "adam 0.01", m.step_length(1)),
            "off_weak": lambda results: abs(
                m.median("decoupled", "adamw 0.01", m.coordinate(1))(results) - 2 * (1 - 0.01 * 0.01) ** 400
            ),
            "off_strong": lambda results: abs(
                m.median("decoupled", "adamw 0.1", m.coordinate(1))(results) - 2 * (1 - 0.01 * 0.1) ** 400
            ),
        },
        (
            ("adam_gap", "<", 1e-3),
            ("adam_step", ">", 0.0099),  # a full step: the learning rate
            ("adam_weak", "<", 0.1),
            ("adam_strong", "<", 0.1),
            ("adamw_gap", ">", 0.1),
            ("off_weak", "<", 1e-9),
            ("off_strong", "<", 1e-9),
        ),
    ),
    limit=Limit(
        "For plain descent, which divides by nothing, the two are the same: its decay in the gradient shrinks y just "
        "as AdamW does.",
        (
            Experiment(
                "sgd",
                "Plain descent with decay in the gradient, beside AdamW",
                check(_TROUGH, [_decay("sgd", 0.1), _decay("adamw", 0.1)], (2.0, 2.0), 400, drawn="map"),
            ),
        ),
        Finding(
            "After 400 steps y is {sgd_y:.6f} with plain descent and {adamw_y:.6f} with AdamW.",
            {
                "sgd_y": m.median("sgd", "sgd 0.1", m.coordinate(1)),
                "adamw_y": m.median("sgd", "adamw 0.1", m.coordinate(1)),
                "y_gap": lambda results: abs(
                    m.median("sgd", "sgd 0.1", m.coordinate(1))(results)
                    - m.median("sgd", "adamw 0.1", m.coordinate(1))(results)
                ),
            },
            (("y_gap", "<", 1e-12),),
        ),
    ),
    question=(
        "After how many steps has AdamW, with decay 0.1 and learning rate 0.01, halved a weight that the loss does not "
        "depend on?"
    ),
    answer="After 693: each step keeps 1 - 0.001 of the weight, and 0.999 to the power of 693 is a half.",
    optimizers=("adam", "adamw"),
)
