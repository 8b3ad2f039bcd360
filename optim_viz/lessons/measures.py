"""What is measured on a lesson's results: small pure functions of one run, and of all runs of an experiment.

A function that ends in a run (a Trajectory or a TrainingRun) is made one of a lesson's results by `median` or `share`,
which take it over all seeds: `median("noisy", "sgd", tail_loss(100))`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.lessons.lesson import Measure, Results
from optim_viz.spec import DescentSpec, SpecError
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.minima import hessian
from optim_viz.surfaces.trajectory import Outcome

#: A number of one run.
OfRun = Callable[[Any], float]


def median(name: str, label: str, of: OfRun) -> Measure:
    """The median over the seeds of a number of one optimizer's runs."""
    return lambda results: float(np.median([of(run) for run in results[name].runs(label)]))


def share(name: str, label: str, of: OfRun) -> Measure:
    """The share of the seeds, 0 to 1, in which something of one optimizer's runs is true."""
    return lambda results: float(np.mean([bool(of(run)) for run in results[name].runs(label)]))


def seeds(name: str) -> Measure:
    """How many seeds an experiment was run with."""

    def count(results: Results) -> int:
        return len(results[name].runs(results[name].shown.labels[0]))

    return count


def ratio(above: Measure, below: Measure) -> Measure:
    """One measured number in units of another."""
    return lambda results: above(results) / below(results)


def less(first: Measure, second: Measure) -> Measure:
    """One measured number less another."""
    return lambda results: first(results) - second(results)


def times(measure: Measure, factor: float) -> Measure:
    """A measured number times a plain one."""
    return lambda results: measure(results) * factor


# --- one run on a surface


def final_loss(run: Any) -> float:
    """The loss at the last step."""
    return float(run.losses[-1])


def first_loss(run: Any) -> float:
    """The loss at the start."""
    return float(run.losses[0])


def final_excess(minimum: float) -> OfRun:
    """How far the loss of the last step lies above the minimum's."""
    return lambda run: float(run.losses[-1]) - minimum


def tail_loss(count: int) -> OfRun:
    """The mean loss over the last `count` steps."""
    return lambda run: float(np.mean(run.losses[-count:]))


def head_loss(count: int) -> OfRun:
    """The mean loss at the first `count` points."""
    return lambda run: float(np.mean(run.losses[:count]))


def steps_to(loss: float) -> OfRun:
    """The first step from which the loss stays at or below `loss`; inf when it never does."""

    def first(run: Any) -> float:
        above = np.flatnonzero(~(run.losses <= loss))
        if not above.size:
            return 0.0
        return math.inf if above[-1] == len(run.losses) - 1 else float(above[-1] + 1)

    return first


def steps_past(axis: int, value: float) -> OfRun:
    """The first step at which a coordinate lies above `value`; inf when it never does."""

    def first(run: Any) -> float:
        past = np.flatnonzero(run.points[:, axis] > value)
        return float(past[0]) if past.size else math.inf

    return first


def coordinate(axis: int, step: int = -1) -> OfRun:
    """A coordinate at a step."""
    return lambda run: float(run.points[step, axis])


def farthest(axis: int) -> OfRun:
    """The largest value that a coordinate ever had."""
    return lambda run: float(run.points[:, axis].max())


def moved(axis: int) -> OfRun:
    """How far a coordinate ever was from its start."""
    return lambda run: float(np.abs(run.points[:, axis] - run.points[0, axis]).max())


def step_length(axis: int, step: int = 1) -> OfRun:
    """How far a coordinate moved in a step; steps count from 1, and from the end where negative."""
    return lambda run: float(np.abs(np.diff(run.points[:, axis]))[step - 1 if step > 0 else step])


def largest_step(run: Any) -> float:
    """The longest move of any coordinate in any step."""
    return float(np.abs(np.diff(run.points, axis=0)).max())


def smallest_step(run: Any) -> float:
    """The shortest move of any coordinate in any step."""
    return float(np.abs(np.diff(run.points, axis=0)).min())


def rates_in_all(run: Any) -> float:
    """The learning rates of all steps together."""
    return float(np.sum(run.lrs[: len(run.points) - 1]))


def turns(axis: int, loss: float = 0.0) -> OfRun:
    """How often a coordinate turns back until the loss first falls to `loss`."""

    def count(run: Any) -> float:
        below = np.flatnonzero(run.losses <= loss)
        moves = np.diff(run.points[: below[0] + 1 if below.size else None, axis])
        return float(np.sum(moves[1:] * moves[:-1] < 0))

    return count


def overflow(run: Any) -> float:
    """The step at which a run's numbers overflowed; inf when they never did."""
    return float(run.outcome_step) if run.outcome is Outcome.DIVERGED else math.inf


# --- a whole comparison on a surface


def apart(name: str, first: str, second: str, other: str = "", every: int = 1) -> Measure:
    """How far apart two runs ever are in any coordinate, over all seeds; `other` names the second's experiment.

    With `every`, row k * every of the first is compared with row k of the second.
    """

    def gap(results: Results) -> float:
        pairs = zip(results[name].runs(first), results[other or name].runs(second), strict=True)
        return max(float(np.abs(a.points[::every][: len(b.points)] - b.points).max()) for a, b in pairs)

    return gap


def curvature(name: str) -> Measure:
    """The largest curvature of an experiment's surface at its lowest minimum: its Hessian's largest eigenvalue."""

    def largest(results: Results) -> float:
        spec = results[name].experiment.spec
        if not isinstance(spec, DescentSpec) or not spec.surface.minima:
            raise SpecError("{name} has no known minimum to take a curvature at.", name=name)
        place = np.array(spec.surface.minima[0][:2])
        return float(np.linalg.eigvalsh(hessian(compiled(spec.surface), place))[-1])

    return largest


def start_curvature(name: str) -> Measure:
    """The largest curvature where an experiment starts."""

    def largest(results: Results) -> float:
        spec = results[name].experiment.spec
        if not isinstance(spec, DescentSpec):
            raise SpecError("{name} is no experiment on a surface.", name=name)
        return float(np.linalg.eigvalsh(hessian(compiled(spec.surface), np.array(spec.start)))[-1])

    return largest


def end_curvature(name: str, label: str) -> Measure:
    """The largest curvature where an optimizer's first run ends."""

    def largest(results: Results) -> float:
        run = results[name].runs(label)[0]
        surface = results[name].comparisons[0].surface
        return float(np.linalg.eigvalsh(hessian(compiled(surface), run.points[-1]))[-1])

    return largest


def edge(curvature: Measure) -> Measure:
    """The learning rate above which plain descent leaves: 2 / the largest curvature."""
    return lambda results: 2.0 / curvature(results)


def rate(name: str, label: str) -> Measure:
    """The learning rate that an optimizer was given."""
    return lambda results: float(results[name].runs(label)[0].spec["lr"])


# --- trainings


def accuracy(run: Any) -> float:
    """Test accuracy at the end, in percent."""
    return 100.0 * float(run.final_accuracy)


def dead(run: Any) -> float:
    """How many of the ten outputs are 0 for every test digit at the end."""
    return float(run.dead_outputs[-1])


def error_left(run: Any) -> float:
    """The largest singular value of a matrix's error at the end: of what it knows least."""
    return float(run.errors[-1, 0])


def stuck(run: Any) -> bool:
    """Whether the test loss at the end is that of ten equal answers, ln 10, to three digits."""
    return abs(float(run.test_losses[-1]) - math.log(10)) < 1e-3


def highest(name: str, label: str, of: OfRun) -> Measure:
    """The highest number of one optimizer's runs over the seeds."""
    return lambda results: max(of(run) for run in results[name].runs(label))


def loss_of_best(name: str, other: str, label: str) -> Measure:
    """How many points of accuracy the best seed of an experiment has less than the same seed has in another."""

    def lost(results: Results) -> float:
        pairs = zip(results[name].runs(label), results[other].runs(label), strict=True)
        mine, others = max(((accuracy(a), accuracy(b)) for a, b in pairs), key=lambda pair: pair[0])
        return others - mine

    return lost


def best(*names: str) -> Measure:
    """The highest median accuracy, in percent, of any optimizer in these experiments."""

    def found(results: Results) -> float:
        return max(median(n, label, accuracy)(results) for n in names for label in results[n].shown.labels)

    return found


def best_rate(name: str) -> Measure:
    """The learning rate of the optimizer with the highest median accuracy in an experiment."""

    def found(results: Results) -> float:
        labels = results[name].shown.labels
        winner = max(labels, key=lambda label: median(name, label, accuracy)(results))
        return rate(name, winner)(results)

    return found


def lowest_rate(*names: str) -> Measure:
    """The learning rate of the optimizer with the lowest median final loss in any of these experiments."""

    def found(results: Results) -> float:
        every = [(name, label) for name in names for label in results[name].shown.labels]
        name, label = min(every, key=lambda place: median(place[0], place[1], final_loss)(results))
        return rate(name, label)(results)

    return found


def held(name: str) -> Measure:
    """The share of the snapshots' spread that an experiment's plane holds, in percent."""
    return lambda results: 100.0 * float(_plane(results, name).explained_variance.sum())


def held_of_walk(name: str) -> Measure:
    """The share that the best plane of random walks with as many snapshots holds, in percent."""
    return lambda results: 100.0 * float(_plane(results, name).random_walk.sum())


def misdrawn(name: str) -> Measure:
    """By what factor the loss of a snapshot and of its place on the plane differ at most."""
    return lambda results: _plane(results, name).worst_ratio


def _plane(results: Results, name: str) -> Any:
    plane = results[name].plane
    if plane is None:
        raise SpecError("{name} has no plane.", name=name)
    return plane
