"""The first row of the LESSONS table: one step of plain descent, on a curve over one weight."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons import step_measures as steps
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check
from optim_viz.surfaces.surface import described

_PARABOLA = described("x^2", bounds=(-3.0, 3.0, -1.0, 1.0))
#: Flat far out, steep on the way, flat at the bottom.
_DIP = described("3 - 3*exp(-x^2/2)", bounds=(-3.0, 3.0, -1.0, 1.0))

GRADIENT_STEP = Lesson(
    slug="gradient-step",
    title="What a gradient step is",
    claim="A step of plain descent is the slope times the learning rate, downhill: it shrinks as the slope does.",
    text=(
        "A model has a weight, x. Its loss, f(x), says how wrong the model is: the lower, the better. The slope of the "
        "curve at x says how fast the loss rises if x grows. So plain descent moves x against the slope. The new x is "
        "x minus the learning rate times the slope, and then all of this is done again. Where the curve is steep, the "
        "step is long. At the bottom the slope is zero, so the steps end there by themselves."
    ),
    source=Source("Cauchy", "Méthode générale pour la résolution des systèmes d'équations simultanées", 1847),
    experiments=(
        Experiment(
            "parabola",
            "A parabola: its slope at x is 2x, the learning rate is 0.2",
            check(_PARABOLA, optimizer("sgd", lr=0.2), (-2.8, 0.0), 20),
        ),
        Experiment(
            "dip",
            "A curve that is flat, then steep, then flat: the learning rate stays at 0.3",
            check(_DIP, optimizer("sgd", lr=0.3), (-2.6, 0.0), 14),
        ),
    ),
    look="The thin line is the slope. The arrow is the step: it is long where the thin line is steep.",
    finding=Finding(
        "No step differs from the learning rate times the slope by more than {off:.0g} ({dip_off:.0g} on the second "
        "curve). On the parabola {down:.0%} of the steps go downhill, {shorter:.0%} are shorter than the one before, "
        "and the last is {last:.2%} of the first. On the second curve {dip_down:.0%} go downhill; the slope is the "
        "steepest at step {dip_steepest:.0f}, and the longest step is number {dip_longest:.0f}.",
        {
            "off": m.median("parabola", "sgd", steps.off_the_rule),
            "dip_off": m.median("dip", "sgd", steps.off_the_rule),
            "down": m.median("parabola", "sgd", steps.downhill),
            "dip_down": m.median("dip", "sgd", steps.downhill),
            "shorter": m.median("parabola", "sgd", steps.shortening(0)),
            "dip_longest": m.median("dip", "sgd", steps.longest_step(0)),
            "dip_steepest": m.median("dip", "sgd", steps.steepest(0)),
            "last": m.ratio(
                m.median("parabola", "sgd", m.step_length(0, -1)), m.median("parabola", "sgd", m.step_length(0))
            ),
        },
        (
            ("off", "<", 1e-12),
            ("dip_off", "<", 1e-12),
            ("down", "==", 1.0),
            ("dip_down", "==", 1.0),
            ("shorter", "==", 1.0),
            ("dip_longest", "==", "dip_steepest"),
            ("dip_longest", ">", 1.0),
            ("last", "<", 0.01),
        ),
    ),
    limit=Limit(
        "The slope is true of one point only. A step that is too long crosses the bottom and ends higher on the other "
        "side. On a parabola this starts at a learning rate of two divided by the curvature: above it every step goes "
        "uphill, below it every step goes downhill.",
        (
            Experiment(
                "too_far",
                "The parabola just below and just above the learning rate 1",
                check(
                    _PARABOLA,
                    [optimizer("sgd", lr=0.95, label="lr 0.95"), optimizer("sgd", lr=1.05, label="lr 1.05")],
                    (-0.7, 0.0),
                    14,
                ),
            ),
        ),
        Finding(
            "The curvature is {curvature:.0f}, so the edge is {edge:.0f}. At a learning rate of 0.95 {below_down:.0%} "
            "of the steps go downhill, at 1.05 {above_up:.0%} go uphill: from loss {started:.2f} to {ended:.2f}.",
            {
                "curvature": m.start_curvature("too_far"),
                "edge": m.edge(m.start_curvature("too_far")),
                "below": m.rate("too_far", "lr 0.95"),
                "above": m.rate("too_far", "lr 1.05"),
                "below_down": m.median("too_far", "lr 0.95", steps.downhill),
                "above_up": m.median("too_far", "lr 1.05", steps.uphill),
                "started": m.median("too_far", "lr 1.05", m.first_loss),
                "ended": m.median("too_far", "lr 1.05", m.final_loss),
            },
            (
                ("below", "<", "edge"),
                ("edge", "<", "above"),
                ("below_down", "==", 1.0),
                ("above_up", "==", 1.0),
                ("ended", ">", "started"),
            ),
        ),
    ),
    question="With which learning rate does the first step on the parabola end exactly at the bottom?",
    answer="With 0.5, one divided by the curvature: the slope is 2x, and a half of 2x is all of x.",
    optimizers=("sgd",),
)
