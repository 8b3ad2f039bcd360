"""A bounded number of snapshots of a long vector, evenly spread over steps whose number nobody knows beforehand."""

from __future__ import annotations

import math
import mmap
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.spec import SpecError, quoted

if TYPE_CHECKING:
    from torch import Tensor


def let_go(rows: np.ndarray) -> None:
    """Have the pages of rows that lie in a file leave main memory: they come back when they are asked for."""
    place: Any = rows
    while isinstance(place, np.ndarray):
        place = place.base
    if isinstance(place, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        place.madvise(mmap.MADV_DONTNEED)


class Snapshots:
    """Rows that grow: one every `stride` steps. At 2 * keep of them every other one is dropped and the stride doubles.

    So there are keep to 2 * keep rows of any long run. Arrays that were handed out never change.

    >>> import torch
    >>> kept = Snapshots(1, 4)
    >>> for step in range(100):
    ...     if kept.wanted(step):
    ...         kept.add(step, torch.tensor([float(step)]))
    >>> kept.steps.tolist(), kept.view()[:, 0].tolist()
    ([0, 16, 32, 48, 64, 80, 96], [0.0, 16.0, 32.0, 48.0, 64.0, 80.0, 96.0])
    """

    def __init__(self, size: int, keep: int, dtype: str = "float32", folder: str | Path | None = None) -> None:
        self.size, self.keep, self.dtype, self.folder = size, keep, np.dtype(dtype), folder
        self.stride, self._steps, self._seen = 1, list[int](), 0
        self._known: dict[int, bool] = {}  # whether a row that was looked at is of finite numbers, by step
        self._rows = self._room()

    def _room(self) -> np.ndarray:
        """Room for all rows, in memory or in a file that is gone when nobody holds the array any more."""
        shape = (2 * self.keep, self.size)
        if self.folder is None:
            return np.empty(shape, self.dtype)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                return np.memmap(file, self.dtype, "w+", shape=shape)
        except OSError as error:
            raise SpecError(
                "{folder} takes no file: {reason}.", folder=quoted(str(self.folder)), reason=error.strerror or error
            ) from None

    @property
    def steps(self) -> np.ndarray:
        """The step of every row, int64 [k]."""
        return np.array(self._steps, np.int64)

    def wanted(self, step: int) -> bool:
        """Whether the vector at `step` is to be kept."""
        return step % self.stride == 0

    def add(self, step: int, vector: Tensor) -> None:
        """Keep a vector, float32 [size] in main memory, as the row of `step`."""
        row = self._rows[len(self._steps)]
        if self.dtype == np.float32:
            row[:] = vector.numpy()
        else:
            import torch

            torch.from_numpy(row).copy_(vector)  # its conversion to float16 is many times faster than NumPy's
        let_go(self._rows)
        self._steps.append(step)
        if len(self._steps) == 2 * self.keep:
            self._thin()

    def _thin(self) -> None:
        rows = self._room() if self._seen else self._rows  # what was handed out stays
        for i in range(self.keep):
            rows[i] = self._rows[2 * i]
            let_go(rows)
        self._rows, self._seen = rows, 0
        self._steps, self.stride = self._steps[::2], 2 * self.stride

    def sound(self) -> int:
        """How many rows come before the first one that holds what is no finite number.

        That is found out here, and not while a training goes on: there it would take as long as keeping them.
        """
        import torch

        for i, step in enumerate(self._steps):
            if step not in self._known:
                total = torch.from_numpy(self._rows[i]).sum(dtype=torch.float32)
                let_go(self._rows)
                self._known[step] = math.isfinite(total.item())
            if not self._known[step]:
                return i
        return len(self._steps)

    def view(self) -> np.ndarray:
        """The rows so far, [k, size]; copies nothing."""
        self._seen = len(self._steps)
        return self._rows[: self._seen]
