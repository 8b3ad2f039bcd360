"""Is a kernel's word to be taken? Its results are held to NumPy's before the first sweep that it does in a process."""

from __future__ import annotations

import dataclasses
import logging
import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz import log
from optim_viz.spec import SweepSpec
from optim_viz.sweeps.backends import Backend, numpy_backend
from optim_viz.sweeps.cells import cell_values
from optim_viz.sweeps.cuda import Kernel, Launch
from optim_viz.sweeps.cuda_source import Source, source_of

#: Cells that are looked at, spread over the sweep, and seeds of each; and for how many steps, at most: fewer where
#: most runs of the sample overflow or are chaotic by then.
CELLS, SEEDS, HORIZONS = 48, 3, (200, 20, 4)
#: Steps of a launch meanwhile, so that what is handed from one to the next is looked at, too.
AT_ONCE = 7
#: How far results may be from NumPy's, as a share of them (of 1 where they are less).
CLOSE = 1e-9
#: A run is chaotic that comes out farther than this from itself when its steps look one rounding aside.
CHAOTIC = 1e-12

#: (spec, watch, backend, kernel) -> how its runs ended, as batch.Part has it
Run = Callable[[SweepSpec, bool, Backend, Kernel | None], tuple[np.ndarray, ...]]

_KNOWN: dict[tuple[Any, str], Launch | None] = {}  # by what compiled it and its source; None: it is not to be trusted
_MOST_KNOWN = 256
_LOCK = threading.Lock()


def kernel_for(spec: SweepSpec, watch: bool, backend: Backend, run: Run) -> Kernel | None:
    """Return the kernel that does a checked sweep on a backend's device; None: it goes step by step.

    There is none where the device takes no CUDA source, or the sweep has operations that the source has not; and none
    that could not be compiled, or whose results on a sample of the sweep are not NumPy's: then the log says so.
    """
    source = source_of(spec, watch) if backend.compiler else None
    if source is None:
        return None
    key = (backend.compiler, source.text)
    with _LOCK:
        if key in _KNOWN:
            launch = _KNOWN[key]
        else:
            launch, decided = _tried(spec, watch, backend, source, run)
            if decided:
                _KNOWN[key] = launch
            if len(_KNOWN) > _MOST_KNOWN:
                _KNOWN.pop(next(iter(_KNOWN)))
    return None if launch is None else Kernel(source, launch)


def _tried(spec: SweepSpec, watch: bool, backend: Backend, source: Source, run: Run) -> tuple[Launch | None, bool]:
    """What launches a source, if its results are NumPy's, and whether that holds for other sweeps as well."""
    refused = "The GPU goes step by step, without its kernel: "
    kind = spec.optimizer.kind
    try:
        launch = backend.compiler(source.text)  # type: ignore[misc] # there is one
        off = disagreement(spec, watch, backend, Kernel(source, launch, AT_ONCE), run)
    except Exception as error:  # noqa: BLE001 - whatever it was, tensors can do it
        log.event(refused + "it could not be compiled or run.", logging.WARNING, error, optimizer=kind)
        return None, True
    if off is None:
        log.event(refused + "no sample tells whether it is right.", logging.WARNING, optimizer=kind)
        return None, False
    if off > CLOSE:
        log.event(refused + "its results are not NumPy's.", logging.WARNING, optimizer=kind, difference=f"{off:.1e}")
        return None, True
    return launch, True


def disagreement(spec: SweepSpec, watch: bool, backend: Backend, kernel: Kernel, run: Run) -> float | None:
    """How far a kernel's results on a sample of a sweep are from NumPy's, at most; None where no sample tells.

    At least half of the runs must end finite in NumPy, and not be chaotic.
    """
    for horizon in HORIZONS:
        small = _sample(spec, horizon)
        plain = numpy_backend(small)
        expected, moved = (run(small, watch, one, None) for one in (plain, rounded_otherwise(plain)))
        steady = apart(expected, moved) <= CHAOTIC
        off = apart(expected, run(small, watch, backend, kernel))[steady].max(initial=0.0)
        if off > CLOSE or 2 * (steady & np.isfinite(expected[0])).sum() >= len(steady):
            return float(off)
    return None


def rounded_otherwise(backend: Backend) -> Backend:
    """Return a backend whose steps ask for the gradient a rounding beside where they are, here or there."""
    ask = backend.gradient

    def gradient(t: Any, x: Any, y: Any, *batch: Any) -> Any:
        aside = math.ulp(1.0) * math.sin(1.0 * t * t)  # as irregular as rounding is: the same shift would show less
        return ask(t, x + aside * (1.0 + abs(x)), y + aside * (1.0 + abs(y)), *batch)

    return dataclasses.replace(backend, gradient=gradient)


def _sample(spec: SweepSpec, horizon: int) -> SweepSpec:
    """Some cells and seeds of a sweep, for so many steps at most."""
    chosen = np.unique(np.linspace(0, spec.cells - 1, CELLS).astype(int))
    starts, changed = cell_values(spec, chosen)
    columns = {name: changed[name] for name, _ in spec.axes if name in changed} | dict(zip("xy", starts.T, strict=True))
    axes = tuple((name, tuple(column.tolist())) for name, column in columns.items())
    steps, seeds = min(spec.steps, horizon), min(spec.seeds, SEEDS)
    return dataclasses.replace(spec, axes=axes, paired=True, steps=steps, seeds=seeds)


def apart(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> np.ndarray:
    """How far two ways to do the same runs are apart, [runs]: as a share of the results; inf: one alone is finite."""
    a, b = (np.stack([losses, *points, steps_to, spread]) for losses, points, steps_to, _, spread in (one, other))
    with np.errstate(invalid="ignore"):
        off = np.abs(a - b) / np.maximum(np.abs(a), 1.0)
    both, neither = np.isfinite(a) & np.isfinite(b), ~(np.isfinite(a) | np.isfinite(b))
    return np.where(both, off, np.where(neither, 0.0, np.inf)).max(axis=0)
