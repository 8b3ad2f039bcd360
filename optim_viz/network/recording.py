"""What the recording of a training gives back: Recording (one run of any torch module) and Recordings (several)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.module_weights import Shapes
from optim_viz.network.snapshots import let_go
from optim_viz.optimizers.styles import kinds_of
from optim_viz.spec import SpecError, nearest, quoted, unique

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from torch.nn import Module

    from optim_viz.network.curvature import Sharpness
    from optim_viz.network.plane import Plane

#: Recordings that one picture may show.
MAX_RECORDINGS = 8


@dataclass(frozen=True, eq=False)
class Recording:
    """One training of any torch module, as `ov.record` saw it: numbers of every step, and snapshots of the weights.

    What was not given at a step is NaN there; a loss that was no finite number is inf.
    """

    label: str
    weights: Shapes  # which weights were recorded
    losses: np.ndarray  # float64 [steps], before the step
    lrs: np.ndarray  # float64 [steps], the learning rate of the step
    accuracies: np.ndarray  # float64 [steps], 0 to 1
    snapshot_steps: np.ndarray  # int64 [k], how many steps had been taken
    parts: tuple[np.ndarray, ...]  # one below the other [k, weights]: snapshots, float32; or float16, less `start`
    start: np.ndarray | None  # float32 [weights] where parts are less it
    statistics: dict[str, np.ndarray] = field(default_factory=dict)  # BatchNorm's, by name, at the end
    optimizer: dict[str, Any] = field(default_factory=dict)  # torch's class as "class", and its hyperparameters
    scales: tuple[np.ndarray, ...] = ()  # as parts, float32: what an adaptive optimizer divides its steps by
    module: Module | None = None  # who computes; None for one that was loaded without it
    plane: Plane | None = None  # the plane that was saved with it
    sharpness: Sharpness | None = None  # the sharpness that was saved with it

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.losses)

    @property
    def diverged(self) -> bool:
        """Whether a loss was no finite number."""
        return bool(np.isinf(self.losses).any())

    @property
    def outcome_step(self) -> int:
        """The step at which it ended, or diverged."""
        return int(np.argmax(np.isinf(self.losses))) if self.diverged else self.steps

    @property
    def status(self) -> str:
        """How it ended, in a few words."""
        if self.diverged:
            return N_("{ended} at step {step:,}", ended=N_("diverged"), step=self.outcome_step)
        return N_("{steps:,} steps recorded", steps=self.steps)

    @property
    def held(self) -> bool:
        """Whether there are weights: a file may have been written without them, or they were no numbers at all."""
        return len(self.snapshot_steps) > 0

    def snapshot(self, i: int) -> np.ndarray:
        """The weights of snapshot i, float32 [weights]; SpecError where they are not here."""
        if not self.held:
            raise SpecError(
                "{label} has no weights: its file was written without them, or they were no numbers from the start.",
                label=quoted(self.label),
            )
        return _row(self.parts, i, self.start)

    def scale(self, i: int) -> np.ndarray | None:
        """What the optimizer divided by at snapshot i, float32 [weights]; None where that was not recorded."""
        return _row(self.scales, i, None) if self.scales else None

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per step; what was not given at a step is NaN."""
        import pandas as pd

        columns = {"step": np.arange(self.steps), "loss": self.losses, "lr": self.lrs, "accuracy": self.accuracies}
        return pd.DataFrame({"optimizer": self.label, **columns})

    def save(
        self, path: str | Path, plane: Plane | None = None, weights: bool = True, sharpness: Sharpness | None = None
    ) -> None:
        """Write it to a .safetensors file that `ov.load` reads, with a plane through it and its sharpness if there are.

        Without `weights` the file is small, however large the network: the app's page Network opens it all the same.
        Raises SpecError where nothing can be written.
        """
        from optim_viz.network.recording_files import save

        save(self, path, plane, weights, sharpness)

    def __repr__(self) -> str:
        return (
            f"<Recording {self.label!r}: {self.steps:,} steps of {self.weights.size:,} weights, "
            f"{len(self.snapshot_steps)} snapshots>"
        )


def _row(parts: Sequence[np.ndarray], i: int, start: np.ndarray | None) -> np.ndarray:
    """Row i of arrays that lie one below the other, float32, and what they are less."""
    import torch  # converts float16 many times faster than NumPy

    i = i + sum(len(part) for part in parts) if i < 0 else i
    for part in parts:
        if i < len(part):
            row = torch.from_numpy(np.ascontiguousarray(part[i])).float().numpy()
            let_go(part)
            return row if start is None else start + row
        i -= len(part)
    raise IndexError("There is no such snapshot.")


@dataclass(frozen=True, eq=False)
class Recordings:
    """Recordings of trainings of one module, as one picture shows them; no two have one label."""

    runs: tuple[Recording, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The recordings' labels; the second "adam" is "adam 2"."""
        return tuple(run.label for run in self.runs)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The optimizer that each is drawn as."""
        return kinds_of(self.labels)

    @property
    def steps(self) -> int:
        """The steps of the longest."""
        return max(run.steps for run in self.runs)

    @property
    def plane(self) -> Plane | None:
        """The plane that was saved with them."""
        return self.runs[0].plane

    @property
    def sharpness(self) -> Sharpness | None:
        """The sharpness that was saved with them."""
        return self.runs[0].sharpness

    @property
    def module(self) -> Module:
        """Who computes; SpecError where no recording has its model."""
        for run in self.runs:
            if run.module is not None:
                return run.module
        raise SpecError("A file holds no model: ov.load(path, model) takes the one that was recorded.")

    def __getitem__(self, label: str) -> Recording:
        found = [run for run in self.runs if run.label == label]
        if not found:
            raise SpecError(
                "No recording is labelled {label}; {hint}", label=quoted(label), hint=nearest(label, self.labels)
            )
        return found[0]

    def __iter__(self) -> Iterator[Recording]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per recording and step."""
        import pandas as pd

        return pd.concat([run.to_frame() for run in self.runs], ignore_index=True)


def is_recorded(given: Any) -> bool:
    """Whether this is a recorder, a recording, or a list of them."""
    many = given if isinstance(given, list | tuple) else [given]
    return isinstance(given, Recordings) or (bool(many) and all(_one(item) is not None for item in many))


def _one(given: Any) -> Recording | None:
    """A recording, or that of a recorder."""
    found = getattr(given, "recording", given)
    return found if isinstance(found, Recording) else None


def gathered(given: Any) -> Recordings:
    """Return recorders and recordings as one value; SpecError where there are none, too many, or of other weights."""
    if isinstance(given, Recordings):
        return given
    if not is_recorded(given):
        raise SpecError(
            "Give what ov.record or ov.load returns, one or a list of them; got {value}.", value=quoted(given)
        )
    runs = [run for item in (given if isinstance(given, list | tuple) else [given]) if (run := _one(item))]
    if len(runs) > MAX_RECORDINGS:
        raise SpecError("Give 1 to {most} recordings; got {count}.", most=MAX_RECORDINGS, count=len(runs))
    for run in runs:
        if run.weights != runs[0].weights:
            raise SpecError(
                "{one} and {other} are recordings of different weights: {count:,} and {others:,} of them, or with "
                "other names or shapes.",
                one=quoted(run.label),
                other=quoted(runs[0].label),
                count=run.weights.size,
                others=runs[0].weights.size,
            )
    labels = unique(run.label for run in runs)
    return Recordings(tuple(dataclasses.replace(r, label=n) for r, n in zip(runs, labels, strict=True)))


def with_sharpness(runs: Recordings, found: Any) -> Recordings:
    """Return recordings with what `ov.sharpness` found of them, if anything; SpecError where it is of others."""
    from optim_viz.network.curvature import Sharpness

    if found is None:
        return runs
    if not isinstance(found, Sharpness):
        raise SpecError("sharpness is what ov.sharpness returns; got {value}.", value=quoted(found))
    if found.labels != runs.labels:
        raise SpecError(
            "sharpness is of {labels}, the recordings are {others}: measure it of these, in this order.",
            labels=", ".join(map(quoted, found.labels)),
            others=", ".join(map(quoted, runs.labels)),
        )
    return Recordings(tuple(dataclasses.replace(run, sharpness=found) for run in runs))
