"""The learning-rate curve on the network: whole trainings as pure tasks, through any executor."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network import executor as executors
from optim_viz.network import train
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.specs import hyperparameter, looks, with_values
from optim_viz.progress import Unfinished
from optim_viz.spec import NetworkSpec, OptimizerSpec, SpecError, quoted, unique_labels
from optim_viz.threads import POLL

if TYPE_CHECKING:
    import pandas as pd


MAX_TASKS = 2000
Task = tuple[int, int, int]  # the number of the optimizer, of the learning rate, of the seed


@dataclass(frozen=True)
class TrainSweepSpec:
    """What `optim_viz.train_sweep` is asked for: the training, and the learning rates that replace its optimizers'."""

    network: NetworkSpec
    lrs: tuple[float, ...]

    @property
    def tasks(self) -> list[Task]:
        """All trainings, seed after seed and rate after rate, so that all curves grow together."""
        counts = self.network.seeds, len(self.lrs), len(self.network.optimizers)
        return [(o, r, s) for s, r, o in itertools.product(*map(range, counts))]

    @property
    def steps_in_all(self) -> int:
        """The gradient evaluations of all trainings together: one a step, but for L-BFGS."""
        each = sum(map(looks, self.network.optimizers)) * self.network.epochs * train.steps_per_epoch(self.network)
        return each * self.network.seeds * len(self.lrs)

    def training(self, task: Task) -> NetworkSpec:
        """The one run of a task, as ov.train would be asked for it."""
        optimizer, rate, seed = task
        single = with_values(self.network.optimizers[optimizer], {"lr": self.lrs[rate]})
        return dataclasses.replace(self.network, optimizers=(single,), seed=self.network.each_seed[seed], seeds=1)


@dataclass(frozen=True, eq=False)
class TrainSweep:
    """How every optimizer does at every learning rate, once per seed. Arrays are [optimizers, lrs, seeds]."""

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
        """The median over seeds of the test loss, float64 [optimizers, lrs]."""
        return np.median(self.losses, axis=-1)

    @property
    def best(self) -> dict[str, float]:
        """Each optimizer's learning rate of the lowest median test loss; of equals the smallest."""
        return {label: self.spec.lrs[i] for label, i in zip(self.labels, self.final_loss.argmin(1), strict=True)}

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per training that was done."""
        import pandas as pd

        rows = list(itertools.product(self.labels, self.spec.lrs, self.spec.network.each_seed))
        frame = pd.DataFrame(rows, columns=["optimizer", "lr", "seed"])
        frame["test_loss"], frame["test_accuracy"] = self.losses.ravel(), self.accuracies.ravel()
        return frame[self.done.ravel()].reset_index(drop=True)


def train_sweep(
    optimizers: Sequence[OptimizerSpec] | OptimizerSpec,
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
) -> TrainSweep:
    """Train the network with every optimizer at every learning rate, and return the test losses.

    Problem: an optimizer's one good learning rate on a network is found only by trying.
    Formula: test loss after the last step of ov.train, for each optimizer, learning rate and seed.

    Arguments: `optimizers`, specs (each keeps its other hyperparameters, schedule and lr_scale); `lrs`, the learning
    rates, above 0, the same for all; `epochs`, `batch_size`, `hidden`, `final_relu`, `seed`, `seeds` and `data` as
    ov.train has them; `executor`, any concurrent.futures.Executor (left out: what network.executor gives,
    threads unless OPTIM_VIZ_SCHEDULER names a scheduler); `progress`, called with the share of trainings done about ten
    times a second in this thread; `cancel`, an event that ends the sweep, keeping the trainings done (those running in
    other processes are waited for).
    Raises SpecError, one sentence that names the value and what is allowed, and Unfinished, whose so_far has the
    trainings that were done, where a scheduler or a process of the executor is lost. A diverged run is inf, no error.

    >>> from optim_viz import optimizer
    >>> s = train_sweep(optimizer("sgd"), [1e-3, 0.1], batch_size=500, hidden=(8,))
    >>> s.losses.shape, s.best
    ((1, 2, 1), {'sgd': 0.1})

    Reference: Smith, Cyclical Learning Rates for Training Neural Networks (2017).
    """
    spec = check(optimizers, lrs, epochs, seeds, batch_size, hidden, final_relu, seed, data)
    return run(spec, executor, progress, cancel)


def check(
    optimizers: Sequence[OptimizerSpec] | OptimizerSpec,
    lrs: Sequence[float] | np.ndarray,
    epochs: int = 1,
    seeds: int = 1,
    batch_size: int = 64,
    hidden: Sequence[int] = (300, 200),
    final_relu: bool = True,
    seed: int = 0,
    data: str = "",
) -> TrainSweepSpec:
    """Return the arguments of `train_sweep` as a checked, frozen spec, or raise a SpecError."""
    base = train.check(optimizers, epochs, batch_size, hidden, final_relu, seed, seeds, data)
    for spec in base.optimizers:
        if spec.factory is not None:
            raise SpecError(
                "{label} sets its own learning rate: a sweep needs what ov.optimizer returns.", label=spec.label
            )
    try:
        values: list[Any] = list(lrs)
    except TypeError:
        raise SpecError("lrs must be a list of learning rates; got {lrs}.", lrs=quoted(lrs)) from None
    checked = tuple(float(hyperparameter(base.optimizers[0].kind, "lr").check(v, "train_sweep")) for v in values)
    tasks = len(base.optimizers) * len(checked) * base.seeds
    if not 1 <= tasks <= MAX_TASKS:
        raise SpecError("This sweep has {tasks:,} trainings; 1 to {most:,} are possible.", tasks=tasks, most=MAX_TASKS)
    return TrainSweepSpec(base, checked)


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
    shape = (len(spec.network.optimizers), len(spec.lrs), spec.network.seeds)
    losses, accuracies, done = np.full(shape, np.inf), np.zeros(shape), np.zeros(shape, bool)

    def so_far() -> TrainSweep:
        return TrainSweep(spec, losses.copy(), accuracies.copy(), done.copy(), not done.all())

    with contextlib.ExitStack() as stack:
        pool = executor if executor is not None else stack.enter_context(executors.executor())
        # An event cannot travel to another process.
        near = (cancel,) if isinstance(pool, ThreadPoolExecutor) else ()
        futures = {pool.submit(train_one, spec.training(task), *near): task for task in spec.tasks}
        try:
            for future in _completed(futures, progress, cancel):
                result = _result(future, so_far)
                if result is not None:
                    task = futures[future]
                    (losses[task], accuracies[task]), done[task] = result, True
                    if seen is not None:
                        seen(so_far())
        finally:
            for future in futures:
                future.cancel()
    if not done.all() and not cancel.is_set():
        raise _unfinished(so_far(), N_("the scheduler that ran them was lost"))
    return so_far()


def _result(future: Future[Any], so_far: Callable[[], TrainSweep]) -> tuple[float, float] | None:
    try:
        return future.result()
    except SpecError:
        raise
    except Exception as error:
        raise _unfinished(so_far(), N_("one of them ended with {error}", error=type(error).__name__)) from error


def _unfinished(done: TrainSweep, why: str) -> Unfinished:
    return Unfinished(
        N_("{count} of {all} trainings were done when {why}.", count=done.done.sum(), all=done.done.size, why=why), done
    )


def _completed(
    futures: dict[Future[Any], Task], progress: Callable[[float], None] | None, cancel: threading.Event
) -> Iterator[Future[tuple[float, float] | None]]:
    """Yield futures as they complete, reporting in between; after a cancel those that could not be stopped.

    Of those that end together failures come last.
    """
    waiting = set(futures)
    while waiting:
        ended, waiting = wait(waiting, POLL, FIRST_COMPLETED)
        yield from sorted(
            (future for future in ended if not future.cancelled()), key=lambda f: f.exception() is not None
        )
        if progress is not None:
            progress(1.0 - len(waiting) / len(futures))
        if cancel.is_set():
            waiting -= {future for future in waiting if future.cancel()}


def train_one(spec: NetworkSpec, cancel: threading.Event | None = None) -> tuple[float, float] | None:
    """One task: train, and return test loss and accuracy after the last step; None when it was cancelled."""
    single = train.run(spec, cancel=cancel).runs[0]
    if single.outcome is TrainingOutcome.CANCELLED:
        return None
    if single.outcome is TrainingOutcome.DIVERGED:
        return np.inf, 0.0
    return float(single.test_losses[-1]), float(single.test_accuracies[-1])
