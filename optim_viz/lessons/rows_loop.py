"""The row of the LESSONS table on the training loop: the line of it that is forgotten."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons.altered_optimizers import forgotten_zero_grad, own
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check

_FORGOT = "zero_grad forgotten"
_SUMMED = "four passes, one step"

ZERO_GRAD = Lesson(
    slug="zero-grad",
    title="The forgotten line",
    claim="Without zero_grad, gradients add up, and plain descent becomes momentum that never forgets.",
    text=(
        "A training loop has four lines: clear the old gradients, compute the loss, compute its gradient, take a step. "
        "PyTorch adds each new gradient to what is there, so without the first line, zero_grad, every step uses the "
        "sum of all gradients so far. That is momentum with a share of one: nothing is ever lost, there is no "
        "friction, and the run swings through the bowl without coming to rest. No error is shown."
    ),
    source=Source("PyTorch contributors", "torch.optim.Optimizer.zero_grad, documentation of PyTorch 2.13", 2026),
    experiments=(
        Experiment(
            "bowl",
            "With zero_grad, with momentum 1, and with zero_grad forgotten (the link opens the first two)",
            check(
                "quadratic",
                [optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01, momentum=1.0, label="momentum 1")],
                steps=500,
            ),
            (own(_FORGOT, forgotten_zero_grad, lr=0.01),),
        ),
        Experiment(
            "batches",
            "The same on mini-batches of 6: the sum takes in old batches too",
            check(
                "linear_regression",
                [optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01, momentum=1.0, label="momentum 1")],
                steps=500,
                batch_size=6,
            ),
            (own(_FORGOT, forgotten_zero_grad, lr=0.01),),
            seeds=5,
        ),
    ),
    look="The forgotten run and momentum 1 are one and the same path, around the minimum again and again.",
    finding=Finding(
        "The forgotten run is at most {gap:.1g} from momentum 1 in the bowl, {batch_gap:.1g} on mini-batches "
        "({batch_seeds} seeds). Over the last 200 of 500 steps the loss averages {forgot:.2f}; with zero_grad it is "
        "{cleared:.4f}.",
        {
            "gap": m.apart("bowl", _FORGOT, "momentum 1"),
            "batch_gap": m.apart("batches", _FORGOT, "momentum 1"),
            "batch_seeds": m.seeds("batches"),
            "forgot": m.median("bowl", _FORGOT, m.tail_loss(200)),
            "cleared": m.median("bowl", "sgd", m.tail_loss(200)),
            "still": m.ratio(m.median("bowl", _FORGOT, m.tail_loss(200)), m.median("bowl", _FORGOT, m.head_loss(200))),
        },
        (
            ("gap", "<", 1e-9),
            ("batch_gap", "<", 1e-9),
            ("forgot", ">", "cleared"),
            ("still", ">", 0.9),  # it does not come to rest
        ),
    ),
    limit=Limit(
        "Adding up is right when it is meant: four mini-batches of 6, then one step by their mean, then zero_grad, is "
        "one step on all 24 examples.",
        (
            Experiment(
                "summed",
                "Four backward passes of 6 examples, one step (the link opens a step for each)",
                check("linear_regression", optimizer("sgd", lr=0.2), steps=160, batch_size=6),
                (own(_SUMMED, forgotten_zero_grad, lr=0.2, every=4),),
                seeds=5,
            ),
            Experiment(
                "whole",
                "One pass of all 24 examples, one step",
                check("linear_regression", optimizer("sgd", lr=0.2), steps=40),
                seeds=5,
            ),
        ),
        Finding(
            "After every fourth pass the summed run is at most {sum_gap:.1g} from the run on all examples "
            "({sum_seeds} seeds).",
            {"sum_gap": m.apart("summed", _SUMMED, "sgd", "whole", every=4), "sum_seeds": m.seeds("summed")},
            (("sum_gap", "<", 1e-9),),
        ),
    ),
    question="Without zero_grad, does Adam do better than plain descent?",
    answer=(
        "No. No single step is longer than about its learning rate, but the sum changes its sign late, so Adam "
        "swings wider and wider; plain descent at least swings evenly."
    ),
    optimizers=("sgd", "momentum"),
)
