"""The row of the LESSONS table on sign steps: Lion, which torch has not, is the lesson's own."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons.altered_optimizers import lion, own
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.schedules import schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check

_RATE = 0.08
_BESIDE = (optimizer("sgd", lr=0.1), optimizer("adam", lr=_RATE))
_COSINE = schedule("cosine")
_TOO_SOON = schedule("exponential", gamma=0.92)
#: Where x starts, left of the minimum at 0.
_START = m.median("too_soon", "lion, too soon", m.coordinate(0, 0))

SIGN_STEPS = Lesson(
    slug="sign-steps",
    title="Sign steps: Lion",
    claim="A sign step moves every weight by the learning rate, on a cliff as at the bottom, so the rate must fall.",
    text=(
        "Lion keeps a mean of the gradients, as momentum does, and then asks only for its sign: plus or minus. Each "
        "weight moves by the learning rate itself, whatever the slope. That makes its steps easy to size, and a steep "
        "place cannot throw it out. But near a minimum, where plain descent slows down by itself because the slope "
        "fades, Lion goes on at full length and steps over the bottom, again and again. It comes to rest only if a "
        "schedule shortens its steps."
    ),
    source=Source("Chen et al.", "Symbolic Discovery of Optimization Algorithms, NeurIPS", 2023),
    experiments=(
        Experiment(
            "bowl",
            "The bowl: Lion beside plain descent and Adam",
            check("quadratic", _BESIDE, steps=200),
            beside=(own("lion", lion, lr=_RATE),),
        ),
        Experiment(
            "falling",
            "Lion's rate fixed, and falling along a cosine",
            check("quadratic", _BESIDE[:1], steps=200),
            beside=(own("lion", lion, lr=_RATE), own("lion, falling", lion, _COSINE, lr=_RATE)),
        ),
    ),
    look="Lion goes diagonally, both weights equally fast, and then crosses the bottom without end.",
    finding=Finding(
        "In every one of 200 steps Lion moves each weight by {shortest:.3f} to {longest:.3f}. Over the last 100 steps "
        "its loss averages {floor:.1g}, plain descent's {sgd:.1g}. With a falling rate the last ten average "
        "{falling:.1g}.",
        {
            "shortest": m.median("bowl", "lion", m.smallest_step),
            "longest": m.median("bowl", "lion", m.largest_step),
            "floor": m.median("bowl", "lion", m.tail_loss(100)),
            "sgd": m.median("bowl", "sgd", m.tail_loss(100)),
            "falling": m.median("falling", "lion, falling", m.tail_loss(10)),
            "hundredth": m.times(m.median("falling", "lion", m.tail_loss(100)), 0.01),
            "sgd_millionfold": m.times(m.median("bowl", "sgd", m.tail_loss(100)), 1e6),
        },
        (
            ("shortest", ">", _RATE - 1e-9),
            ("longest", "<", _RATE + 1e-9),
            ("floor", ">", "sgd_millionfold"),
            ("falling", "<", "hundredth"),
        ),
    ),
    limit=Limit(
        "A schedule that falls too soon leaves Lion on its way: however steep the slope, a weight goes no farther than "
        "all learning rates together.",
        (
            Experiment(
                "too_soon",
                "Lion, its rate shortened by 8 % every step",
                check("quadratic", _BESIDE[:1], steps=200),
                beside=(own("lion, too soon", lion, _TOO_SOON, lr=_RATE),),
            ),
        ),
        Finding(
            "All its learning rates are {sum:.2f} together; x has gone {gone:.2f} of {way:.2f} and rests at {end:.2f}.",
            {
                "sum": m.median("too_soon", "lion, too soon", m.rates_in_all),
                "gone": m.median("too_soon", "lion, too soon", m.moved(0)),
                "way": m.times(_START, -1.0),
                "end": m.median("too_soon", "lion, too soon", m.coordinate(0)),
                "most": lambda results: m.median("too_soon", "lion, too soon", m.rates_in_all)(results) + 1e-9,
                "half": m.times(_START, -0.5),
            },
            (("gone", "<", "most"), ("gone", "<", "half")),
        ),
    ),
    question="Multiply the loss by a thousand. How does Lion's path change?",
    answer="Not at all: every gradient is a thousand times as large, and its sign is the same.",
    optimizers=("sgd", "adam"),
)
