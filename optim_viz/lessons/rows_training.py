"""Rows of the LESSONS table: learning rates by coordinate and by time."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons import step_measures as steps
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.schedules import schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import NetworkSpec
from optim_viz.surfaces.descent import check

PARAM_GROUPS = Lesson(
    slug="param-groups",
    title="A learning rate for each",
    claim="Weights need not share a learning rate: slow one down, speed one up, or freeze it.",
    text=(
        "One learning rate has to suit the steepest direction, so the flat ones are slow. PyTorch lets each group of "
        "weights have its own. In the bowl, y is ten times as steep as x: give y a tenth of the rate, and the rate as "
        "a whole can be five times larger. A rate of zero freezes a weight. On the network, a frozen first layer stays "
        "as it was drawn, at random, and the layers behind it learn all the same."
    ),
    source=Source("LeCun, Bottou, Orr & Müller", "Efficient BackProp, in Neural Networks: Tricks of the Trade", 1998),
    experiments=(
        Experiment(
            "bowl",
            "One rate for both; a tenth of it for y; none for y",
            check(
                "quadratic",
                [
                    optimizer("sgd", lr=0.18, label="one rate"),
                    optimizer("sgd", lr=0.9, lr_scale=(1.0, 0.1), label="slow y"),
                    optimizer("sgd", lr=0.18, lr_scale=(1.0, 0.0), label="frozen y"),
                ],
                steps=100,
            ),
        ),
        Experiment(
            "layers",
            "The network: all layers, the first frozen, only the last",
            NetworkSpec(
                (
                    optimizer("adam", label="all layers"),
                    optimizer("adam", lr_scale={"layer.0": 0.0}, label="first frozen"),
                    optimizer("adam", lr_scale={"layer.0": 0.0, "layer.1": 0.0}, label="only the last"),
                ),
                epochs=1,
                final_relu=False,
                seeds=5,
            ),
        ),
    ),
    look="The path with a slow y goes straight to the middle; the frozen one keeps its height.",
    finding=Finding(
        "To stay below a loss of a millionth it takes {own:.0f} steps instead of {one:.0f}; the frozen y moved by "
        "{frozen:g}. On the network, accuracy after an epoch is {all:.1f} % with all layers, {first:.1f} % with the "
        "first frozen and {last:.1f} % with only the last (medians of {layer_seeds} seeds).",
        {
            "own": m.median("bowl", "slow y", m.steps_to(1e-6)),
            "one": m.median("bowl", "one rate", m.steps_to(1e-6)),
            "frozen": m.median("bowl", "frozen y", m.moved(1)),
            "all": m.median("layers", "all layers", m.accuracy),
            "first": m.median("layers", "first frozen", m.accuracy),
            "last": m.median("layers", "only the last", m.accuracy),
            "layer_seeds": m.seeds("layers"),
            "a_fifth": m.times(m.median("bowl", "one rate", m.steps_to(1e-6)), 0.2),
            "bend": m.median("bowl", "slow y", steps.bend),
        },
        (
            ("own", "<", "a_fifth"),
            ("bend", "<", 1e-9),
            ("frozen", "==", 0.0),
            ("first", ">", 50.0),
            ("first", "<", "all"),
            ("last", "<", "first"),
        ),
    ),
    limit=Limit(
        "A rate for each coordinate helps only where the ravine lies along a coordinate. In a bowl turned by 45 "
        "degrees, no coordinate is the steep one, and a smaller rate for one of them only makes the run slower.",
        (
            Experiment(
                "aslant",
                "A bowl turned by 45 degrees: both coordinates are equally steep",
                check(
                    "booth",
                    [
                        optimizer("sgd", lr=0.1, label="one rate"),
                        optimizer("sgd", lr=0.1, lr_scale=(1.0, 0.1), label="slow y"),
                    ],
                    steps=300,
                ),
            ),
        ),
        Finding(
            "To stay below a loss of a millionth it takes {aslant_own:.0f} steps instead of {aslant_one:.0f}.",
            {
                "aslant_own": m.median("aslant", "slow y", m.steps_to(1e-6)),
                "aslant_one": m.median("aslant", "one rate", m.steps_to(1e-6)),
            },
            (("aslant_own", ">", "aslant_one"),),
        ),
    ),
    question="Which two rates would take the first bowl in a single step?",
    answer="One for x and a tenth for y: each is one over that coordinate's curvature.",
    optimizers=("sgd", "adam"),
)

_COSINE = schedule("cosine")
_DROP = schedule("step", step_size=200, gamma=0.1)
_EARLY = schedule("step", step_size=10, gamma=0.1)

SCHEDULES = Lesson(
    slug="schedules",
    title="A learning rate that changes",
    claim=(
        "A large rate is fast, a small one comes to rest, so lower it on the way; and begin with a small one if the "
        "start is steep."
    ),
    text=(
        "With noisy gradients a run does not come to rest: it wanders around the bottom, and the larger the learning "
        "rate, the wider. That is its floor. Lower the rate, all at once or along a curve, and the floor sinks. "
        "Warm-up is for the start: the rate rises from almost nothing over the first steps, so that a run that starts "
        "on a cliff does not overflow. A noisy run arrives only if its steps shrink in the end."
    ),
    source=Source("Robbins & Monro", "A Stochastic Approximation Method, Annals of Mathematical Statistics 22", 1951),
    experiments=(
        Experiment(
            "noise",
            "Noisy gradients: a fixed rate, a drop to a tenth at step 200, and a cosine",
            check(
                "quadratic",
                [
                    optimizer("sgd", lr=0.1, label="fixed"),
                    optimizer("sgd", lr=0.1, schedule=_DROP, label="drop"),
                    optimizer("sgd", lr=0.1, schedule=_COSINE, label="cosine"),
                ],
                steps=400,
                noise=2.0,
            ),
            seeds=9,
        ),
        Experiment(
            "cliff",
            "A start on a cliff, with momentum: the full rate at once, a cosine, and 100 steps of warm-up",
            check(
                "beale",
                [
                    optimizer("momentum", lr=0.02, label="fixed"),
                    optimizer("momentum", lr=0.02, schedule=_COSINE, label="cosine"),
                    optimizer("momentum", lr=0.02, schedule=schedule("warmup_cosine", warmup=100), label="warm-up"),
                ],
                steps=500,
            ),
        ),
    ),
    look=(
        "At step 200 the loss of the dropped run falls to a new floor. On the cliff, two of three runs "
        "leave the picture at once."
    ),
    finding=Finding(
        "Over the last 100 steps the loss averages {fixed:.3f} at a fixed rate, {drop:.3f} after the drop and "
        "{cosine:.3f} with the cosine (medians of {noise_seeds} seeds). From the cliff the warm-up ends at loss "
        "{warm:.1g}; the fixed rate and the cosine alone overflow at steps {cold:.0f} and {cold_cosine:.0f}.",
        {
            "fixed": m.median("noise", "fixed", m.tail_loss(100)),
            "drop": m.median("noise", "drop", m.tail_loss(100)),
            "a_tenth": m.times(m.median("noise", "fixed", m.tail_loss(100)), 0.1),
            "cosine": m.median("noise", "cosine", m.tail_loss(100)),
            "noise_seeds": m.seeds("noise"),
            "warm": m.median("cliff", "warm-up", m.final_loss),
            "cold": m.median("cliff", "fixed", m.overflow),
            "cold_cosine": m.median("cliff", "cosine", m.overflow),
        },
        (
            ("drop", "<", "a_tenth"),
            ("cosine", "<", "a_tenth"),
            ("warm", "<", 1e-3),
            ("cold", "<", 100),
            ("cold_cosine", "<", 100),
        ),
    ),
    limit=Limit(
        "A rate lowered too early stops the run on its way: without noise there is no floor to lower, and the fixed "
        "rate ends far lower.",
        (
            Experiment(
                "early",
                "No noise: a fixed rate, and a tenth of it every 10 steps",
                check(
                    "quadratic",
                    [
                        optimizer("sgd", lr=0.1, label="fixed"),
                        optimizer("sgd", lr=0.1, schedule=_EARLY, label="early drops"),
                    ],
                    steps=400,
                ),
            ),
        ),
        Finding(
            "After 400 steps the fixed rate has come to loss {fixed_end:.1g}, the early drops to {early_end:.2g}.",
            {
                "fixed_end": m.median("early", "fixed", m.final_loss),
                "early_end": m.median("early", "early drops", m.final_loss),
            },
            (("early_end", ">", 0.1), ("fixed_end", "<", 1e-12)),
        ),
    ),
    question="In the first picture, drop to a hundredth instead of a tenth. Is the floor lower still after 400 steps?",
    answer=("No: at a thousandth, 200 steps are too few in the flat direction to undo the wandering of the first 200."),
    optimizers=("sgd", "momentum"),
)
