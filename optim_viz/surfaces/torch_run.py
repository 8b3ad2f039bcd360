"""One run through torch.optim itself: for optimizers of the user's own.

The loop is torch's usual one; the gradient is the surface's exact one, with its batches and noise.
"""

from __future__ import annotations

import functools

import numpy as np
import torch

from optim_viz.looks import look
from optim_viz.optimizers.clipping import clipping
from optim_viz.optimizers.stepper import Stepper
from optim_viz.spec import DescentSpec, OptimizerSpec
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.torch_loss import exact_loss, smooth_loss
from optim_viz.surfaces.trajectory import RawRun


def through_torch(spec: DescentSpec, optimizer: OptimizerSpec) -> RawRun:
    """Run `optimizer` through torch, or raise a SpecError that says what it stopped with."""
    with torch.inference_mode(False):  # whatever the caller is in the middle of
        return _Loop(spec, optimizer).run()


class _Loop:
    """The state of one loop: what a step needs to know, and what is written down."""

    def __init__(self, spec: DescentSpec, optimizer: OptimizerSpec) -> None:
        self.spec, self.theta = spec, torch.tensor(spec.start, dtype=torch.float64, requires_grad=True)
        self.stepper = Stepper(optimizer, [self.theta], spec.steps, spec.seed)
        self.exact, gradient = exact_loss(spec)
        self.gradient = clipping(optimizer, gradient, np)
        self.smooth = functools.cache(lambda: smooth_loss(spec))
        shape = (spec.steps + 1, 2)
        self.points, self.gradients = np.full(shape, np.nan), np.full(shape, np.nan)
        self.lrs, self.evaluations = np.full(shape[0], np.nan), np.zeros(shape[0], int)
        self.state: dict[str, np.ndarray] = {}

    def run(self) -> RawRun:
        self.points[0], self.lrs[:] = self.spec.start, self.stepper.lr
        value = compiled(self.spec.surface).values
        for t in range(1, self.spec.steps + 1):
            self.gradients[t - 1] = self.gradient(t, *self.theta.tolist())
            self.stepper.step(functools.partial(self._loss, t))
            self._write_down(t)
            if not np.isfinite(self.points[t]).all():
                break
            self.stepper.schedule(value(*self.points[t - 1 : t].T)[0])
            self.lrs[t:] = self.stepper.lr
        return self.points, self.gradients, self.state, self.lrs, self.evaluations

    def _loss(self, t: int, differentiated_twice: bool) -> torch.Tensor:
        look()
        return (self.smooth() if differentiated_twice else self.exact)(t, self.theta)

    def _write_down(self, t: int) -> None:
        with self.stepper.answer():
            self.points[t] = self.theta.detach().numpy()
        self.evaluations[t:] = self.stepper.evaluations
        for name, value in getattr(self.stepper.optimizer, "state", {}).get(self.theta, {}).items():
            if isinstance(value, torch.Tensor) and value.shape == self.theta.shape and value.is_floating_point():
                if value.is_meta:  # which has no numbers
                    continue
                dense = value.detach().to_dense().double().cpu()
                self.state.setdefault(name, np.full_like(self.points, np.nan))[t] = dense.numpy()
