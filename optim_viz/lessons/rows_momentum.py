"""Rows of the LESSONS table: what momentum does, and where it does not."""

from __future__ import annotations

from optim_viz.lessons import measures as m
from optim_viz.lessons import step_measures as steps
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.optimizers.specs import optimizer
from optim_viz.surfaces.descent import check
from optim_viz.surfaces.surface import described
from optim_viz.surfaces.table import SURFACES

#: A floor that falls steadily: the gradient along x is always -1.
SLOPE = described("y^2 - x", bounds=(-2.0, 8.0, -2.0, 2.0))
#: A step down, flat ground, and a hole behind it.
_PLAIN = described("1/(1 + exp(6*(x + 3/2))) - exp(-2*(x - 2)^2) + y^2/2", bounds=(-3.0, 4.0, -1.5, 1.5))
_DEEP, _SHALLOW = (loss for _, _, loss in SURFACES["two_wells"].minima)


LOCAL_MINIMA = Lesson(
    slug="local-minima",
    title="Stuck in the nearest hollow",
    claim="With short steps, plain descent stays in the nearest hollow; momentum may roll on into a deeper one.",
    text=(
        "Two hollows lie side by side, the right one deeper. Plain descent with short steps only goes downhill, so it "
        "ends in the hollow that it starts above. Momentum keeps part of its speed, as a ball does. If it starts high "
        "enough, it is fast enough to climb the ridge between the two; from lower down it is not. And nothing tells it "
        "which hollow is the deep one."
    ),
    source=Source(
        "Attouch, Goudou & Redont",
        "The Heavy Ball with Friction Method I, Communications in Contemporary Mathematics 2",
        2000,
    ),
    experiments=(
        Experiment(
            "high",
            "From high up on the left",
            check("two_wells", [optimizer("sgd", lr=0.005), optimizer("momentum", lr=0.005)], (-2.0, 1.0), 200),
        ),
        Experiment(
            "low",
            "From lower down on the left: both stay",
            check("two_wells", [optimizer("sgd", lr=0.005), optimizer("momentum", lr=0.005)], (-1.5, 1.0), 200),
        ),
    ),
    look="Momentum's path goes over the ridge near x = 0 and comes to rest in the right hollow.",
    finding=Finding(
        "From high up plain descent ends at x = {sgd_x:.2f} with loss {sgd_loss:.2f}, momentum at x = {momentum_x:.2f} "
        "with loss {momentum_loss:.2f}. From lower down momentum ends at x = {low_x:.2f}.",
        {
            "sgd_x": m.median("high", "sgd", m.coordinate(0)),
            "momentum_x": m.median("high", "momentum", m.coordinate(0)),
            "low_x": m.median("low", "momentum", m.coordinate(0)),
            "sgd_loss": m.median("high", "sgd", m.final_loss),
            "momentum_loss": m.median("high", "momentum", m.final_loss),
            "sgd_above": m.median("high", "sgd", m.final_excess(_SHALLOW)),
            "low_sgd_above": m.median("low", "sgd", m.final_excess(_SHALLOW)),
            "low_above": m.median("low", "momentum", m.final_excess(_SHALLOW)),
            "momentum_above": m.median("high", "momentum", m.final_excess(_DEEP)),
            "sgd_up": m.median("high", "sgd", steps.uphill),
        },
        (
            ("sgd_x", "<", 0.0),
            ("sgd_above", "<", 1e-6),
            ("sgd_up", "==", 0.0),
            ("low_sgd_above", "<", 1e-6),
            ("low_x", "<", 0.0),
            ("low_above", "<", 1e-6),
            ("momentum_x", ">", 0.0),
            ("momentum_above", "<", 1e-6),
        ),
    ),
    limit=Limit(
        "Started above the deep hollow, the same momentum rolls out of it and ends in the shallow one.",
        (
            Experiment(
                "other_side",
                "From the right, above the deep hollow",
                check("two_wells", [optimizer("sgd", lr=0.005), optimizer("momentum", lr=0.005)], (1.8, 1.0), 200),
            ),
        ),
        Finding(
            "From the right plain descent ends with loss {right_sgd:.2f}, momentum with loss {right_momentum:.2f}.",
            {
                "right_sgd": m.median("other_side", "sgd", m.final_loss),
                "right_momentum": m.median("other_side", "momentum", m.final_loss),
                "right_sgd_above": m.median("other_side", "sgd", m.final_excess(_DEEP)),
                "right_momentum_above": m.median("other_side", "momentum", m.final_excess(_SHALLOW)),
                "right_momentum_x": m.median("other_side", "momentum", m.coordinate(0)),
            },
            (("right_sgd_above", "<", 1e-6), ("right_momentum_above", "<", 1e-6), ("right_momentum_x", "<", 0.0)),
        ),
    ),
    question="Raise plain descent's learning rate on the first picture to 0.02. Does it stay in the left hollow?",
    answer="No: its first step is long enough to land beyond the ridge. A large step can do what momentum does.",
    optimizers=("sgd", "momentum"),
)

MOMENTUM = Lesson(
    slug="momentum",
    title="What momentum does",
    claim="Momentum speeds up along a steady direction and reduces the zig-zag across a ravine.",
    text=(
        "Momentum adds up past gradients, each step keeping a share of the sum, here 0.9 or less. Where the gradient "
        "stays the same, the sum grows to the gradient divided by one minus that share: at 0.9, ten times the step. "
        "Where the gradient changes sign at every step, as across a ravine, the parts cancel, and the run can use a "
        "large learning rate with less swinging."
    ),
    source=Source("Goh", "Why Momentum Really Works, Distill", 2017),
    experiments=(
        Experiment(
            "ravine",
            "A ravine at a small learning rate: faster along the floor",
            check("quadratic", [optimizer("sgd", lr=0.02), optimizer("momentum", lr=0.02, momentum=0.8)], steps=400),
        ),
        Experiment(
            "slope",
            "A steady slope: momentum reaches ten times the speed",
            check(SLOPE, [optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01)], (-1.5, 1.0), 100),
        ),
        Experiment(
            "zigzag",
            "The same ravine close to the edge of “The first learning rate”: less zig-zag",
            check("quadratic", [optimizer("sgd", lr=0.19), optimizer("momentum", lr=0.19, momentum=0.5)], steps=100),
        ),
    ),
    look="On the slope, momentum's steps grow and then stay equal; in the ravine, it is at the bottom first.",
    finding=Finding(
        "On the slope momentum's speed is {speed:.2f} times the gradient. To stay below a loss of a millionth it takes "
        "{fast:.0f} steps instead of {slow:.0f}, and near the edge {calm:.0f} turns across the ravine "
        "instead of {zigzag:.0f}.",
        {
            "speed": m.ratio(
                m.median("slope", "momentum", m.step_length(0, -1)), m.median("slope", "sgd", m.step_length(0, -1))
            ),
            "fast": m.median("ravine", "momentum", m.steps_to(1e-6)),
            "slow": m.median("ravine", "sgd", m.steps_to(1e-6)),
            "calm": m.median("zigzag", "momentum", m.turns(1, 1e-6)),
            "zigzag": m.median("zigzag", "sgd", m.turns(1, 1e-6)),
        },
        (("speed", ">", 9.99), ("speed", "<", 10.01), ("fast", "<", "slow"), ("calm", "<", "zigzag")),
    ),
    limit=Limit(
        "Too much momentum goes past the minimum and swings back: at 0.99 it turns back again and again.",
        (
            Experiment(
                "rings",
                "Momentum 0.99 in the ravine, at the same small learning rate",
                check(
                    "quadratic", [optimizer("sgd", lr=0.02), optimizer("momentum", lr=0.02, momentum=0.99)], steps=400
                ),
            ),
        ),
        Finding(
            "After 400 steps plain descent has come to loss {plain_end:.1g}, momentum 0.99 to {ring_end:.1g}, having "
            "turned back {ring_turns:.0f} times along the floor; plain descent never did ({plain_turns:.0f}).",
            {
                "plain_end": m.median("rings", "sgd", m.final_loss),
                "ring_end": m.median("rings", "momentum", m.final_loss),
                "ring_turns": m.median("rings", "momentum", m.turns(0)),
                "plain_turns": m.median("rings", "sgd", m.turns(0)),
            },
            (("ring_end", ">", "plain_end"), ("ring_turns", ">", 10), ("plain_turns", "==", 0)),
        ),
    ),
    question="On the steady slope, how fast does momentum 0.99 get in the end, and how long does it take?",
    answer=("A hundred times the gradient's own step, but only after some hundreds of steps: a long sum grows slowly."),
    optimizers=("momentum", "nesterov"),
)

PLATEAU = Lesson(
    slug="plateau",
    title="Across flat ground",
    claim="Where the gradient is almost zero, momentum keeps moving; noise alone can help too.",
    text=(
        "Plain descent moves by the gradient of the moment. On flat ground that is almost nothing, so it hardly moves, "
        "far from any minimum. Momentum arrives with the speed that it has gained, and keeps moving. There is another "
        "way out: at a saddle, a place that is level but no minimum, the small errors of mini-batches push a run off "
        "the ridge by chance, and then the slope moves it away."
    ),
    source=Source("Ge, Huang, Jin & Yuan", "Escaping From Saddle Points, Conference on Learning Theory", 2015),
    experiments=(
        Experiment(
            "plain",
            "A step down, flat ground, and a hole behind it",
            check(_PLAIN, [optimizer("sgd", lr=0.05), optimizer("momentum", lr=0.05)], (-2.2, 1.0), 300),
        ),
        Experiment(
            "noise",
            "On the ridge of a saddle, with a little noise in every gradient",
            check("saddle", optimizer("sgd", lr=0.05), (-1.5, 0.0), 60, noise=0.01),
            seeds=9,
        ),
    ),
    look="Plain descent becomes slower and slower on the flat ground; momentum drops into the hole.",
    finding=Finding(
        "Momentum is across the flat ground at step {across:.0f}; plain descent is at x = {stands:.2f} after 300. "
        "With noise, {off:.0%} of {noise_seeds} runs have left the ridge after 60 steps, by {left:.2f} in the median.",
        {
            "across": m.median("plain", "momentum", m.steps_past(0, 1.0)),
            "stands": m.median("plain", "sgd", m.coordinate(0)),
            "off": m.share("noise", "sgd", lambda run: m.moved(1)(run) > 0.1),
            "noise_seeds": m.seeds("noise"),
            "left": m.median("noise", "sgd", m.moved(1)),
            "slow": m.ratio(m.median("plain", "sgd", m.step_length(0, -1)), m.median("plain", "sgd", steps.longest(0))),
            "hole": m.median("plain", "momentum", m.final_loss),
        },
        (("across", "<", 100), ("hole", "<", -0.99), ("stands", "<", 0.0), ("slow", "<", 0.01), ("off", ">", 0.5)),
    ),
    limit=Limit(
        "Momentum cannot leave where the gradient along the way out is exactly zero: on the ridge of the saddle, "
        "without noise, it ends at the saddle itself.",
        (
            Experiment(
                "ridge",
                "On the ridge of the saddle, without noise",
                check("saddle", [optimizer("sgd", lr=0.05), optimizer("momentum", lr=0.05)], (-1.5, 0.0), 200),
            ),
        ),
        Finding(
            "After 200 steps momentum is {ridge_off:g} off the ridge, and {ridge_x:.1g} from the saddle along it.",
            {
                "ridge_off": m.median("ridge", "momentum", m.moved(1)),
                "sgd_off": m.median("ridge", "sgd", m.moved(1)),
                "ridge_x": m.median("ridge", "momentum", lambda run: abs(m.coordinate(0)(run))),
            },
            (("ridge_off", "==", 0.0), ("sgd_off", "==", 0.0), ("ridge_x", "<", 1e-3)),
        ),
    ),
    question="Start the ridge run a thousandth beside the ridge, at y = 0.001. Is noise still needed?",
    answer="No. The slope away from the ridge is tiny but not zero, and it grows: the runs leave, momentum first.",
    optimizers=("sgd", "momentum"),
)
