"""ov.matrix_task: a matrix learns which value belongs to which key, and some keys are asked for more often than others.

All in float64; Muon's own Newton-Schulz steps are bfloat16, as torch has them.
"""

from __future__ import annotations

import functools
import itertools
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optim_viz.language import N_
from optim_viz.looks import look
from optim_viz.network.matrix_runs import MatrixRun, MatrixTask
from optim_viz.network.train import MAX_SEEDS, check_optimizers
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.stepper import Stepper
from optim_viz.progress import Progress
from optim_viz.spec import (
    SEEDS,
    MatrixSpec,
    OptimizerSpec,
    SpecError,
    hooks,
    number,
    parts,
    quoted,
    unique_labels,
    whole,
)
from optim_viz.threads import one_torch_thread

if TYPE_CHECKING:
    from torch import Tensor

MAX_STEPS, MAX_SIDE, MAX_CONDITION = 5_000, 32, 1e8
#: Seconds between two reports.
EVERY = 0.1


@dataclass(frozen=True, eq=False)
class Pairs:
    """What is to be learned: value i belongs to key i, which is asked for in a share of all cases."""

    keys: Tensor  # float64 [n, n], one a column: orthonormal, in random directions
    values: Tensor  # float64 [m, n], one a column: random, of length about 1
    shares: Tensor  # float64 [n], from the most frequent to the rarest; their sum is 1

    @property
    def target(self) -> Tensor:
        """The matrix that knows every value, float64 [m, n]: where the loss is 0."""
        return self.values @ self.keys.T

    def loss(self, weights: Tensor) -> Tensor:
        """Half the mean squared error of matrices [..., m, n] over all cases."""
        return (self.shares * (weights @ self.keys - self.values).square()).sum((-2, -1)) / 2

    def gradient(self, weights: Tensor) -> Tensor:
        """The loss's gradient: the error times the covariance of the keys, float64 [..., m, n]."""
        return (weights - self.target) @ (self.keys * self.shares) @ self.keys.T


def pairs(spec: MatrixSpec, seed: int) -> Pairs:
    """Draw the pairs of a seed: keys from its first draws, so that only `shares` differ with the condition."""
    import torch

    rows, columns = spec.shape
    generator = torch.Generator().manual_seed(seed)
    draw = functools.partial(torch.randn, generator=generator, dtype=torch.float64)
    keys, upper = torch.linalg.qr(draw(columns, columns))
    values = draw(rows, columns) / math.sqrt(rows)
    shares = torch.logspace(0.0, -math.log10(spec.condition), columns, dtype=torch.float64)
    return Pairs(keys * upper.diagonal().sign(), values, shares / shares.sum())


def matrix_task(
    optimizers: Sequence[OptimizerSpec | Callable[..., Any]] | OptimizerSpec | Callable[..., Any],
    condition: float = 1e4,
    shape: tuple[int, int] = (16, 16),
    steps: int = 100,
    seed: int = 0,
    seeds: int = 1,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> MatrixTask:
    """Let optimizers fill one matrix, a linear associative memory, side by side; return their runs.

    Problem: two weights cannot show what Muon, Shampoo and SOAP are for: they even out the directions of a matrix.
    Formula: minimise sum_i p_i |W k_i - v_i|^2 / 2 from W = 0, keys k_i orthonormal, values v_i random, shares p_i
    falling in equal ratios from the most frequent key to the rarest; the Hessian's eigenvalues are the shares.

    Arguments: `optimizers`, 1 to 6 specs or factories params -> torch.optim.Optimizer; `condition`, 1 to 1e8: the
    largest share divided by the smallest, 1 for an even spectrum; `shape`, of W: 1 to 32 numbers of a value, 1 to 32
    keys ((1, 2) is a bowl over two weights); `steps`, 1 to 5,000; `seed`, 0 to 2**32 - 1, of keys, values and what
    an optimizer draws; `seeds`, 1 to 10: as many runs of each optimizer, from seed, seed + 1, ...; `progress`,
    called about ten times a second; `cancel`, an event that ends it within a step, keeping what was recorded.
    Raises SpecError, one sentence that names the value and what is allowed. Divergence is an outcome, not an error.

    Orthogonalised and sign steps are as long near the end as at the start: let their learning rate fall.

    >>> from optim_viz import optimizer, schedule
    >>> to_zero = schedule("linear", start_factor=1.0, end_factor=0.0, total_iters=0)
    >>> task = matrix_task(
    ...     [
    ...         optimizer("muon", lr=0.2, weight_decay=0.0, schedule=to_zero),
    ...         optimizer("adamw", lr=0.2, weight_decay=0.0, schedule=to_zero),
    ...     ]
    ... )
    >>> task["muon"].status, task["muon"].errors.shape
    ('finished 100 steps', (101, 16))
    >>> bool(task["muon"].losses[-1] < task["adamw"].losses[-1])
    True

    Reference: Kohonen, Correlation Matrix Memories (1972); Wang et al., Muon Outperforms Adam in Tail-End Associative
    Memory Learning, arXiv:2509.26030 (2025).
    """
    hooks(progress, cancel)
    return run(check(optimizers, condition, shape, steps, seed, seeds), progress, cancel)


def check(
    optimizers: Sequence[OptimizerSpec | Callable[..., Any]] | OptimizerSpec | Callable[..., Any],
    condition: float = 1e4,
    shape: tuple[int, int] = (16, 16),
    steps: int = 100,
    seed: int = 0,
    seeds: int = 1,
) -> MatrixSpec:
    """Return the arguments of `matrix_task` as a checked, frozen spec, or raise a SpecError."""
    specs = check_optimizers(optimizers)
    for spec in specs:
        if spec.lr_scale:
            raise SpecError(
                "{kind}: lr_scale is not possible on the matrix task: all weights are one matrix.", kind=spec.kind
            )
    return MatrixSpec(
        specs,
        number(condition, "condition", 1.0, MAX_CONDITION),
        _check_shape(shape),
        whole(steps, "steps", 1, MAX_STEPS),
        whole(seed, "seed", 0, SEEDS - 1),
        whole(seeds, "seeds", 1, MAX_SEEDS),
    )


def _check_shape(shape: Any) -> tuple[int, int]:
    try:
        rows, columns = parts(shape)
    except (TypeError, ValueError):
        raise SpecError(
            "shape is how many numbers a value has and how many keys there are, such as (16, 16); got {shape}.",
            shape=quoted(shape),
        ) from None
    return (
        whole(rows, N_("shape, numbers of a value"), 1, MAX_SIDE),
        whole(columns, N_("shape, keys"), 1, MAX_SIDE),
    )


def run(
    spec: MatrixSpec, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
) -> MatrixTask:
    """Run a checked spec; equal specs give bit-equal numbers on one machine."""
    import torch

    began = told = time.perf_counter()
    every = list(itertools.product(spec.each_seed, zip(spec.optimizers, unique_labels(spec.optimizers), strict=True)))
    runs: list[MatrixRun] = []

    def goes_on(step: int) -> bool:
        nonlocal told
        look()
        if progress is not None and (now := time.perf_counter()) - told >= EVERY:
            told = now
            progress(Progress((len(runs) + step / spec.steps) / len(every), now - began))
        return cancel is None or not cancel.is_set()

    with torch.inference_mode(False), one_torch_thread():  # more of them take longer over so small a matrix
        for seed, (one, label) in every:
            runs.append(one_run(spec, pairs(spec, seed), one, label, seed, goes_on))
    return MatrixTask(spec, tuple(runs))


def one_run(
    task: MatrixSpec, known: Pairs, spec: OptimizerSpec, label: str, seed: int, goes_on: Callable[[int], bool]
) -> MatrixRun:
    """One optimizer's run: a plain torch loop, of which every step's matrix is kept until its numbers are taken."""
    import torch

    weights = torch.zeros(task.shape, dtype=torch.float64, requires_grad=True)
    stepper = Stepper(spec, [weights], task.steps, seed)
    kept, lrs, outcome = [], [], TrainingOutcome.FINISHED
    for step in range(task.steps + 1):
        with stepper.answer():
            kept.append(weights.detach().clone())
        if not math.isfinite(float(known.loss(kept[-1]))):
            outcome = TrainingOutcome.DIVERGED
            kept.pop()
            break
        if step == task.steps:
            break
        if not goes_on(step):
            outcome = TrainingOutcome.CANCELLED
            break
        lrs.append(stepper.lr)
        stepper.schedule(stepper.step(lambda twice: known.loss(weights)))
    return _measured(task, known, torch.stack(kept), lrs, spec, label, seed, outcome)


def _measured(
    task: MatrixSpec,
    known: Pairs,
    kept: Tensor,
    lrs: Sequence[float],
    spec: OptimizerSpec,
    label: str,
    seed: int,
    outcome: TrainingOutcome,
) -> MatrixRun:
    """Losses and singular values of all matrices of a run at once; what a diverged run did not reach is infinite."""
    import numpy as np
    import torch

    rows = task.steps + 1 if outcome is TrainingOutcome.DIVERGED else len(kept)

    def padded(values: Any, fill: float) -> np.ndarray:
        missing = rows - len(values)
        return np.concatenate([np.asarray(values), np.full((missing, *np.shape(values)[1:]), fill)])

    return MatrixRun(
        spec=spec,
        label=label,
        seed=seed,
        losses=padded(known.loss(kept).numpy(), math.inf),
        lrs=np.array(lrs),
        spectrum=padded(torch.linalg.svdvals(kept).numpy(), math.inf),
        errors=padded(torch.linalg.svdvals(kept - known.target).numpy(), math.inf),
        weights=kept[-1].numpy(),
        outcome=outcome,
        outcome_step=len(kept) - (outcome is not TrainingOutcome.DIVERGED),
    )
