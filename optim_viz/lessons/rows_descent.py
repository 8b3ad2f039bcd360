"""Rows of the LESSONS table: the gradient and the learning rate."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons import step_measures as steps
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check
from optim_viz.surfaces.table import SURFACES

_LINE = SURFACES["linear_regression"]
_LEAST = _LINE.minima[0][2]


def _batches(name: str, caption: str, size: int, steps: int, seeds: int = 9) -> Experiment:
    spec = check(_LINE, optimizer("sgd", lr=0.05), steps=steps, batch_size=size)
    return Experiment(name, caption, spec, seeds=seeds)


MINI_BATCHES = Lesson(
    slug="mini-batches",
    title="A mini-batch is a cheap guess",
    claim="A gradient from a few examples is noisy but cheap, so the same data is enough for many more steps.",
    text=(
        "A line is fitted to 24 points. The full gradient looks at all 24 before it takes one step. A mini-batch looks "
        "at only a few of them: its direction is a guess, but it is right on average, and while the full gradient "
        "takes one step, single examples take 24. All three runs here read every point ten times; in machine "
        "learning's words, they train for ten epochs. Which of them gets furthest?"
    ),
    source=Source(
        "Bottou, Curtis & Nocedal", "Optimization Methods for Large-Scale Machine Learning, SIAM Review 60", 2018
    ),
    experiments=(
        _batches("one", "One example a step: 240 steps, 240 examples read", 1, 240),
        _batches("four", "Four examples a step: 60 steps, 240 examples read", 4, 60),
        _batches("all", "All 24 examples a step: 10 steps, 240 examples read", 24, 10),
    ),
    look="The path of single examples is rough but arrives; the smooth path is still far away.",
    finding=Finding(
        "After 240 examples read, the loss is above its minimum by {one:.3f} with one example a step, by {four:.3f} "
        "with four, and by {all:.3f} with all 24 (medians of {seeds} seeds).",
        {
            "one": m.median("one", "sgd", m.final_excess(_LEAST)),
            "four": m.median("four", "sgd", m.final_excess(_LEAST)),
            "all": m.median("all", "sgd", m.final_excess(_LEAST)),
            "seeds": m.seeds("one"),
            "a_tenth": m.times(m.median("all", "sgd", m.final_excess(_LEAST)), 0.1),
            "one_uphill": m.median("one", "sgd", steps.uphill),
            "all_uphill": m.median("all", "sgd", steps.uphill),
        },
        (("one", "<", "a_tenth"), ("four", "<", "a_tenth"), ("one_uphill", ">", 0.25), ("all_uphill", "==", 0.0)),
    ),
    limit=Limit(
        "With ten times the data read, the noise is what remains: at this learning rate single examples stay at a "
        "floor above the minimum, while the full gradient goes further down.",
        (
            _batches("long_one", "One example a step, 100 epochs: 2,400 steps", 1, 2400),
            _batches("long_all", "All 24 examples a step, 100 epochs: 100 steps", 24, 100),
        ),
        Finding(
            "After 2,400 examples read, the loss is above its minimum by {long_one:.4f} with one example a step and by "
            "{long_all:.4f} with all 24 (medians of {long_seeds} seeds).",
            {
                "long_one": m.median("long_one", "sgd", m.final_excess(_LEAST)),
                "long_all": m.median("long_all", "sgd", m.final_excess(_LEAST)),
                "long_seeds": m.seeds("long_one"),
                "floor": m.less(m.median("long_one", "sgd", m.tail_loss(1000)), lambda results: _LEAST),
                "all_before": m.median("all", "sgd", m.final_excess(_LEAST)),
                "all_a_hundred_times": m.times(m.median("long_all", "sgd", m.final_excess(_LEAST)), 100.0),
                "steady": m.ratio(
                    m.median("long_one", "sgd", m.tail_loss(1000)), m.median("long_one", "sgd", m.tail_loss(2000))
                ),
            },
            (
                ("long_one", ">", "all_a_hundred_times"),
                ("floor", ">", "all_a_hundred_times"),
                ("long_all", "<", "all_before"),
                ("steady", ">", 0.9),
                ("steady", "<", 1.1),
            ),
        ),
    ),
    question="Open the first run and halve its learning rate. What becomes of the floor?",
    answer=(
        "It sinks with the learning rate, but the run reaches it more slowly: the lesson “A learning rate that "
        "changes” has both, one after the other."
    ),
    optimizers=("sgd",),
)

LEARNING_RATE = Lesson(
    slug="learning-rate",
    title="The first learning rate",
    claim="Too small a learning rate is slow, too large a one diverges; the edge is two over the largest curvature.",
    text=(
        "Curvature says how fast the slope changes. In a bowl, a step that is too long for the curvature lands on the "
        "other side, higher than it began, and the next step is longer still. The edge between arriving and leaving is "
        "the learning rate two divided by the largest curvature. Here it is measured, and runs are placed far below "
        "it, just below it and just above it, on two bowls. A step crosses the contours at right angles; it looks "
        "askew here, as x and y have different scales: press “equal axes”."
    ),
    source=Source("LeCun, Bottou, Orr & Müller", "Efficient BackProp, in Neural Networks: Tricks of the Trade", 1998),
    experiments=(
        Experiment(
            "bowl",
            "A bowl of curvature 1 and 10: the edge is at 0.2",
            check(
                "quadratic",
                [
                    optimizer("sgd", lr=0.002, label="lr 0.002"),
                    optimizer("sgd", lr=0.196, label="lr 0.196"),
                    optimizer("sgd", lr=0.204, label="lr 0.204"),
                ],
                steps=200,
            ),
        ),
        Experiment(
            "line",
            "Fitting a line, all examples a step: the same rule at another place",
            check(
                "linear_regression",
                [
                    optimizer("sgd", lr=0.003, label="lr 0.003"),
                    optimizer("sgd", lr=0.331, label="lr 0.331"),
                    optimizer("sgd", lr=0.345, label="lr 0.345"),
                ],
                steps=200,
            ),
        ),
    ),
    look="Just below the edge a run jumps from wall to wall and still comes down; just above, every jump is longer.",
    finding=Finding(
        "The largest curvature is {curvature:.2f} and {line_curvature:.2f}, so the edges are {edge:.3f} and "
        "{line_edge:.3f}. After 200 steps the losses are {crawls:.2g}, {arrives:.2g} and {leaves:.2g} in the bowl, and "
        "{line_crawls:.2g}, {line_arrives:.2g} and {line_leaves:.2g} on the line.",
        {
            "curvature": m.curvature("bowl"),
            "line_curvature": m.curvature("line"),
            "edge": m.edge(m.curvature("bowl")),
            "line_edge": m.edge(m.curvature("line")),
            "below": m.rate("bowl", "lr 0.196"),
            "above": m.rate("bowl", "lr 0.204"),
            "line_below": m.rate("line", "lr 0.331"),
            "line_above": m.rate("line", "lr 0.345"),
            "started": m.median("bowl", "lr 0.204", m.first_loss),
            "line_started": m.median("line", "lr 0.345", m.first_loss),
            "crawls": m.median("bowl", "lr 0.002", m.final_loss),
            "arrives": m.median("bowl", "lr 0.196", m.final_loss),
            "leaves": m.median("bowl", "lr 0.204", m.final_loss),
            "line_crawls": m.median("line", "lr 0.003", m.final_loss),
            "line_arrives": m.median("line", "lr 0.331", m.final_loss),
            "line_leaves": m.median("line", "lr 0.345", m.final_loss),
            "line_excess": m.median("line", "lr 0.331", m.final_excess(_LEAST)),
            "still_left": m.times(m.median("bowl", "lr 0.002", m.first_loss), 0.1),
            "line_still_left": m.times(m.median("line", "lr 0.003", m.first_loss), 0.1),
            "apart": m.ratio(m.rate("bowl", "lr 0.204"), m.rate("bowl", "lr 0.196")),
            "line_apart": m.ratio(m.rate("line", "lr 0.345"), m.rate("line", "lr 0.331")),
            "below_turns": m.median("bowl", "lr 0.196", m.turns(1)),
            "below_up": m.median("bowl", "lr 0.196", steps.uphill),
            "above_longer": m.median("bowl", "lr 0.204", steps.lengthening(1)),
        },
        (
            ("below", "<", "edge"),
            ("edge", "<", "above"),
            ("apart", "<", 1.05),
            ("line_apart", "<", 1.05),
            ("crawls", ">", "still_left"),
            ("line_crawls", ">", "line_still_left"),
            ("arrives", "<", 1e-6),
            ("line_excess", "<", 1e-6),
            ("below_turns", "==", 199),
            ("below_up", "==", 0.0),
            ("above_longer", "==", 1.0),
            ("leaves", ">", "started"),
            ("line_below", "<", "line_edge"),
            ("line_edge", "<", "line_above"),
            ("line_leaves", ">", "line_started"),
        ),
    ),
    limit=Limit(
        "Where the curvature changes on the way, the edge does too: in the Rosenbrock valley a rate nearly twice the "
        "edge at the start still comes down, because it jumps to where the valley is less curved.",
        (
            Experiment(
                "valley",
                "A curved valley: the rate lies above the edge where the run starts",
                check("rosenbrock", optimizer("sgd", lr=0.0018), steps=300),
            ),
        ),
        Finding(
            "The edge at the start is {start_edge:.5f}; a run at {valley_rate:.5f} came from loss {valley_first:.2f} "
            "down to {valley_last:.2f}, where the edge is {end_edge:.5f}.",
            {
                "start_edge": m.edge(m.start_curvature("valley")),
                "valley_rate": m.rate("valley", "sgd"),
                "valley_first": m.median("valley", "sgd", m.first_loss),
                "valley_last": m.median("valley", "sgd", m.final_loss),
                "end_edge": m.edge(m.end_curvature("valley", "sgd")),
                "over": m.ratio(m.rate("valley", "sgd"), m.edge(m.start_curvature("valley"))),
            },
            (
                ("over", ">", 1.8),
                ("over", "<", 2.0),
                ("valley_rate", "<", "end_edge"),
                ("valley_last", "<", "valley_first"),
            ),
        ),
    ),
    question="In the bowl, which learning rate arrives first: 0.1, or 0.18?",
    answer=(
        "0.18. At 0.1 the steep direction is finished after one step, and the flat one shrinks by a tenth a step; at "
        "0.18 both shrink by about a fifth a step."
    ),
    optimizers=("sgd",),
)
