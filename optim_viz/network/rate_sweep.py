"""The learning-rate curve on the network: whole trainings as pure tasks, through any executor."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz import executor as executors
from optim_viz.language import N_
from optim_viz.network import train
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.own import WRITE
from optim_viz.optimizers.specs import hyperparameter, looks, takes_lr, with_values
from optim_viz.optimizers.stepper import StrangerError
from optim_viz.progress import Unfinished
from optim_viz.spec import NetworkSpec, OptimizerSpec, SpecError, hooks, one_of, parts, quoted, unique_labels

if TYPE_CHECKING:
    import pandas as pd


#: What ov.optimizer returns, or a function (params, lr) -> optimizer.
AnyOptimizer = OptimizerSpec | Callable[..., Any]
MAX_TASKS = 2000
Task = tuple[int, ...]  # the number of the optimizer, of the learning rate, of each axis' value, of the seed
#: What may be an axis beside the learning rate.
AXES = ("weight_decay", "batch_size", "width")


@dataclass(frozen=True)
class TrainSweepSpec:
    """What `optim_viz.train_sweep` is asked for: the training, and what replaces its own: learning rates, and axes."""

    network: NetworkSpec
    lrs: tuple[float, ...]
    axes: tuple[tuple[str, tuple[float, ...]], ...] = ()

    @property
    def tasks(self) -> list[Task]:
        """All trainings, seed after seed and rate after rate, so that all curves grow together."""
        optimizers, lrs, *axes, seeds = self.shape
        counts = seeds, *axes, lrs, optimizers
        return [(o, r, *places, s) for s, *places, r, o in itertools.product(*map(range, counts))]

    @property
    def shape(self) -> tuple[int, ...]:
        """How many optimizers, learning rates, values of each axis, and seeds there are."""
        sides = (len(values) for _, values in self.axes)
        return len(self.network.optimizers), len(self.lrs), *sides, self.network.seeds

    @property
    def steps_in_all(self) -> int:
        """The gradient evaluations of all trainings together: one a step, but for L-BFGS."""
        sizes = dict(self.axes).get("batch_size", (self.network.batch_size,))
        epochs = sum(train.steps_per_epoch(dataclasses.replace(self.network, batch_size=int(size))) for size in sizes)
        others = math.prod(len(values) for name, values in self.axes if name != "batch_size")
        each = sum(map(looks, self.network.optimizers)) * self.network.epochs * epochs
        return each * others * self.network.seeds * len(self.lrs)

    def training(self, task: Task) -> NetworkSpec:
        """The one run of a task, as ov.train would be asked for it."""
        optimizer, rate, *places, seed = task
        network = _placed(self.network, {name: v[i] for (name, v), i in zip(self.axes, places, strict=True)})
        single = with_values(network.optimizers[optimizer], {"lr": self.lrs[rate]})
        return dataclasses.replace(network, optimizers=(single,), seed=network.each_seed[seed], seeds=1)


def _placed(network: NetworkSpec, values: Mapping[str, float]) -> NetworkSpec:
    """A training with some axes' values."""
    changes: dict[str, Any] = {}
    if "weight_decay" in values:
        decay = {"weight_decay": values["weight_decay"]}
        changes["optimizers"] = tuple(with_values(spec, decay) for spec in network.optimizers)
    if "batch_size" in values:
        changes["batch_size"] = int(values["batch_size"])
    if "width" in values:
        changes["hidden"] = (int(values["width"]),) * len(network.hidden)
    return dataclasses.replace(network, **changes)


@dataclass(frozen=True, eq=False)
class TrainSweep:
    """How every optimizer does at every learning rate, once per seed. Arrays are [optimizers, lrs, *axes, seeds]."""

    spec: TrainSweepSpec
    losses: np.ndarray  # float64, test loss after the last step; inf: diverged
    accuracies: np.ndarray  # float64, test accuracy after the last step, 0 to 1; 0: diverged
    done: np.ndarray  # bool, False where a cancel came first (there losses are inf, accuracies 0)
    cancelled: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The optimizers' labels, as ov.train gives them."""
        return unique_labels(self.spec.network.optimizers)

    def __repr__(self) -> str:
        return f"<TrainSweep of {', '.join(self.labels)}: {self.lrs.size} learning rates>"

    @property
    def lrs(self) -> np.ndarray:
        """The learning rates, float64."""
        return np.array(self.spec.lrs)

    @property
    def final_loss(self) -> np.ndarray:
        """The median over seeds of the test loss, float64 [optimizers, lrs, *axes]."""
        return np.median(self.losses, axis=-1)

    @property
    def best(self) -> dict[str, float]:
        """Each optimizer's learning rate of the lowest median test loss; of equals the smallest."""
        return {label: values["lr"] for label, values in self.best_values.items()}

    @property
    def best_values(self) -> dict[str, dict[str, float]]:
        """Each optimizer's values of the lowest median test loss, the learning rate first; of equals the first."""
        sides = (("lr", self.spec.lrs), *self.spec.axes)
        found = {}
        for label, scores in zip(self.labels, self.final_loss, strict=True):
            cell = np.unravel_index(scores.argmin(), scores.shape)
            found[label] = {name: values[i] for (name, values), i in zip(sides, cell, strict=True)}
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per training that was done."""
        import pandas as pd

        sides = [values for _, values in self.spec.axes]
        rows = list(itertools.product(self.labels, self.spec.lrs, *sides, self.spec.network.each_seed))
        frame = pd.DataFrame(rows, columns=["optimizer", "lr", *(name for name, _ in self.spec.axes), "seed"])
        frame["test_loss"], frame["test_accuracy"] = self.losses.ravel(), self.accuracies.ravel()
        return frame[self.done.ravel()].reset_index(drop=True)


def train_sweep(
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    lrs: Sequence[float] | np.ndarray,
    epochs: int = 1,
    seeds: int = 1,
    batch_size: int = 64,
    hidden: Sequence[int] = (300, 200),
    final_relu: bool = True,
    seed: int = 0,
    data: str = "",
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    axes: Mapping[str, Sequence[float]] | None = None,
) -> TrainSweep:
    """Train the network with every optimizer at every learning rate, and return the test losses.

    Problem: an optimizer's one good learning rate on a network is found only by trying.
    Formula: test loss after the last step of ov.train, for each optimizer, learning rate and seed.

    Arguments: `optimizers`, specs (each keeps its other hyperparameters, schedule and lr_scale), or factories that take
    lr (lambda params, lr: ...); `lrs`, the learning
    rates, above 0, the same for all; `epochs`, `batch_size`, `hidden`, `final_relu`, `seed`, `seeds` and `data` as
    ov.train has them; `executor`, any concurrent.futures.Executor (left out: what optim_viz.executor gives,
    threads unless OPTIM_VIZ_SCHEDULER names a scheduler); `progress`, called with the share of trainings done about ten
    times a second in this thread; `cancel`, an event that ends the sweep, keeping the trainings done (those running in
    other processes are waited for); `axes`, {name: values} of what else is to be gone over, "weight_decay",
    "batch_size" or "width", the units of every hidden layer: each is one more dimension before the seeds'.
    Raises SpecError, one sentence that names the value and what is allowed, and Unfinished, whose so_far has the
    trainings that were done, where a scheduler or a process of the executor is lost. A diverged run is inf, no error.

    >>> from optim_viz import optimizer
    >>> s = train_sweep(optimizer("sgd"), [1e-3, 0.1], batch_size=500, hidden=(8,))
    >>> s.losses.shape, s.best
    ((1, 2, 1), {'sgd': 0.1})

    Reference: Smith, Cyclical Learning Rates for Training Neural Networks (2017).
    """
    spec = check(optimizers, lrs, epochs, seeds, batch_size, hidden, final_relu, seed, data, axes)
    hooks(progress, cancel, executor)
    return run(spec, executor, progress, cancel)


def check(
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    lrs: Sequence[float] | np.ndarray,
    epochs: int = 1,
    seeds: int = 1,
    batch_size: int = 64,
    hidden: Sequence[int] = (300, 200),
    final_relu: bool = True,
    seed: int = 0,
    data: str = "",
    axes: Mapping[str, Sequence[float]] | None = None,
) -> TrainSweepSpec:
    """Return the arguments of `train_sweep` as a checked, frozen spec, or raise a SpecError."""
    base = train.check(optimizers, epochs, batch_size, hidden, final_relu, seed, seeds, data)
    for spec in base.optimizers:
        if not takes_lr(spec):
            raise SpecError("{label} takes no lr: {write}.", label=quoted(spec.label or spec.kind), write=WRITE)
    try:
        values = parts(lrs)
    except TypeError:
        raise SpecError("lrs must be a list of learning rates; got {lrs}.", lrs=quoted(lrs)) from None
    checked = tuple(float(hyperparameter(base.optimizers[0].kind, "lr").check(v, "train_sweep")) for v in values)
    asked = TrainSweepSpec(base, checked, tuple(_axis(base, str(name), v) for name, v in (axes or {}).items()))
    tasks = math.prod(asked.shape)
    if not 1 <= tasks <= MAX_TASKS:
        raise SpecError("This sweep has {tasks:,} trainings; 1 to {most:,} are possible.", tasks=tasks, most=MAX_TASKS)
    return asked


def _axis(base: NetworkSpec, name: str, values: Any) -> tuple[str, tuple[float, ...]]:
    """One axis, each of its values checked for itself."""
    one_of(name, AXES, N_("axis"))
    try:
        items = parts(values)
    except TypeError:
        raise SpecError(
            "The axis {name} must be a list of numbers; got {values}.", name=quoted(name), values=quoted(values)
        ) from None
    return name, tuple(_checked(base, name, item) for item in items)


def _checked(base: NetworkSpec, name: str, value: Any) -> float:
    if name == "weight_decay":
        for spec in base.optimizers:
            value = with_values(spec, {name: value})[name]
        return float(value)
    changes = {"batch_size": value} if name == "batch_size" else {"hidden": (value,) * len(base.hidden)}
    made = train.check(**(vars(base) | changes))
    return made.batch_size if name == "batch_size" else made.hidden[0]


def run(
    spec: TrainSweepSpec,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    seen: Callable[[TrainSweep], None] | None = None,
) -> TrainSweep:
    """Run a checked spec; equal specs give equal numbers, whichever executor runs them.

    `seen` is called with what is done so far after every training. Raises Unfinished, with that, where a training or
    whoever runs them is lost.
    """
    cancel = cancel or threading.Event()
    shape = spec.shape
    losses, accuracies, done = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape, bool)

    def so_far() -> TrainSweep:
        return TrainSweep(spec, losses.copy(), accuracies.copy(), done.copy(), not done.all())

    with contextlib.ExitStack() as stack:
        pool = executor if executor is not None else stack.enter_context(executors.executor())
        tasks = executors.completed(pool, lambda task: (train_one, spec.training(task)), spec.tasks, progress, cancel)
        for task, future in stack.enter_context(contextlib.closing(tasks)):
            result = executors.outcome(future, lambda why: _unfinished(so_far(), why))
            if result is not None:
                (losses[task], accuracies[task]), done[task] = result, True
                if seen is not None:
                    seen(so_far())
    if not done.all() and not cancel.is_set():
        raise _unfinished(so_far(), executors.SCHEDULER_LOST)
    return so_far()


def _unfinished(done: TrainSweep, why: str) -> Unfinished:
    return Unfinished(
        N_("{count} of {all} trainings were done when {why}.", count=done.done.sum(), all=done.done.size, why=why), done
    )


def train_one(spec: NetworkSpec, cancel: threading.Event | None = None) -> tuple[float, float] | None:
    """One task: train, and return test loss and accuracy after the last step; None when it was cancelled."""
    try:
        (single,) = train.run(spec, cancel=cancel).runs
    except StrangerError as error:  # of its numbers, on the way, it is as good as diverged
        if not error.diverged:
            raise
        return np.inf, 0.0
    if single.outcome is TrainingOutcome.CANCELLED:
        return None
    if single.outcome is TrainingOutcome.DIVERGED:
        return np.inf, 0.0
    return float(single.test_losses[-1]), float(single.test_accuracies[-1])
