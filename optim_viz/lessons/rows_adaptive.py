"""Rows of the LESSONS table: optimizers that scale each coordinate's step, on surfaces."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons import step_measures as steps
from optim_viz.lessons.altered_optimizers import own, uncorrected_adam
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.lessons.rows_momentum import SLOPE
from optim_viz.optimizers.schedules import schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import Surface
from optim_viz.surfaces.descent import check
from optim_viz.surfaces.surface import described

_ADAM = Source("Kingma & Ba", "Adam: A Method for Stochastic Optimization, ICLR", 2015)
_START = (-2.6, 1.4)


def _bowl(factor: str) -> Surface:
    """The quadratic bowl with its loss times a factor."""
    return described(f"{factor}*((x^2 + 10*y^2)/2)", bounds=(-3.0, 3.0, -2.0, 2.0))


_BOTH = [optimizer("sgd", lr=0.05), optimizer("adam", lr=0.05)]

STEP_BOUND = Lesson(
    slug="adam-step",
    title="Adam's step is bounded by its rate",
    claim="Adam moves each weight by at most about its learning rate a step, however large the gradient is.",
    text=(
        "Adam divides a mean of recent gradients by the root of their mean square. Multiply the loss by a thousand and "
        "both grow a thousand times: the quotient stays the same, and so does the path. Plain descent's steps grow a "
        "thousand times, and it diverges. There is a cost: steps that do not shrink with the gradient do not come to "
        "rest where gradients are noisy, unless the learning rate falls. (One step can be about three times as long: "
        "the first one after many zero gradients.)"
    ),
    source=_ADAM,
    experiments=(
        Experiment("plain", "The bowl as it is", check("quadratic", _BOTH, _START, 200)),
        Experiment("times_1000", "The same bowl, its loss times 1,000", check(_bowl("1000"), _BOTH, _START, 200)),
        Experiment(
            "noise",
            "Noisy gradients: a fixed learning rate, and one that falls to zero",
            check(
                "quadratic",
                [
                    optimizer("adam", lr=0.1),
                    optimizer("adam", lr=0.1, schedule=schedule("cosine"), label="adam, falling"),
                ],
                _START,
                600,
                noise=1.0,
            ),
            seeds=9,
        ),
    ),
    look="Adam's path is the same in the first two pictures; plain descent's is not.",
    finding=Finding(
        "Adam's longest step is {longest:.4f} at a learning rate of {lr:g}. With the loss times 1,000 its path moves "
        "by at most {adam_gap:.1g}; plain descent's numbers overflow at step {sgd_gone:.0f}. With noise the "
        "last 50 losses average {fixed:.3f}, with a falling rate {falling:.4f} (medians of {noise_seeds} seeds).",
        {
            "longest": m.median("plain", "adam", m.largest_step),
            "lr": m.rate("plain", "adam"),
            "bound": m.times(m.rate("plain", "adam"), 1.01),
            "longest_1000": m.median("times_1000", "adam", m.largest_step),
            "adam_gap": m.apart("plain", "adam", "adam", "times_1000"),
            "sgd_grew": m.ratio(
                m.median("times_1000", "sgd", m.step_length(0)), m.median("plain", "sgd", m.step_length(0))
            ),
            "sgd_gone": m.median("times_1000", "sgd", m.overflow),
            "fixed": m.median("noise", "adam", m.tail_loss(50)),
            "falling": m.median("noise", "adam, falling", m.tail_loss(50)),
            "a_fifth": m.times(m.median("noise", "adam", m.tail_loss(50)), 0.2),
            "noise_seeds": m.seeds("noise"),
        },
        (
            ("longest", "<=", "bound"),
            ("longest_1000", "<=", "bound"),
            ("sgd_grew", ">", 999.0),
            ("sgd_grew", "<", 1001.0),
            ("adam_gap", "<", 1e-6),
            ("sgd_gone", "<", 200),
            ("falling", "<", "a_fifth"),
        ),
    ),
    limit=Limit(
        "Adam adds a small number, eps, to what it divides by. Gradients as small as eps are damped: with the loss "
        "divided by 1,000,000,000 its first step is shorter than its learning rate.",
        (
            Experiment(
                "tiny", "The same bowl, its loss divided by 1,000,000,000", check(_bowl("1/10^9"), _BOTH, _START, 200)
            ),
        ),
        Finding(
            "The first step along x is {tiny_step:.4f} instead of {plain_step:.4f}; after 200 steps x is {tiny_x:.2f} "
            "instead of {plain_x:.2f}.",
            {
                "tiny_step": m.median("tiny", "adam", m.step_length(0)),
                "plain_step": m.median("plain", "adam", m.step_length(0)),
                "tiny_x": m.median("tiny", "adam", m.coordinate(0)),
                "plain_x": m.median("plain", "adam", m.coordinate(0)),
                "most": m.times(m.median("plain", "adam", m.step_length(0)), 0.9),
            },
            (("tiny_step", "<", "most"), ("tiny_x", "<", -1.0), ("plain_x", ">", -0.01)),
        ),
    ),
    question="Set eps to 1e-15 on the tiny bowl. What becomes of Adam's path?",
    answer="It is the plain bowl's path again: gradients of a billionth are then far larger than eps.",
    optimizers=("adam",),
)

_UNCORRECTED = "adam, uncorrected"

BIAS_CORRECTION = Lesson(
    slug="bias-correction",
    title="Adam's first steps",
    claim="Without its bias correction, Adam's first steps are more than three times too long.",
    text=(
        "Adam keeps two running means that both start at zero, so at first both are far too small. The mean square is "
        "the slower one, and it is what Adam divides by: divided by too little, the first steps are too long. "
        "Bias correction repairs this. It divides each mean by the part of a full mean that it has reached so far. "
        "Here Adam runs with and without it, from the same start."
    ),
    source=_ADAM,
    experiments=(
        Experiment(
            "bowl",
            "The bowl, with and without bias correction (the link opens the run with it)",
            check("quadratic", optimizer("adam", lr=0.1), _START, 200),
            (own(_UNCORRECTED, uncorrected_adam, lr=0.1),),
        ),
        Experiment(
            "slope",
            "A steady slope: the corrected step is the learning rate from the first step on",
            check(SLOPE, optimizer("adam", lr=0.01), (-1.5, 1.0), 100),
            (own(_UNCORRECTED, uncorrected_adam, lr=0.01),),
        ),
    ),
    look="The uncorrected path starts with long steps and goes far past the middle of the bowl.",
    finding=Finding(
        "The first step is {first:.2f} times as long without the correction, the tenth {tenth:.2f} times on the slope; "
        "in the bowl it overshoots to x = {overshoot:.2f} instead of {corrected:.2f}.",
        {
            "first": m.ratio(
                m.median("bowl", _UNCORRECTED, m.step_length(0)), m.median("bowl", "adam", m.step_length(0))
            ),
            "tenth": m.ratio(
                m.median("slope", _UNCORRECTED, m.step_length(0, 10)), m.median("slope", "adam", m.step_length(0, 10))
            ),
            "least": m.ratio(
                m.median("slope", _UNCORRECTED, steps.shortest(0, 10)), m.median("slope", "adam", steps.longest(0, 10))
            ),
            "shortest": m.median("slope", "adam", steps.shortest(0)),
            "longest_step": m.median("slope", "adam", steps.longest(0)),
            "overshoot": m.median("bowl", _UNCORRECTED, m.farthest(0)),
            "corrected": m.median("bowl", "adam", m.farthest(0)),
        },
        (
            ("first", ">", 3.0),
            ("least", ">", 3.0),
            ("tenth", ">", 3.0),
            ("shortest", ">", 0.00999),  # with the correction every step is the learning rate, 0.01
            ("longest_step", "<", 0.01001),
            ("overshoot", ">", "corrected"),
        ),
    ),
    limit=Limit(
        "After a few thousand steps the correction divides by almost one, and the two take almost equal steps.",
        (
            Experiment(
                "late",
                "The steady slope for 3,000 steps, at a small learning rate",
                check(SLOPE, optimizer("adam", lr=0.001), (-1.5, 1.0), 3000),
                (own(_UNCORRECTED, uncorrected_adam, lr=0.001),),
            ),
        ),
        Finding(
            "At step 3,000 the uncorrected step is {last:.4f} times the corrected one.",
            {
                "last": m.ratio(
                    m.median("late", _UNCORRECTED, m.step_length(0, -1)), m.median("late", "adam", m.step_length(0, -1))
                )
            },
            (("last", "<", 1.03), ("last", ">", 0.97)),
        ),
    ),
    question="By what factor would the first step be wrong with beta2 = 0.9, and beta1 = 0.9 as it is?",
    answer=(
        "The first step is (1 - beta1) / sqrt(1 - beta2) times the learning rate: 0.1 / 0.316 = 0.32 of it, so it "
        "would be too short."
    ),
    optimizers=("adam",),
)

FORGETTING = Lesson(
    slug="adagrad-rmsprop",
    title="Adagrad remembers, RMSprop forgets",
    claim="Adagrad's rate can only shrink; RMSprop forgets old gradients and keeps moving.",
    text=(
        "Both divide the gradient by the size of past gradients. Adagrad adds up every square since the start, so what "
        "it divides by can only grow, and a steep beginning keeps its rate low for the rest of the run. RMSprop takes "
        "a running mean instead: old gradients fade, and the step fits the slope where it is now. A steady slope shows "
        "it in the step lengths, a curved valley in the distance covered."
    ),
    source=Source("Tieleman & Hinton", "Lecture 6.5, Neural Networks for Machine Learning", 2012),
    experiments=(
        Experiment(
            "valley",
            "A steep wall first, then a flat valley",
            check("rosenbrock", [optimizer("adagrad", lr=0.02), optimizer("rmsprop", lr=0.02)], steps=600),
        ),
        Experiment(
            "slope",
            "A steady slope: equal gradients, different steps",
            check(SLOPE, [optimizer("adagrad", lr=0.02), optimizer("rmsprop", lr=0.02)], (-1.5, 1.0), 400),
        ),
    ),
    look="On the slope, Adagrad falls further and further behind; in the valley it hardly leaves the wall.",
    finding=Finding(
        "On the slope, step 400 is {adagrad:.3f} of step 100 with Adagrad and {rmsprop:.3f} of it with RMSprop. In the "
        "valley the losses after 600 steps are {adagrad_end:.2f} and {rmsprop_end:.2f}.",
        {
            "adagrad": m.ratio(
                m.median("slope", "adagrad", m.step_length(0, 400)), m.median("slope", "adagrad", m.step_length(0, 100))
            ),
            "rmsprop": m.ratio(
                m.median("slope", "rmsprop", m.step_length(0, 400)), m.median("slope", "rmsprop", m.step_length(0, 100))
            ),
            "adagrad_end": m.median("valley", "adagrad", m.final_loss),
            "rmsprop_end": m.median("valley", "rmsprop", m.final_loss),
            "slope_grows": m.median("slope", "adagrad", steps.rate_grows),
            "valley_grows": m.median("valley", "adagrad", steps.rate_grows),
            "forgets": m.median("valley", "rmsprop", steps.rate_grows),
            "adagrad_way": m.median("valley", "adagrad", m.moved(0)),
            "a_tenth": m.times(m.median("valley", "rmsprop", m.moved(0)), 0.1),
        },
        (
            ("adagrad", "<", 0.51),
            ("rmsprop", ">", 0.75),
            ("slope_grows", "==", 0.0),
            ("valley_grows", "==", 0.0),
            ("forgets", ">", 0.5),
            ("adagrad_way", "<", "a_tenth"),
            ("rmsprop_end", "<", "adagrad_end"),
        ),
    ),
    limit=Limit(
        "A shrinking rate is what brings a run to rest: at a large learning rate RMSprop keeps jumping around in "
        "the bowl, and Adagrad comes to rest in it.",
        (
            Experiment(
                "settles",
                "The bowl at a learning rate of 0.5",
                check("quadratic", [optimizer("adagrad", lr=0.5), optimizer("rmsprop", lr=0.5)], steps=600),
            ),
        ),
        Finding(
            "Over the last 50 of 600 steps the loss averages {adagrad_rest:.1g} with Adagrad and {rmsprop_rest:.2g} "
            "with RMSprop.",
            {
                "adagrad_rest": m.median("settles", "adagrad", m.tail_loss(50)),
                "rmsprop_rest": m.median("settles", "rmsprop", m.tail_loss(50)),
            },
            (("adagrad_rest", "<", 1e-9), ("rmsprop_rest", ">", 0.01)),
        ),
    ),
    question="On the steady slope, after how many steps is Adagrad's step a tenth of its first?",
    answer="After 100: on equal gradients, step t is one over the root of t of the first.",
    optimizers=("adagrad", "rmsprop"),
)
