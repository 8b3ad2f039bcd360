"""ov.record: what happens to any torch module in its owner's own loop, kept in bounded memory."""

from __future__ import annotations

import math
import os
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.callbacks import HuggingFace, Lightning
from optim_viz.network.edges import edge_of, hyperparameters
from optim_viz.network.module_weights import Filter, Followed, chosen, statistics
from optim_viz.network.recording import Recording
from optim_viz.network.snapshots import Snapshots
from optim_viz.spec import SpecError, flag, label_of, number, one_of, path_of, quoted, whole

if TYPE_CHECKING:
    from torch.nn import Module
    from torch.optim import Optimizer

DTYPES = ("float32", "float16")
MAX_KEEP, MAX_STEPS = 1000, 10**9
#: Numbers that wait on a GPU to be read at once: reading each would stop it every step.
WAITING = 256


class _Column:
    """One number a step; those that a GPU has yet to work out are read many at once."""

    def __init__(
        self, what: str, values: np.ndarray, low: float = -math.inf, high: float = math.inf, lost: float = math.nan
    ) -> None:
        self.what, self.low, self.high, self.lost = what, low, high, lost
        self.values, self.waiting = array("d", values.tolist()), list[tuple[int, Any]]()

    def read(self, value: Any) -> Any:
        """Return what was given as a number, NaN for None, or as the tensor that a GPU has yet to work out."""
        if value is None:
            return math.nan
        # NumPy's numbers have a device, too: the text "cpu".
        if getattr(getattr(value, "device", None), "type", "cpu") not in ("cpu", "meta") and value.numel() == 1:
            return value.detach()
        try:
            found = float(value.item() if hasattr(value, "item") else value)
        except (TypeError, ValueError, RuntimeError, OverflowError):
            raise SpecError("{what} is one number a step; got {value}.", what=self.what, value=quoted(value)) from None
        return self._checked(found)

    def add(self, found: Any) -> None:
        """Take the number of one more step, as it was read."""
        self.values.append(math.nan)
        self.put(len(self.values) - 1, found)

    def put(self, row: int, found: Any) -> None:
        """Take the number of a step that is there already, as it was read."""
        if isinstance(found, float):
            self.values[row] = found
            return
        self.waiting.append((row, found))
        if len(self.waiting) >= WAITING:
            self.settle()

    def _checked(self, value: float) -> float:
        """`lost` for what is no finite number: a loss is infinite then; what else there is, was not given."""
        if self.low <= value <= self.high and math.isfinite(value):  # at nearly every step, so without a call
            return value
        return number(value, self.what, self.low, self.high) if math.isfinite(value) else self.lost

    def settle(self) -> np.ndarray:
        """Read what waits; return all numbers, float64 [steps]."""
        if self.waiting:
            import torch

            numbers = torch.stack([value.reshape(()).double() for _, value in self.waiting]).tolist()
            rows, self.waiting = [row for row, _ in self.waiting], []
            for row, value in zip(rows, numbers, strict=True):
                self.values[row] = self._checked(value)
        return np.array(self.values)


def record(
    model: Module,
    label: str = "run",
    keep: int = 50,
    *,
    optimizer: Optimizer | None = None,
    params: Filter = None,
    dtype: str = "float32",
    folder: str | Path | None = None,
    scales: bool = False,
    resume: Recording | str | Path | None = None,
    at: int | None = None,
) -> Recorder:
    """Return a recorder of a training: call its `step` after every optimizer.step() of your own loop.

    Problem: the path of a network of one's own is to be seen, and its loop is to stay as it is.
    Formula: the weights at every stride-th step are kept; at 2 * keep of them every other is dropped, and the stride
    doubles: any length of training takes the memory of 2 * keep snapshots, and weighs a step with next to nothing.

    Arguments: `model`, any torch.nn.Module on any device; `label`, its name in pictures (one that begins with an
    optimizer's name takes its colour), at most 80 characters; `keep`, 2 to 1,000: as many snapshots are kept of any
    long run, and at most twice as many; `optimizer`, read for its learning rate and for `ov.sharpness`; `params`, which
    parameters: a function of name and parameter, or beginnings of names; all that are trained where it is left out, a
    tied one once; `dtype`, "float32" or "float16" (of the way from the start, 11 bits); `folder`, where snapshots are
    kept on disk in a file that ends with the process; `scales`, whether to keep what Adam, AdamW or RMSprop divide
    their steps by, in as much memory again; `resume`, a recording or its file to go on with, after its first `at`
    steps.
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> import torch
    >>> model = torch.nn.Linear(2, 1)
    >>> sgd, x = torch.optim.SGD(model.parameters(), lr=0.1), torch.ones(4, 2)
    >>> rec = record(model, "sgd", optimizer=sgd)
    >>> for _ in range(3):
    ...     sgd.zero_grad()
    ...     loss = model(x).square().mean()
    ...     loss.backward()
    ...     sgd.step()
    ...     rec.step(loss)
    >>> rec
    <Recorder 'sgd': 3 steps of 3 weights, 4 snapshots>

    Reference: Li, Xu, Taylor, Studer & Goldstein, Visualizing the Loss Landscape of Neural Nets (2018), section 7.
    """
    given = _resumed(resume)
    if given is None and at is not None:
        raise SpecError("at is a step of the recording to resume, and none was given; got {value}.", value=quoted(at))
    if not (optimizer is None or hasattr(optimizer, "param_groups")):
        raise SpecError("optimizer is a torch.optim.Optimizer; got {value}.", value=quoted(optimizer))
    keep = whole(keep, "keep", 2, MAX_KEEP)
    one_of(dtype, DTYPES, N_("dtype of snapshots"))
    folder = None if folder is None else path_of(folder, "folder")
    return Recorder(model, label_of(label), keep, optimizer, params, dtype, folder, flag(scales, "scales"), given, at)


def _resumed(given: Any) -> Recording | None:
    from optim_viz.network.recording_files import load

    found = load(path_of(given, "resume")) if isinstance(given, str | os.PathLike) else given
    if not (found is None or isinstance(found, Recording)):
        raise SpecError("resume is a recording or the path of one; got {value}.", value=quoted(given))
    return found


class Recorder:
    """A training as it is recorded; `recording` is what is known of it so far, a value that stays as it is."""

    def __init__(
        self,
        model: Module,
        label: str,
        keep: int,
        optimizer: Optimizer | None,
        params: Filter,
        dtype: str,
        folder: str | Path | None,
        scales: bool,
        resume: Recording | None,
        at: int | None,
    ) -> None:

        self.model, self.label, self.optimizer = model, label, optimizer
        self._followed = Followed(model, chosen(model, params))
        self.weights = self._followed.weights
        self._edge = edge_of(optimizer) if scales else None
        self._rows = Snapshots(self.weights.size, keep, dtype, folder)
        self._scales = Snapshots(self.weights.size, keep, "float32", folder) if scales else None
        self._start: np.ndarray | None = None
        self.steps = 0
        if resume is not None:
            self._resume(resume, self._check_resumed(resume, at))
        else:
            self._columns(np.zeros(0), np.zeros(0), np.zeros(0))
            self._snapshot()
        # Whether a resumed model has that step's weights is not known before its next step.
        self._seen = self._followed.versions if resume is None else []

    def _columns(self, losses: np.ndarray, lrs: np.ndarray, accuracies: np.ndarray) -> None:
        self._losses = _Column("loss", losses, lost=math.inf)
        self._lrs = _Column("lr", lrs, low=0.0)
        self._accuracies = _Column("accuracy", accuracies, 0.0, 1.0)

    def step(self, loss: Any = None, lr: Any = None, accuracy: Any = None) -> None:
        """Note a step of the loop, right after optimizer.step().

        Arguments, each a number, a tensor with one, or nothing: `loss`, as it was before the step; `lr`, which an
        `optimizer` that was given says itself; `accuracy`, 0 to 1, also at some steps alone.
        """
        if lr is None and self.optimizer is not None:
            lr = self.optimizer.param_groups[0].get("lr")
        versions = self._followed.look(self._rows.wanted(self.steps + 1))
        columns = (self._losses, loss), (self._lrs, lr), (self._accuracies, accuracy)
        read = [(column, column.read(value)) for column, value in columns]  # all, before any of them is noted
        for column, found in read:
            column.add(found)
        self.steps += 1
        if self._rows.wanted(self.steps):
            self._snapshot()
        self._seen = versions

    def note(self, loss: Any = None, accuracy: Any = None) -> None:
        """Add to the last step what became known only after it."""
        if self.steps:
            for column, value in ((self._losses, loss), (self._accuracies, accuracy)):
                if value is not None:
                    column.put(self.steps - 1, column.read(value))

    def _now(self) -> Any:
        """The weights, float32, less the start where float16 is kept."""
        now = self._followed.read()
        if self._rows.dtype == np.float16:
            import torch

            if self._start is None:
                self._start = now.numpy().copy()
            now.sub_(torch.from_numpy(self._start))
        return now

    def _snapshot(self) -> None:
        self._rows.add(self.steps, self._now())
        if self._scales is not None:
            self._scales.add(self.steps, self._scale())

    def _scale(self) -> Any:
        """What the optimizer divides by, float32 [weights]; NaN where it does not divide yet."""
        import torch

        out = torch.full((self.weights.size,), math.nan, dtype=torch.float32)
        if self._edge is None or self._edge.scale is None or self.optimizer is None:
            return out
        groups = {id(p): group for group in self.optimizer.param_groups for p in group["params"]}
        for p, span in zip(self._followed.parameters, self.weights.spans, strict=True):
            state = self.optimizer.state.get(p)
            if state and id(p) in groups:
                out[span] = self._edge.scale(state, hyperparameters(groups[id(p)])).detach().reshape(-1).float().cpu()
        return out

    @property
    def snapshot_steps(self) -> np.ndarray:
        """The steps at which weights are kept, int64 [k]."""
        return self.recording.snapshot_steps

    @property
    def losses(self) -> np.ndarray:
        """The loss of every step, float64 [steps]."""
        return self._losses.settle()

    @property
    def recording(self) -> Recording:
        """What was recorded so far. Where no weight was written since the last step, they end the path."""
        sound = self._rows.sound()
        steps, parts = self._rows.steps, [self._rows.view()[:sound]]
        scales = [self._scales.view()[:sound]] if self._scales is not None else []
        at_end = self._end() if sound == len(steps) and self.steps not in steps else None
        steps = steps[:sound]
        if at_end is not None:
            steps = np.append(steps, self.steps)
            parts.append(at_end[None])
            scales += [self._scale().numpy()[None]] if scales else []
        return Recording(
            label=self.label,
            weights=self.weights,
            losses=self._losses.settle(),
            lrs=self._lrs.settle(),
            accuracies=self._accuracies.settle(),
            snapshot_steps=steps,
            parts=tuple(parts),
            start=self._start if self._rows.dtype == np.float16 else None,
            statistics=statistics(self.model),
            optimizer=self._said(),
            scales=tuple(scales),
            module=self.model,
        )

    def _end(self) -> np.ndarray | None:
        """The weights as a row, where no weight was written since the last step and all are finite numbers."""
        if self._seen != self._followed.versions or not self._followed.fit:
            return None
        with np.errstate(over="ignore"):
            row = self._now().numpy().astype(self._rows.dtype)
        return row if np.isfinite(row).all() else None

    def _said(self) -> dict[str, Any]:
        """The optimizer's class and its numbers."""
        if self.optimizer is None:
            return {}
        return {"class": type(self.optimizer).__name__, **hyperparameters(self.optimizer.param_groups[0])}

    def lightning(self) -> Lightning:
        """Return it as a callback: lightning.Trainer(callbacks=[recorder.lightning()])."""
        return Lightning(self)

    def hugging_face(self) -> HuggingFace:
        """Return it as a callback: transformers.Trainer(model, callbacks=[recorder.hugging_face()], ...)."""
        return HuggingFace(self)

    def save(self, path: str | Path, plane: Any = None, weights: bool = True, sharpness: Any = None) -> None:
        """Write what was recorded so far to a .safetensors file that `ov.load` reads; see `Recording.save`."""
        self.recording.save(path, plane, weights, sharpness)

    def _check_resumed(self, given: Recording, at: int | None) -> int:
        if given.weights != self.weights:
            raise SpecError(
                "The recording has {count:,} weights, this model {own:,}, or they have other names or shapes: "
                "it cannot go on.",
                count=given.weights.size,
                own=self.weights.size,
            )
        return given.steps if at is None else whole(at, "at", 0, given.steps)

    def _resume(self, given: Recording, steps: int) -> None:
        """Take over the first `steps` steps of a recording."""
        import torch

        given.snapshot(0)  # which says so where there is none
        self._columns(given.losses[:steps], given.lrs[:steps], given.accuracies[:steps])
        self.steps, kept = steps, given.snapshot_steps
        self._start = given.snapshot(0) if self._rows.dtype == np.float16 else None
        if len(kept) > 2:
            self._rows.stride = int(kept[1] - kept[0])
        for i, step in enumerate(kept.tolist()):
            if step <= steps and self._rows.wanted(step):
                row = torch.from_numpy(given.snapshot(i))
                self._rows.add(step, row if self._start is None else row - torch.from_numpy(self._start))
                if self._scales is not None:
                    self._scales.stride = self._rows.stride
                    scale = given.scale(i)
                    self._scales.add(step, torch.full_like(row, math.nan) if scale is None else torch.from_numpy(scale))

    def __repr__(self) -> str:
        known = self.recording
        return (
            f"<Recorder {self.label!r}: {self.steps:,} steps of {self.weights.size:,} weights, "
            f"{len(known.snapshot_steps)} snapshots>"
        )
