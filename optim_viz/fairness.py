"""The fairness switch: a comparison as it is set, or with learning rates chosen by one rule for all."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from optim_viz import descent, tuning
from optim_viz.optimizers import optimizer
from optim_viz.spec import DescentSpec, NetworkSpec, OptimizerSpec, SpecError, nearest, unique_labels
from optim_viz.sweeps import with_values
from optim_viz.trajectory import Comparison
from optim_viz.tuning import TuneSpec

#: How a link writes each way, and what people read.
FAIRNESS = {
    "": "as set",
    "one": "one learning rate for all",
    "torch": "torch's defaults",
    "best": "each at its own best",
    "best-momentum": "each at its own best, momentum too",
}
#: The ways on the network, where trials are whole trainings: too slow to tune two hyperparameters.
ON_NETWORK = tuple(mode for mode in FAIRNESS if mode != "best-momentum")
#: Runs that a trial is scored over where mini-batches or noise are drawn.
SEEDS = 5

Spec = TypeVar("Spec", DescentSpec, NetworkSpec)


@dataclass(frozen=True)
class Fair(Generic[Spec]):
    """A comparison as it is set, and the way in which its learning rates are to be chosen."""

    spec: Spec
    mode: str = ""


@dataclass(frozen=True, eq=False)
class FairComparison:
    """What came of a Fair comparison on a surface, and the sentence that says what was done."""

    asked: Fair[DescentSpec]
    runs: Comparison
    sentence: str

    @property
    def spec(self) -> DescentSpec:
        """The comparison as it is set."""
        return self.asked.spec


def check_fairness(mode: str, ways: Iterable[str] = FAIRNESS) -> str:
    """Return `mode`, one of `ways`, or raise a SpecError that names the nearest.

    >>> check_fairness("best")
    'best'
    """
    ways = tuple(ways)
    if mode not in ways:
        raise SpecError(f"Unknown fairness {mode!r}; {nearest(mode, filter(None, ways))}")
    return mode


def one_rate(specs: tuple[OptimizerSpec, ...]) -> tuple[tuple[OptimizerSpec, ...], str]:
    """Return the optimizers with the first one's learning rate, and the sentence that says so."""
    lr = float(specs[0]["lr"])
    label = unique_labels(specs)[0]
    return tuple(with_values(spec, {"lr": lr}) for spec in specs), (
        f"One learning rate for all: {lr:g}, that of {label}, the first. As unfair as values picked by hand: "
        "the same number is a small step for one optimizer and a large one for another."
    )


def torch_defaults(specs: tuple[OptimizerSpec, ...]) -> tuple[tuple[OptimizerSpec, ...], str]:
    """Return the optimizers with every hyperparameter at torch's default, and the sentence that says so.

    What makes a row of OPTIMIZERS what it is (0.9 for momentum, which torch leaves at 0) stays as the row has it.
    """
    changed = tuple(dataclasses.replace(spec, values=optimizer(spec.kind).values) for spec in specs)
    labels = unique_labels(specs)
    told = ", ".join(f"{label} lr {spec['lr']:g}" for label, spec in zip(labels, changed, strict=True))
    return changed, f"torch's defaults: {told}. Schedules and factors of single coordinates or layers stay as set."


#: The ways that need no trial.
RULES: dict[str, Callable[[tuple[OptimizerSpec, ...]], tuple[tuple[OptimizerSpec, ...], str]]] = {
    "": lambda specs: (specs, ""),
    "one": one_rate,
    "torch": torch_defaults,
}


def fair_descent(spec: DescentSpec, mode: str) -> tuple[DescentSpec, str]:
    """Return the comparison with its learning rates chosen by `mode`, and the sentence that the page shows.

    Problem: who wins a comparison at values picked by hand says more of the hand than of the optimizers.
    Formula: see ov.tune for "best" (the same trials, steps and metric for all).
    Arguments: `spec`, a checked comparison; `mode`, a key of FAIRNESS. Raises SpecError for any other.

    >>> from optim_viz.descent import check
    >>> fair, sentence = fair_descent(check("quadratic", [optimizer("sgd"), optimizer("adam")], steps=100), "best")
    >>> [round(o["lr"], 2) for o in fair.optimizers], sentence[:24]
    ([0.18, 0.1], 'Each at its own best: sg')

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    if check_fairness(mode) in RULES:
        optimizers, sentence = RULES[mode](spec.optimizers)
    else:
        drawn = spec.noise > 0.0 or spec.batch_size is not None
        tuned = _tuned(TuneSpec(spec, SEEDS if drawn else 1, mode == "best-momentum"))
        optimizers, sentence = tuned.optimizers, tuned.sentence
    return dataclasses.replace(spec, optimizers=optimizers), sentence


def fair_run(asked: Fair[DescentSpec]) -> FairComparison:
    """Run a comparison with its learning rates chosen as asked."""
    spec, sentence = fair_descent(asked.spec, asked.mode)
    return FairComparison(asked, descent.run(spec), sentence)


@functools.lru_cache(maxsize=32)
def _tuned(spec: TuneSpec) -> tuning.Tuning:
    """Tuning takes tenths of a second: not again for every look at the same page."""
    return tuning.run(spec)
