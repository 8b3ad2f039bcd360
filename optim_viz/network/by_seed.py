"""Results of several optimizers, each with a run for every seed: how one gets at a run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from optim_viz.spec import SpecError, nearest, quoted

Run = TypeVar("Run")


class BySeed(Generic[Run]):
    """What a result has whose `runs` are in order: seed after seed, in each the optimizers as they were asked for."""

    runs: Any  # tuple[Run, ...]: a field of each result

    @property
    def labels(self) -> tuple[str, ...]:
        """The runs' labels; the second "adam" is "adam 2"."""
        return tuple(dict.fromkeys(run.label for run in self.runs))

    @property
    def kinds(self) -> tuple[str, ...]:
        """The optimizer that each label is drawn as."""
        return tuple(self.seeds(label)[0].spec.kind for label in self.labels)  # type: ignore[attr-defined]

    def seeds(self, label: str) -> tuple[Run, ...]:
        """All runs of one optimizer, one for each seed."""
        found = tuple(run for run in self.runs if run.label == label)
        if not found:
            raise SpecError("No run is labelled {label}; {hint}", label=quoted(label), hint=nearest(label, self.labels))
        return found

    def __getitem__(self, label: str) -> Run:
        """The run of the first seed; `seeds` has all of them."""
        return self.seeds(label)[0]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)
