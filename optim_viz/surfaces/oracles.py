"""Where gradients come from: the full loss, mini-batches of a finite sum, and seeded noise on top.

An oracle is a function (t, x, y) -> (gx, gy). Every one exists twice, on Python floats and on NumPy arrays. What is
drawn depends on the seed and the step alone, so it is the same for every optimizer of a comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.spec import DescentSpec
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.surface import dataset

Oracle = Callable[[int, Any, Any], tuple[Any, Any]]  # (t, x, y) -> the gradient that step t uses


def oracles(spec: DescentSpec) -> tuple[Oracle, Oracle]:
    """Return the gradient that the steps of `spec` see, on Python floats and on NumPy arrays."""
    functions, batches, noise = compiled(spec.surface), draw_batches(spec), draws(spec)
    floats, arrays = functions.float_gradient, functions.gradient
    if batches is not None:
        floats, arrays = batched(floats, batches[0]), batched(arrays, batches[1])
    return noisy(floats, noise), noisy(arrays, noise)


def batch_losses(spec: DescentSpec) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the loss that the steps of `spec` see, a mini-batch's or the full one, on Python floats and on NumPy."""
    functions, batches = compiled(spec.surface), draw_batches(spec)
    if batches is None:
        return functions.float_value, functions.value
    return batched(functions.float_value, batches[0]), batched(functions.value, batches[1])


def draws(spec: DescentSpec) -> np.ndarray | None:
    """The noise of every step, float64 [steps, 2], the same for every optimizer; None without noise."""
    if spec.noise == 0.0:
        return None
    return np.random.default_rng(spec.seed).normal(0.0, spec.noise, (spec.steps, 2))


def noisy(gradient: Oracle, noise: np.ndarray | None) -> Oracle:
    """Return `gradient` with row t - 1 of `noise` added at step t."""
    if noise is None:
        return gradient
    table = noise.tolist()

    def oracle(t: int, x: Any, y: Any) -> tuple[Any, Any]:
        gx, gy = gradient(t, x, y)
        nx, ny = table[t - 1]
        return gx + nx, gy + ny

    return oracle


def batch_indices(spec: DescentSpec) -> np.ndarray | None:
    """The examples of every step's mini-batch: int [steps, batch_size], or None without mini-batches.

    Epochs are shuffled one by one; examples that do not fill a batch at an epoch's end sit that epoch out (torch's
    DataLoader with drop_last=True), so that every step sees the same number.
    """
    if spec.batch_size is None:
        return None
    count, size = len(dataset(spec.surface)), spec.batch_size
    batches = count // size
    random = np.random.default_rng([spec.seed, 1])  # not the noise's own stream
    epochs = -(-spec.steps // batches)
    order = random.permuted(np.tile(np.arange(count), (epochs, 1)), axis=1)[:, : batches * size]
    return order.reshape(-1, size)[: spec.steps]


def draw_batches(spec: DescentSpec) -> tuple[list[Any], list[Any]] | None:
    """The mini-batch of every step, as rows of floats and as columns of NumPy arrays."""
    indices = batch_indices(spec)
    if indices is None:
        return None
    picked = dataset(spec.surface)[indices]  # [steps, batch_size, columns]
    return picked.tolist(), list(picked.transpose(0, 2, 1))


def batched(function: Callable[..., Any], batches: list[Any]) -> Callable[[int, Any, Any], Any]:
    """Return `function`, a mean over all examples, as its mean over step t's mini-batch."""
    return lambda t, x, y: function(t, x, y, batches[t - 1])
