"""One run through torch.optim itself: for optimizers of the user's own.

The loop is torch's usual one with a closure; the gradient is the surface's exact one, with its batches and noise.
"""

from __future__ import annotations

import inspect

import numpy as np
import torch

from optim_viz.looks import look
from optim_viz.optimizers.as_torch import torch_optimizer, torch_scheduler
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.float_run import forgiving
from optim_viz.surfaces.oracles import batch_losses, oracles
from optim_viz.surfaces.trajectory import RawRun


def through_torch(spec: DescentSpec, optimizer: OptimizerSpec) -> RawRun:
    """Run `optimizer` through torch, or raise a SpecError that says what it stopped with."""
    name = optimizer.label or optimizer.kind
    theta = torch.tensor(spec.start, dtype=torch.float64, requires_grad=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed)
        try:
            return _Loop(spec, optimizer, theta).run()
        except SpecError:
            raise
        except Exception as error:
            raise SpecError(f"{name} stopped with {type(error).__name__}: {error}") from error


class _Loop:
    """The state of one loop: what the closure needs to know, and what is written down."""

    def __init__(self, spec: DescentSpec, optimizer: OptimizerSpec, theta: torch.Tensor) -> None:
        self.spec, self.theta = spec, theta
        self.optimizer = torch_optimizer(optimizer, [theta])
        self.schedule = optimizer.schedule
        self.scheduler = torch_scheduler(self.schedule, self.optimizer, spec.steps) if self.schedule else None
        self.gradient, self.loss = forgiving(*oracles(spec)), batch_losses(spec)[1]
        self.takes_closure = bool(inspect.signature(self.optimizer.step).parameters)
        shape = (spec.steps + 1, 2)
        self.points, self.gradients = np.full(shape, np.nan), np.full(shape, np.nan)
        self.lrs, self.evaluations = np.full(shape[0], np.nan), np.zeros(shape[0], int)
        self.state: dict[str, np.ndarray] = {}

    def run(self) -> RawRun:
        self.points[0], self.lrs[:] = self.spec.start, self._lr()
        value = compiled(self.spec.surface).values
        for t in range(1, self.spec.steps + 1):
            loss = value(*self.points[t - 1 : t].T)[0]
            self._step(t)
            self.points[t] = self.theta.detach().numpy()
            self._keep_state(t)
            if not np.isfinite(self.points[t]).all():
                break
            self._schedule(loss)
            self.lrs[t:] = self._lr()
        return self.points, self.gradients, self.state, self.lrs, self.evaluations

    def _step(self, t: int) -> None:
        def closure() -> torch.Tensor:
            look()
            self.evaluations[t:] += 1
            x, y = self.theta.tolist()
            self.optimizer.zero_grad()
            self.theta.grad = torch.tensor(self.gradient(t, x, y), dtype=torch.float64)
            if np.isnan(self.gradients[t - 1, 0]):  # the first look of a step is the one at its point
                self.gradients[t - 1] = self.theta.grad.numpy()
            with np.errstate(all="ignore"):
                return torch.tensor(float(self.loss(t, np.float64(x), np.float64(y))), dtype=torch.float64)

        if self.takes_closure:
            self.optimizer.step(closure)
        else:
            closure()
            self.optimizer.step()

    def _schedule(self, loss: float) -> None:
        if self.scheduler is not None and self.schedule is not None:
            self.scheduler.step(*((loss,) if self.schedule.kind == "plateau" else ()))

    def _lr(self) -> float:
        return float(self.optimizer.param_groups[0].get("lr", np.nan))

    def _keep_state(self, t: int) -> None:
        for name, value in self.optimizer.state[self.theta].items():
            if isinstance(value, torch.Tensor) and value.shape == self.theta.shape and value.is_floating_point():
                self.state.setdefault(name, np.full_like(self.points, np.nan))[t] = value.detach().numpy()
