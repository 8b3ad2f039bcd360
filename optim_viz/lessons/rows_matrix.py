"""The row of the LESSONS table whose experiments are on the matrix task: stored, see optim_viz.lessons.matrix_store."""

from __future__ import annotations

from optim_viz.experiments.presets import on_matrix
from optim_viz.language import N_
from optim_viz.lessons import measures as m
from optim_viz.lessons.lesson import Experiment, Finding, Lesson, Limit, Source
from optim_viz.network.matrix_task import check

_RATES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
#: Condition and shape of each task.
_TASKS: dict[str, tuple[float, tuple[int, int]]] = {
    "uneven": (1e4, (16, 16)),
    "even": (1.0, (16, 16)),
    "two_weights": (1e4, (1, 2)),
}


def _tuned(task: str, caption: str, rates: dict[str, float]) -> Experiment:
    """Several optimizers, each at its best rate, on seeds that no search has seen."""
    optimizers = [on_matrix(kind, lr, kind) for kind, lr in rates.items()]
    return Experiment(task, caption, check(optimizers, *_TASKS[task], seed=10, seeds=5))


def _searches(task: str, kinds: tuple[str, ...]) -> tuple[Experiment, ...]:
    """Where each one's best rate is looked for; six are the most that one task takes."""
    return tuple(
        Experiment(
            f"{task}_{kind}_{part}",
            N_("{kind} at {count} learning rates", kind=kind, count=len(rates)),
            check([on_matrix(kind, lr, f"{lr:g}") for lr in rates], *_TASKS[task], seeds=3),
        )
        for kind in kinds
        for part, rates in (("low", _RATES[:5]), ("high", _RATES[5:]))
    )


_BEST = {
    "uneven": {"muon": 0.2, "momentum": 5.0, "adamw": 0.2},
    "even": {"muon": 0.2, "momentum": 10.0, "adamw": 0.2},
    "two_weights": {"muon": 0.5, "momentum": 1.0, "adamw": 0.2},
}


def _checked(task: str) -> tuple[dict[str, m.Measure], tuple[tuple[str, str, str], ...]]:
    """The rates that a picture uses and those that its searches found, which must be the same."""
    numbers: dict[str, m.Measure] = {}
    for kind in _BEST[task]:
        numbers[f"{task}_{kind}_lr"] = m.rate(task, kind)
        numbers[f"{task}_{kind}_found"] = m.lowest_rate(f"{task}_{kind}_low", f"{task}_{kind}_high")
    return numbers, tuple((f"{task}_{kind}_lr", "==", f"{task}_{kind}_found") for kind in _BEST[task])


_UNEVEN_RATES, _EVEN_RATES, _TWO_RATES = (_checked(task) for task in _TASKS)

ORTHOGONAL = Lesson(
    slug="orthogonal-steps",
    title="Steps for a whole matrix",
    claim="Where some directions of a matrix are seldom asked for, Muon's evened-out steps learn more of them.",
    text=(
        "Here one matrix learns a value for each of sixteen keys. The commonest key is asked for ten thousand times as "
        "often as the rarest, so the gradient is strong in some directions and weak in others, and each direction "
        "mixes all weights. Momentum follows the strong ones. AdamW evens out weights, not directions. Muon "
        "orthogonalises its step: every direction gets about the same length. Shampoo and SOAP aim at the same. "
        "Such steps are as long at the end as at the start, so all learning rates here fall to zero."
    ),
    source=Source("Jordan et al.", "Muon: An optimizer for hidden layers in neural networks", 2024),
    experiments=(
        _tuned("uneven", "Keys asked for unevenly; each optimizer at its best of nine rates", _BEST["uneven"]),
        Experiment(
            "fixed",
            "Muon at the same rate, fixed and falling",
            check(
                [on_matrix("muon", 0.2, "fixed", None), on_matrix("muon", 0.2, "falling")],
                *_TASKS["uneven"],
                seed=10,
                seeds=5,
            ),
        ),
    ),
    look="The thick line is the direction known least. Muon's whole bundle comes down; the others leave lines on top.",
    finding=Finding(
        "After 100 steps Muon's loss is {muon:.1e}, momentum's {momentum:.1e} and AdamW's {adamw:.1e}. Of the largest "
        "error, {start:.2f} at first, Muon leaves {muon_left:.2f}, momentum {momentum_left:.2f} and AdamW "
        "{adamw_left:.2f}. At a fixed rate Muon ends at {fixed:.1e} (medians of {uneven_seeds} seeds).",
        {
            "muon": m.median("uneven", "muon", m.final_loss),
            "momentum": m.median("uneven", "momentum", m.final_loss),
            "adamw": m.median("uneven", "adamw", m.final_loss),
            "start": lambda results: float(results["uneven"].runs("muon")[0].errors[0, 0]),
            "muon_left": m.median("uneven", "muon", m.error_left),
            "momentum_left": m.median("uneven", "momentum", m.error_left),
            "adamw_left": m.median("uneven", "adamw", m.error_left),
            "third": m.times(m.median("uneven", "momentum", m.final_loss), 1 / 3),
            "tenth": m.times(m.median("uneven", "adamw", m.final_loss), 0.1),
            "half": m.times(m.median("uneven", "momentum", m.error_left), 0.5),
            "fixed": m.median("fixed", "fixed", m.final_loss),
            "falling": m.times(m.median("fixed", "falling", m.final_loss), 10.0),
            "uneven_seeds": m.seeds("uneven"),
            **_UNEVEN_RATES[0],
        },
        (
            ("muon", "<", "third"),
            ("muon", "<", "tenth"),
            ("muon_left", "<", "half"),
            ("muon_left", "<", "adamw_left"),
            ("fixed", ">", "falling"),
            *_UNEVEN_RATES[1],
        ),
    ),
    limit=Limit(
        "Where all keys are asked for equally often there is nothing to even out, and momentum is far ahead. A matrix "
        "of two weights in one row has a single direction a step: Muon's is the mean gradient at another length, and "
        "its lead over momentum is gone.",
        (
            _tuned("even", "All keys asked for equally often", _BEST["even"]),
            _tuned(
                "two_weights", "Two weights, one row: a bowl ten thousand times as steep one way", _BEST["two_weights"]
            ),
        ),
        Finding(
            "With even keys momentum ends at {even_momentum:.1e}, AdamW at {even_adamw:.1e}, Muon at {even_muon:.1e}. "
            "With two weights it is {two_momentum:.1e}, {two_adamw:.1e} and {two_muon:.1e}: momentum's loss is "
            "{two_lead:.2f} times Muon's, on the large matrix {lead:.1f} times (medians of {limit_seeds} seeds).",
            {
                "even_muon": m.median("even", "muon", m.final_loss),
                "even_momentum": m.median("even", "momentum", m.final_loss),
                "even_adamw": m.median("even", "adamw", m.final_loss),
                "two_muon": m.median("two_weights", "muon", m.final_loss),
                "two_momentum": m.median("two_weights", "momentum", m.final_loss),
                "two_adamw": m.median("two_weights", "adamw", m.final_loss),
                "two_lead": m.ratio(
                    m.median("two_weights", "momentum", m.final_loss), m.median("two_weights", "muon", m.final_loss)
                ),
                "lead": m.ratio(m.median("uneven", "momentum", m.final_loss), m.median("uneven", "muon", m.final_loss)),
                "ten_times": m.times(m.median("even", "momentum", m.final_loss), 10.0),
                "limit_seeds": m.seeds("even"),
                **_EVEN_RATES[0],
                **_TWO_RATES[0],
            },
            (
                ("even_muon", ">", "ten_times"),
                ("two_lead", "<", 1.5),
                ("lead", ">", 3.0),
                *_EVEN_RATES[1],
                *_TWO_RATES[1],
            ),
        ),
    ),
    question="How many steps would plain gradient descent need to halve the error of the rarest key?",
    answer=(
        "About 3,500. Its rate must stay below two over the commonest key's share, or that direction swings ever "
        "wider; then a step takes at most two ten-thousandths of the rarest key's error away."
    ),
    optimizers=("muon", "adamw", "momentum"),
    behind=tuple(e for task in _TASKS for e in _searches(task, tuple(_BEST[task]))),
)
