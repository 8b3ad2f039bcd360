"""What ov.sharpness gives back: Curvature (along one run) and Sharpness (along several)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.language import N_, together
from optim_viz.network.plane import BATCHNORM, EXAMPLES
from optim_viz.spec import one_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Curvature:
    """The curvature along one run, one row per snapshot that was looked at.

    `edge` is what the largest eigenvalue has to stay below for full-batch steps at the snapshot's learning rate to be
    stable; of Adam, AdamW and RMSprop it is the largest of the `preconditioned` Hessian. NaN where it is not known, and
    where no eigenvalue was found: the Hessian is not finite, or some hundred products with it were not enough.
    """

    label: str
    steps: np.ndarray  # int64 [k]
    eigenvalues: np.ndarray  # float64 [k, count], largest first
    preconditioned: np.ndarray  # float64 [k], of P^(-1/2) H P^(-1/2); NaN where P is not known
    edge: np.ndarray  # float64 [k]
    words: str  # the edge's formula; "" where it is not known

    @property
    def adaptive(self) -> bool:
        """Whether the edge is one of the preconditioned Hessian."""
        return bool(np.isfinite(self.preconditioned).any())

    @property
    def compared(self) -> np.ndarray:
        """What the edge is an edge of: the largest eigenvalue, preconditioned where that is what counts."""
        return self.preconditioned if self.adaptive else self.eigenvalues[:, 0]


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The curvature along several runs, by label."""

    curvatures: tuple[Curvature, ...]
    kinds: tuple[str, ...]  # the optimizer that each label is drawn as
    examples: int
    batchnorm: str = ""  # a row of BATCHNORM, or "" without one
    over: str = "examples"  # a row of EXAMPLES: what the loss is a mean of

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the runs."""
        return tuple(curvature.label for curvature in self.curvatures)

    def __getitem__(self, label: str) -> Curvature:
        return self.curvatures[self.labels.index(one_of(label, self.labels, "label"))]

    def __iter__(self) -> Iterator[Curvature]:
        return iter(self.curvatures)

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        told = N_(
            "The largest eigenvalue of the Hessian of the loss over {examples}: how sharply it bends in its steepest "
            "direction. Dotted: the edge above which full-batch steps swing ever wider on a quadratic; below it they "
            "are stable. With mini-batches the eigenvalue may stay below.",
            examples=N_(EXAMPLES[self.over if self.examples else "the data"], count=self.examples),
        )
        return together(
            [told, N_(BATCHNORM[self.batchnorm].sentence, run=self.labels[0])] if self.batchnorm else [told]
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per run and snapshot; NaN where a number is not known."""
        import pandas as pd

        return pd.concat([_frame(curvature) for curvature in self], ignore_index=True)

    def __repr__(self) -> str:
        return f"<Sharpness of {', '.join(self.labels)}: {len(self.curvatures[0].steps)} snapshots>"


def _frame(curvature: Curvature) -> pd.DataFrame:
    import pandas as pd

    eigenvalues = enumerate(curvature.eigenvalues.T, 1)
    columns = {"eigenvalue" if i == 1 else f"eigenvalue {i}": column for i, column in eigenvalues}
    known = {"preconditioned": curvature.preconditioned, "edge": curvature.edge}
    return pd.DataFrame({"optimizer": curvature.label, "step": curvature.steps, **columns, **known})
