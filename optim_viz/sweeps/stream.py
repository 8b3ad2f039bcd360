"""Sweeps too large for memory, or too long for one sitting: results go to Parquet files, part by part, and go on there.

A part is written beside its place and then put there at once, so that what bears its name is whole, whenever the power
goes. Parts have the same runs and the same bytes whoever computes them.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.executor import SCHEDULER_LOST, completed, outcome
from optim_viz.language import N_
from optim_viz.optimizers.identity import identity
from optim_viz.optimizers.own import OWN
from optim_viz.progress import Unfinished
from optim_viz.settings import threads
from optim_viz.spec import SpecError, Surface, SweepSpec, hooks, path_of, quoted
from optim_viz.surfaces.descent import AnyOptimizer
from optim_viz.sweeps import batch, sweep
from optim_viz.sweeps.batch import MOST_WORKERS, PART, Part, Span
from optim_viz.sweeps.cells import places
from optim_viz.sweeps.groups import is_outer

if TYPE_CHECKING:
    import pandas as pd

#: Runs of one sweep, all seeds together: a hundred bytes of Parquet each at most.
MOST_RUNS = 10**9
#: The file that says which sweep a folder holds, and how it is cut.
NOTE = "sweep.json"
#: Parts under way at an executor: ten MB each.
UNDER_WAY = 16


@dataclass(frozen=True)
class SweepFiles:
    """A folder of Parquet files: the runs of a sweep, all of them or those that are done."""

    spec: SweepSpec
    folder: Path
    part: int  # runs a file

    @property
    def spans(self) -> list[Span]:
        """The numbers of the runs of each file."""
        return batch.parts(self.spec.runs, self.part)

    def path(self, span: Span) -> Path:
        """Where a part is, once it is done."""
        return self.folder / f"runs-{span[0]:010d}.parquet"

    @property
    def done(self) -> list[Span]:
        """The parts that are there."""
        return [span for span in self.spans if self.path(span).exists()]

    @property
    def complete(self) -> bool:
        """Whether every run is there."""
        return len(self.done) == len(self.spans)

    def frames(self) -> Iterator[pd.DataFrame]:
        """Yield the parts as pandas DataFrames, one row per run: a few MB each, however many there are."""
        return (_read(self.path(span)) for span in self.done)

    @property
    def best(self) -> dict[str, float]:
        """The row of the lowest final loss: seed, axis values and results. Of equals the first."""
        rows = (frame.iloc[int(frame["final_loss"].to_numpy().argmin())] for frame in self.frames())
        found = min(rows, key=lambda row: row["final_loss"], default=None)
        return {} if found is None else {str(name): float(value) for name, value in found.items()}


def sweep_to(
    folder: str | Path,
    surface: str | Surface,
    optimizer: AnyOptimizer,
    axes: Mapping[str, Sequence[float] | np.ndarray],
    start: tuple[float, float] | None = None,
    steps: int = 300,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    tolerance: float = 1e-3,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> SweepFiles:
    """Run a sweep of up to 1,000,000,000 runs into a folder of Parquet files; called again, it goes on where it was.

    Problem: what takes hours is cut off some time, and what has more runs than fit into memory cannot be returned.
    Formula: as ov.sweep; a part of 262,144 runs is a file, which is there whole or not at all.

    Arguments: `folder`, a new one or that of the same sweep, whose parts that are there are not run again; `surface` to
    `tolerance` as ov.sweep has them; `executor`, any concurrent.futures.Executor (left out: threads here): its parts
    come back here to be written, so that its machines need not see the folder; `progress`, called with the share that
    is there; `cancel`, an event that ends it soon, keeping whole parts. An optimizer of one's own is known again by its
    name, its code and the values that both use.
    Columns: seed, a column an axis, final_loss, steps_to, and end_x and end_y, where the run ended.
    Raises SpecError, one sentence that names the value and what is allowed, also where the folder holds another sweep;
    Unfinished where the executor is lost: its so_far are the files that are there.

    >>> import tempfile
    >>> from optim_viz import optimizer
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = sweep_to(folder, "quadratic", optimizer("sgd"), {"lr": [0.01, 0.1]}, start=(1, 1), steps=50)
    ...     files.complete, files.best["lr"]
    (True, 0.1)

    Reference: the Parquet format, https://parquet.apache.org (2013).
    """
    spec = sweep.check(
        surface, optimizer, axes, start, steps, noise, batch_size, seed, seeds, tolerance, most=MOST_RUNS
    )
    for name, _ in spec.axes:
        if is_outer(name, spec.optimizer):
            raise SpecError(
                "ov.sweep_to has no axis {name}: call it once for each of its values, each with a folder.", name=name
            )
    hooks(progress, cancel, executor)
    return run(spec, path_of(folder, "folder"), executor, progress, cancel)


def run(
    spec: SweepSpec,
    folder: str | Path,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    part: int = PART,
) -> SweepFiles:
    """Run what is missing of a checked spec; a folder that is begun keeps its own size of parts."""
    cancel = cancel or threading.Event()
    files = _opened(spec, Path(folder), part)
    there, all_ = {*files.done}, files.spans
    tell = (lambda: None) if progress is None else lambda: progress(len(there) / len(all_))
    tell()
    with closing(_computed(files, [s for s in all_ if s not in there], executor, cancel)) as found:
        for span, ends in found:
            _write(files, span, ends)
            there.add(span)
            tell()
    if len(there) < len(all_) and not cancel.is_set():
        raise _unfinished(files, SCHEDULER_LOST)
    return files


def _opened(spec: SweepSpec, folder: Path, part: int) -> SweepFiles:
    """The folder of this sweep, made or gone on with."""
    note, key = folder / NOTE, hashlib.sha256(_told_apart(spec).encode()).hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not note.exists():
            _put(note, json.dumps({"sweep": key, "runs": spec.runs, "part": part}).encode())
        said = json.loads(note.read_text("utf-8"))
        same, part = said["sweep"] == key, int(said["part"])
    except OSError as error:
        reason = error.strerror or error
        raise SpecError("{path} could not be written: {reason}.", path=quoted(str(folder)), reason=reason) from None
    except (ValueError, TypeError, KeyError):
        same = False
    if not same:
        raise SpecError("{folder} holds another sweep: choose a new folder.", folder=quoted(str(folder)))
    return SweepFiles(spec, folder, part)


def _told_apart(spec: SweepSpec) -> str:
    """A sweep as text, alike in every process and for no other sweep."""
    optimizer = spec.optimizer
    if optimizer.factory is None or optimizer.kind != OWN:
        return repr(spec)
    return repr(replace(spec, optimizer=replace(optimizer, factory=None))) + identity(optimizer.factory)


def _put(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _computed(
    files: SweepFiles, spans: list[Span], executor: Executor | None, cancel: threading.Event
) -> Generator[tuple[Span, Part], None, None]:
    """The parts that are to be run, as they are done; after a cancel none that is half done."""
    spec = files.spec
    if executor is None:
        for span in spans:
            ends = batch.run_here(spec, True, span, min(threads(), MOST_WORKERS), None, cancel)
            if not ends[3].all():
                return
            yield span, ends
        return
    tasks = completed(executor, lambda span: (batch.run_part, spec, True, span), spans, None, cancel, UNDER_WAY)
    with closing(tasks):
        for span, future in tasks:
            ends = outcome(future, lambda why: _unfinished(files, why))
            if ends[3].all():
                yield span, ends


def _unfinished(files: SweepFiles, why: str) -> Unfinished:
    runs = sum(high - low for low, high in files.done)
    told = N_("{count:,} of {all:,} runs were done when {why}.", count=runs, all=files.spec.runs, why=why)
    return Unfinished(told, files)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(path, engine="pyarrow")
    except (OSError, pa.ArrowInvalid):
        raise SpecError(
            "{path} is damaged, or cannot be read: delete it, and ov.sweep_to runs what it held again.",
            path=quoted(str(path)),
        ) from None


def _write(files: SweepFiles, span: Span, ends: Part) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    pq.write_table(pa.table(_columns(files.spec, span, ends)), file)
    try:
        _put(files.path(span), file.getvalue())
    except OSError as error:
        reason = error.strerror or error
        raise SpecError(
            "{path} could not be written: {reason}.", path=quoted(str(files.path(span))), reason=reason
        ) from None


def _columns(spec: SweepSpec, span: Span, ends: Part) -> dict[str, Any]:
    seeds, cells = np.divmod(np.arange(*span), spec.cells)
    where = places(spec, cells)
    losses, points, steps_to, _, _ = ends
    axes = {name: np.array(values)[place] for (name, values), place in zip(spec.axes, where, strict=True)}
    results = {"final_loss": losses, "steps_to": steps_to, "end_x": points[0], "end_y": points[1]}
    return {"seed": np.array(spec.each_seed)[seeds], **axes, **results}
