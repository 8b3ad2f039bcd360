"""Optimizers that exist for a lesson only: torch's own, with the mistake or the change that it is about; and Lion.

Each is a factory params -> torch.optim.Optimizer, so it runs wherever a user's own would; no link can carry one.
"""

from __future__ import annotations

import functools
import math
from typing import Any

from optim_viz.optimizers.specs import as_spec
from optim_viz.spec import OptimizerSpec, ScheduleSpec


def uncorrected_adam(params: Any, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999) -> Any:
    """Return Adam without its bias correction: theta - lr * m / (sqrt(v) + eps)."""
    import torch

    class UncorrectedAdam(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if not state:
                        state.update(exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
                    m, v = state["exp_avg"], state["exp_avg_sq"]
                    m.lerp_(p.grad, 1 - group["beta1"])
                    v.mul_(group["beta2"]).addcmul_(p.grad, p.grad, value=1 - group["beta2"])
                    p.addcdiv_(m, v.sqrt().add_(1e-8), value=-group["lr"])

    return UncorrectedAdam(params, {"lr": lr, "beta1": beta1, "beta2": beta2})


def forgotten_zero_grad(params: Any, lr: float = 1e-3, every: float = math.inf) -> Any:
    """Return SGD whose gradients are never zeroed, so that they add up; or zeroed after `every` backward passes.

    With `every`, it steps only then, by the mean of what has added up: gradient accumulation. The engine hands every
    step a fresh gradient, so the adding-up that torch does in p.grad is done here.
    """
    import torch

    class Accumulating(torch.optim.SGD):
        passes = 0

        @torch.no_grad()
        def step(self) -> None:  # type: ignore[override]
            self.passes += 1
            whole = self.passes % every == 0
            for group in self.param_groups:
                for p in group["params"]:
                    total = self.state[p].setdefault("summed_grad", torch.zeros_like(p))
                    p.grad = total.add_(p.grad).clone()
                    if math.isfinite(every):
                        p.grad.mul_(1 / every if whole else 0.0)
                    if whole:
                        total.zero_()
            super().step()

    return Accumulating(params, lr=lr)


def lion(params: Any, lr: float = 1e-4, beta1: float = 0.9, beta2: float = 0.99) -> Any:
    """Return Lion without weight decay: theta - lr * sign(beta1 m + (1 - beta1) g), then m.lerp(g, 1 - beta2).

    Reference: Chen et al., Symbolic Discovery of Optimization Algorithms (2023).
    """
    import torch

    class Lion(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for p in group["params"]:
                    mean = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                    p.add_(mean.lerp(p.grad, 1 - group["beta1"]).sign_(), alpha=-group["lr"])
                    mean.lerp_(p.grad, 1 - group["beta2"])

    return Lion(params, {"lr": lr, "beta1": beta1, "beta2": beta2})


def own(label: str, factory: Any, schedule: ScheduleSpec | None = None, **options: float) -> OptimizerSpec:
    """Return a factory with its options set, as a labelled spec.

    >>> own("uncorrected", uncorrected_adam, lr=0.1).label
    'uncorrected'
    """
    spec = as_spec(functools.partial(factory, **options))
    return OptimizerSpec(spec.kind, schedule=schedule, label=label, factory=spec.factory)
