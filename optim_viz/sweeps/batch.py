"""Batches: many runs of one optimizer, in blocks that fit a core's cache, on all cores, with progress and cancel.

Those of an optimizer without a rule are blocks of one (`singles`), in one thread: no two of them step at once.

Runs are numbered seed after seed, and in each seed cell after cell. A block makes its own starts and hyperparameters
from its numbers, so memory grows with the results alone.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.executor import SCHEDULER_LOST, completed, outcome
from optim_viz.language import N_
from optim_viz.optimizers.clipping import CLIPPING, bounds
from optim_viz.optimizers.cycled import cycled
from optim_viz.optimizers.plateau import PlateauRates
from optim_viz.optimizers.specs import has_rule
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.progress import Unfinished
from optim_viz.settings import threads
from optim_viz.spec import SweepSpec
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.oracles import Oracle, batch_indices, draws
from optim_viz.surfaces.surface import dataset
from optim_viz.sweeps.backends import LEAST, Backend, backend_for
from optim_viz.sweeps.cells import axis_arrays, cell_values, places
from optim_viz.sweeps.cuda import Block, Kernel
from optim_viz.sweeps.cuda_check import kernel_for
from optim_viz.sweeps.rates import as_seen, rates_of
from optim_viz.sweeps.singles import Singles, spread
from optim_viz.sweeps.steps import reused_steps
from optim_viz.sweeps.tracker import Tracker
from optim_viz.threads import Shared, in_threads

#: Steps between two looks at whether to stop.
LOOK = 64
#: Threads at most: on 16 cores, 512 x 512 runs took 0.52 s on 8 of them and 1.43 s on 16, which wait for Python's lock.
MOST_WORKERS = 8
#: Runs that an executor is given at once, at most: 10 MB of results; into how many parts a smaller sweep is cut; and
#: how many of them may be under way, so that results that nobody has fetched cannot fill a scheduler.
PART, PARTS, AT_ONCE = 1 << 18, 32, 64


@dataclass(frozen=True, eq=False)
class Ends:
    """How the runs ended, in arrays of [seeds, cells] (points: [2, seeds, cells])."""

    losses: np.ndarray  # float64, the full loss at the end; inf where anything overflowed on the way
    points: np.ndarray  # float64
    steps_to: np.ndarray  # float64, the first step within the tolerance; inf: never, or not watched
    done: np.ndarray  # bool, False where a cancel came first
    spread: np.ndarray  # float64, the diagonal of the box that the last tenth of the run stays in; NaN: overflowed


def run_all(
    spec: SweepSpec,
    watch: bool = True,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    backend: Backend | None = None,
    block: int | None = None,
    executor: Executor | None = None,
) -> Ends:
    """Run every cell of a checked spec once per seed; without draws once, and the seeds share the result.

    `watch` looks at the loss of every step (for steps_to, and for a loss that overflows on the way), else only at the
    last; `progress` is called with the share that is done about ten times a second, in this thread. An `executor` runs
    it in parts, with the same bits; Unfinished, with what was done, where it is lost.
    """
    if executor is not None:
        return _elsewhere(spec, watch, executor, progress, cancel or threading.Event())
    workers = min(threads(), MOST_WORKERS)
    return _ends(spec, run_here(spec, watch, (0, spec.runs), workers, progress, cancel, backend, block))


#: How some runs ended: losses, points, steps_to, done and spread, as Ends has them, with one last dimension of runs.
Part = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
#: Numbers of runs, from the first to before the last.
Span = tuple[int, int]


def run_part(spec: SweepSpec, watch: bool, span: Span, cancel: threading.Event | None = None) -> Part:
    """One task: run some numbers of a checked spec in this thread."""
    return run_here(spec, watch, span, 1, None, cancel)


def run_here(
    spec: SweepSpec,
    watch: bool,
    span: Span,
    workers: int,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    backend: Backend | None = None,
    block: int | None = None,
) -> Part:
    """Run some numbers of a checked spec in so many threads."""
    if has_rule(spec.optimizer):
        backend = backend or backend_for(spec)
        work: _Work | Singles = _Work(spec, watch, backend, span, kernel_of(spec, backend, watch))
        size = block or block_size(spec, backend, workers)
        starts: Sequence[int] = range(*span, size)
    else:
        work, size, workers = Singles(spec, watch, span[0], span[1] - span[0]), 1, 1
        starts = spread(range(*span), spec.cells)
    waiting = Shared(starts)

    def blocks(stopped: Callable[[], bool]) -> None:
        for low in waiting:
            if stopped():
                return
            work.block(low, min(low + size, span[1]), stopped)

    def report() -> None:
        if progress is not None:
            progress(work.fraction)

    in_threads(blocks, min(workers, len(starts)), report if progress else None, cancel)
    report()
    return work.losses, work.points, work.steps_to, work.done, work.spread


def kernel_of(spec: SweepSpec, backend: Backend, watch: bool = True) -> Kernel | None:
    """Return the kernel that does a checked sweep on a backend's device, None where there is none to be trusted."""
    return kernel_for(spec, watch, backend, _whole)


def _whole(spec: SweepSpec, watch: bool, backend: Backend, kernel: Kernel | None) -> Part:
    """All runs of a small sweep as one block."""
    work = _Work(spec, watch, backend, (0, spec.runs), kernel)
    work.block(0, spec.runs, lambda: False)
    return work.losses, work.points, work.steps_to, work.done, work.spread


def _ends(spec: SweepSpec, part: Part) -> Ends:
    """All runs by seed and cell."""
    shape = (spec.seeds, spec.cells)
    return Ends(*(np.broadcast_to(a.reshape(*a.shape[:-1], -1, spec.cells), (*a.shape[:-1], *shape)) for a in part))


def _elsewhere(
    spec: SweepSpec,
    watch: bool,
    executor: Executor,
    progress: Callable[[float], None] | None,
    cancel: threading.Event,
) -> Ends:
    """Have the runs done in parts by an executor."""
    whole = _blank(spec.runs)

    def lost(why: str) -> Unfinished:
        told = N_("{count:,} of {all:,} runs were done when {why}.", count=int(whole[3].sum()), all=spec.runs, why=why)
        return Unfinished(told, _ends(spec, whole))

    least = LEAST if has_rule(spec.optimizer) else 1
    spans = parts(spec.runs, max(least, min(PART, math.ceil(spec.runs / PARTS))))
    tasks = completed(executor, lambda span: (run_part, spec, watch, span), spans, progress, cancel, AT_ONCE)
    for (low, high), future in tasks:
        for array, made in zip(whole, outcome(future, lost), strict=True):
            array[..., low:high] = made
    if not whole[3].all() and not cancel.is_set():
        raise lost(SCHEDULER_LOST)
    return _ends(spec, whole)


def parts(runs: int, size: int) -> list[Span]:
    """Return the numbers of runs in parts of a size.

    >>> parts(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(low, min(low + size, runs)) for low in range(0, runs, size)]


def blank_ends(spec: SweepSpec) -> Ends:
    """All runs by seed and cell, of which nothing is known yet."""
    blank = _blank(spec.seeds * spec.cells)
    return Ends(*(array.reshape(*array.shape[:-1], spec.seeds, spec.cells) for array in blank))


def _blank(runs: int) -> Part:
    """Runs of which nothing is known yet."""
    empty, never = np.full((2, runs), np.nan), np.full((2, runs), np.inf)
    return never[0], empty, never[1], np.zeros(runs, bool), np.full(runs, np.nan)


def block_size(spec: SweepSpec, backend: Backend, workers: int) -> int:
    """How many runs a block has: as many as are fast together, fewer where a worker would have none.

    >>> from optim_viz import optimizer, sweep
    >>> from optim_viz.sweeps.backends import numpy_backend
    >>> spec = sweep("quadratic", optimizer("sgd"), {"lr": [0.1] * 100_000}, steps=1).spec
    >>> [block_size(spec, numpy_backend(spec), workers) for workers in (1, 4, 64)]
    [32768, 25000, 8192]
    """
    most, least = (max(256, runs // examples_at_once(spec)) for runs in (backend.block, backend.least))
    return min(most, max(least, math.ceil(spec.runs / workers)))


def examples_at_once(spec: SweepSpec) -> int:
    """How many examples every run looks at in a step: a block has as many fewer runs.

    >>> from optim_viz import optimizer, sweep
    >>> examples_at_once(sweep("quadratic", optimizer("sgd"), {"lr": [0.1]}).spec)
    1
    """
    return spec.batch_size or (len(dataset(spec.surface)) if spec.surface.data else 1)


class _Work:
    """The results of a batch, and how one block of it is run."""

    def __init__(self, spec: SweepSpec, watch: bool, backend: Backend, span: Span, kernel: Kernel | None) -> None:
        self.spec, self.watch, self.backend, self.kernel = spec, watch, backend, kernel
        self.row = OPTIMIZERS[spec.optimizer.kind]
        self.steps_done, self.first, self.runs = 0, span[0], span[1] - span[0]
        self.losses, self.points, self.steps_to, self.done, self.spread = _blank(self.runs)
        each = [spec.of_seed(i) for i in range(spec.runs // spec.cells)]
        noise, indices = [draws(s) for s in each], [batch_indices(s) for s in each]
        self.noise = np.stack([n for n in noise if n is not None], -1) if spec.noise else None  # [steps, 2, seeds]
        # [steps, seeds, batch_size]
        self.batches = np.stack([i for i in indices if i is not None], 1) if spec.batch_size else None
        self.examples = dataset(spec.surface) if spec.batch_size else None
        self.best = lowest(spec.surface) if watch else 0.0
        self.axes = axis_arrays(spec)

    @property
    def fraction(self) -> float:
        """The share of all steps of all runs that is done."""
        return self.steps_done / (self.runs * self.spec.steps)

    def block(self, low: int, high: int, stopped: Callable[[], bool]) -> None:
        """Run numbers low to high - 1 and write down how they ended, unless they are stopped before."""
        tracker, going = self._stepping(low, high) if self.kernel is None else self._launches(low, high, self.kernel)
        done, theta = 0, None
        for t, theta in going:  # noqa: B007 - the last is where the runs end
            self.steps_done += (high - low) * (t - done)
            done = t
            if stopped():
                return
        part, ends = slice(low - self.first, high - self.first), tracker.end(theta, self.backend.gradient)
        for array, made in zip((self.losses, self.steps_to, self.points, self.spread), ends, strict=True):
            self.backend.get(made, array[..., part])
        self.done[part] = True

    def _stepping(self, low: int, high: int) -> tuple[Tracker, Iterator[tuple[int, Any]]]:
        """What runs a block step by step, and what is seen of it."""
        seeds, cells = np.divmod(np.arange(low, high), self.spec.cells)
        where, changed = cell_values(self.spec, cells, self.axes)
        starts = self.backend.put(where)
        tracker = self._tracker(starts)
        return tracker, self._steps(seeds, starts, changed, tracker)

    def _launches(self, low: int, high: int, kernel: Kernel) -> tuple[Tracker, Iterator[tuple[int, Any]]]:
        """What runs a block by a kernel, and what is seen of it."""
        block = self._given(low, high)
        tracker = self._tracker(block.starts)
        return tracker, kernel.steps(self.spec, block, tracker, self.backend.xp, self.backend.put)

    def _tracker(self, starts: Any) -> Tracker:
        """What is seen of runs from these starts, [n, 2]."""
        goal, forgets = (self.best, self.spec.tolerance) if self.watch else None, self.row.forgets
        value, backend = self._value(starts), self.backend
        return Tracker(backend.xp, value, starts.T, self.spec.steps, goal, backend.rewrite, forgets)

    def _steps(
        self, seeds: np.ndarray, starts: Any, changed: dict[str, np.ndarray], tracker: Tracker
    ) -> Iterator[tuple[int, Any]]:
        """Run a block step by step; yield after every LOOK steps how many are done, and where the runs are."""
        optimizer, steps, put, lrs = self.spec.optimizer, self.spec.steps, self.backend.put, changed.pop("lr", None)
        seen, rates = self._oracle(seeds), rates_of(optimizer, steps, lrs, len(seeds), put)
        limits = self._bounds({row.name: changed.pop(row.name) for row in CLIPPING if row.name in changed})
        clip = limits and tuple(put(one) if np.ndim(one) else one for one in limits)
        if isinstance(rates, PlateauRates):
            quiet, plateau = seen, rates
            seen, rates = lambda full: plateau.watching(quiet(full), tracker.value), as_seen(plateau)
        on_device = {name: put(values) for name, values in changed.items()}
        gradient, xp, rewrite = self.backend.gradient, self.backend.xp, self.backend.rewrite
        cycle = cycled(optimizer, steps)
        run = reused_steps(gradient, optimizer, starts, rates, on_device, seen, xp, rewrite, clip, cycle)
        for t, (g, theta) in enumerate(run, 1):
            tracker.see(t, g, theta)
            if t % LOOK == 0 or t == steps:
                yield t, theta

    def _given(self, low: int, high: int) -> Block:
        """What a kernel is given, worked out on its device; rates by the values of their axis, not by run."""
        spec, xp, lrs = self.spec, self.backend.xp, self.axes.get("lr")
        numbers = xp.arange(low, high)
        cells = numbers % spec.cells
        limits = self._bounds({row.name: self.axes[row.name] for row in CLIPPING if row.name in self.axes})
        clip = dict(zip((row.name for row in CLIPPING), limits or (), strict=False))
        axes = {name: self.backend.put(clip.pop(name, axis)) for name, axis in self.axes.items()}
        starts, changed = cell_values(spec, cells, axes, xp)
        lane = None if lrs is None else places(spec, cells, xp)[[*axes].index("lr")]
        rates = rates_of(spec.optimizer, spec.steps, lrs, 0 if lrs is None else len(lrs), lambda array: array)
        return Block(starts, changed | clip, rates, lane, numbers // spec.cells, self.noise, self.batches)

    def _bounds(self, own: dict[str, np.ndarray]) -> tuple[Any, Any] | None:
        """The bounds on gradients, some of them arrays."""
        return bounds(dict(self.spec.optimizer.clip) | own)

    def _oracle(self, seeds: np.ndarray) -> Callable[[Oracle], Oracle]:
        """What makes the gradient that the runs of these seeds see out of the full one.

        Of one seed, noise is a number and a batch a row.
        """
        of_batch, put = self.backend.gradient, self.backend.put
        pick: Any = int(seeds[0]) if seeds[0] == seeds[-1] else seeds
        noise, batches, examples = self.noise, self.batches, self.examples

        def oracle(full: Oracle) -> Oracle:
            quiet = full
            if batches is not None and examples is not None:
                columns = np.ascontiguousarray(examples.T)
                quiet = lambda t, x, y: of_batch(t, x, y, put(columns[:, batches[t - 1, pick]]))  # noqa: E731
            return quiet if noise is None else functools.partial(noisy, quiet, noise)

        def noisy(quiet: Oracle, noise: np.ndarray, t: int, x: Any, y: Any) -> tuple[Any, Any]:
            gx, gy = quiet(t, x, y)
            nx, ny = noise[t - 1][:, pick]
            return (gx + float(nx), gy + float(ny)) if isinstance(pick, int) else (gx + put(nx), gy + put(ny))

        return oracle

    def _value(self, starts: Any) -> Callable[[int, Any, Any], Any]:
        """The full loss, written to the same memory at every call."""
        value, (x, y) = self.backend.value, starts.T
        call = self.backend.rewrite(lambda t, x, y: (value(t, x, y),), (0, x, y), (self.backend.xp.empty_like(x),))
        return lambda t, x, y: call(t, x, y)[0]
