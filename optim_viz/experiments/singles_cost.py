"""What runs cost that go one after the other, and trainings of a package's classes: timed here before any starts.

How long a step takes differs a hundredfold between optimizers without a rule, and between machines: no constant says
it, so a short run does. What a server has no time for is refused, with what would fit.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from optim_viz.experiments.study import Study
from optim_viz.language import N_
from optim_viz.network.mlp import Layout
from optim_viz.network.rate_sweep import TrainSweepSpec
from optim_viz.optimizers import trials
from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.specs import has_rule, looks, with_values
from optim_viz.optimizers.stepper import Stepper, StrangerError
from optim_viz.progress import about
from optim_viz.settings import limit, threads
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, SweepSpec
from optim_viz.surfaces import descent
from optim_viz.sweeps.sweep import STARTS
from optim_viz.threads import one_torch_thread

#: Steps of the run that is timed; it is run twice, as the first may load what later ones have.
STEPS, TIMES = 40, 2
#: Runs are cut off after so many times what they may be expected to take: a core may have other work as well.
PATIENCE = 2


@functools.lru_cache(maxsize=512)
def pace(spec: DescentSpec) -> float:
    """Return the seconds of a core that a step of a comparison's first optimizer takes here, from a short run.

    >>> 1e-7 < pace(descent.check("quadratic", "lbfgs")) < 1.0
    True
    """
    short = replace(spec, optimizers=spec.optimizers[:1], steps=min(spec.steps, STEPS))
    return min(_step(short) for _ in range(TIMES))


def _step(spec: DescentSpec) -> float:
    began, taken = time.thread_time(), spec.steps
    try:
        (run,) = descent.run(spec)
        taken = int(np.isfinite(run.losses).sum()) - 1  # one that diverges ends there
    except StrangerError as error:
        if not error.diverged:
            raise
        taken = error.taken
    return (time.thread_time() - began) / max(1, taken)


@functools.lru_cache(maxsize=128)
def training_pace(spec: OptimizerSpec, shapes: tuple[tuple[int, ...], ...]) -> float:
    """Return the seconds of a core that an optimizer's step on weights of these shapes takes, its first steps' least.

    The gradients are those of a mere sum of squares: the network's own take milliseconds, whatever the optimizer.
    """
    import torch

    with torch.inference_mode(False), one_torch_thread():
        weights = [torch.full(shape, 0.05).requires_grad_() for shape in shapes]
        stepper = Stepper(spec, weights, TIMES + 1, 0)

        def seconds() -> float:
            began = time.thread_time()
            stepper.step(lambda _: torch.stack([(w**2).sum() for w in weights]).sum())
            return time.thread_time() - began

        return min(seconds() for _ in range(TIMES + 1))


def check_trainings(study: Study, spec: TrainSweepSpec, points: str) -> int:
    """Return the seconds that a curve of trainings is given, 0 where its steps alone bound it, or raise a SpecError.

    Steps alone are no bound where a package's class takes them: one may take tenths of a second.
    """
    every = spec.network.optimizers
    mine = [one for one in every if is_of_package(one.kind)]
    if not mine:
        return 0
    for one in mine:
        check_tried(one, "network")
    shapes, each = Layout(spec.network.hidden).parameters, spec.steps_in_all / sum(map(looks, every))
    seconds, most = sum(training_pace(one, shapes) for one in mine) * each / threads(), limit("training_seconds")
    if seconds > most:
        raise SpecError(
            "The trainings of {names} would take about {time} here, and this server has {most} for them. What fits "
            "is at most {points:,} for \u201c{what}\u201d, or fewer epochs.",
            names=", ".join(one.label for one in mine), time=about(seconds), most=about(most),
            points=max(1, int(study.resolution * most / seconds)), what=N_(points),
        )  # fmt: skip
    return most


def singles(sweeps: Mapping[str, Any]) -> dict[str, SweepSpec]:
    """Return those of a picture's sweeps whose runs go one after the other, by label."""
    on_surfaces = {label: spec for label, spec in sweeps.items() if isinstance(spec, SweepSpec)}
    return {label: spec for label, spec in on_surfaces.items() if not has_rule(spec.optimizer)}


def check_singles(study: Study, sweeps: Mapping[str, Any], points: str) -> int:
    """Return the seconds that a picture's single runs are given, 0 where it has none, or raise a SpecError.

    That says what refuses to run, at a corner of the axes too, or what all runs would take, and how many fit. `points`
    is what the study's resolution counts.
    """
    alone = singles(sweeps)
    if not alone:
        return 0
    for spec in alone.values():
        _check_corners(spec)
    seconds, most = sum(_pace_of(spec) * spec.steps_in_all for spec in alone.values()), limit("single_seconds")
    if seconds > most:
        raise _too_long(study, alone, seconds, most, points)
    return PATIENCE * most


def _pace_of(spec: SweepSpec) -> float:
    """The pace at the optimizer's own values, from the surface's own start: every cell has those of its neighbours."""
    return pace(replace(spec.of_seed(0), start=spec.surface.start, seed=0))


def _check_corners(spec: SweepSpec) -> None:
    """Try a package's class at the ends of all axes: no signature says what it allows."""
    if not is_of_package(spec.optimizer.kind):
        return
    ends = {name: {min(values), max(values)} for name, values in spec.axes if name not in STARTS}
    for corner in itertools.product(*ends.values()):
        check_tried(with_values(spec.optimizer, dict(zip(ends, corner, strict=True))), "surface")


def check_tried(spec: OptimizerSpec, place: str) -> None:
    """Raise the SpecError that a package's class ends with in a place, one of trials.PLACES, if it does."""
    if is_of_package(spec.kind) and (error := trials.refusal(spec, place)):
        raise error


def _too_long(study: Study, alone: Mapping[str, SweepSpec], seconds: float, most: int, points: str) -> SpecError:
    share, dimensions = most / seconds, max(len(spec.axes) for spec in alone.values())
    fit = int(study.resolution * share ** (1 / dimensions))
    steps = max(1, int(study.descent.steps * share))
    return SpecError(
        "The runs of {names} go one after the other: {count:,} of {steps:,} steps would take about {time} here, and "
        "this server has {most} for them. What fits is {fit}.",
        names=", ".join(alone), count=sum(spec.runs for spec in alone.values()), steps=study.descent.steps,
        time=about(seconds), most=about(most),
        fit=N_("at most {count:,} steps", count=steps) if fit < 2 else
        N_("at most {points:,} for \u201c{what}\u201d, or {count:,} steps", points=fit, what=N_(points), count=steps),
    )  # fmt: skip
