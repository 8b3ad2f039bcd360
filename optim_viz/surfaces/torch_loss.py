"""A surface's loss as torch sees it: a tensor with a graph, whose gradient is the one that all optimizers see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from optim_viz.spec import DescentSpec
from optim_viz.surfaces.float_run import forgiving
from optim_viz.surfaces.oracles import batch_losses, draw_batches, draws, oracles
from optim_viz.surfaces.torch_functions import torch_functions

Loss = Callable[[int, torch.Tensor], torch.Tensor]  # (step t, theta [2]) -> what step t's gradient is taken of


class _Given(torch.autograd.Function):
    """A loss whose value and gradient are given as numbers."""

    @staticmethod
    def forward(ctx: Any, theta: torch.Tensor, value: float, gradient: tuple[float, float]) -> torch.Tensor:
        ctx.slope = theta.new_tensor(gradient)
        return theta.new_tensor(value)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return upstream * ctx.slope, None, None


def exact_loss(spec: DescentSpec) -> tuple[Loss, Callable[[int, float, float], tuple[float, float]]]:
    """Return the loss with the engine's own gradient, and that gradient: batches and noise of each step included."""
    gradient, value = forgiving(*oracles(spec)), batch_losses(spec)[1]

    def loss(t: int, theta: torch.Tensor) -> torch.Tensor:
        x, y = theta.tolist()
        with np.errstate(all="ignore"):
            height = float(value(t, np.float64(x), np.float64(y)))
        return _Given.apply(theta, height, gradient(t, x, y))

    return loss, gradient


def smooth_loss(spec: DescentSpec) -> Loss:
    """Return the loss made of torch's own operations, so that it can be differentiated as often as one likes."""
    value, batches, noise = torch_functions(spec.surface, "cpu")[0], draw_batches(spec), draws(spec)

    def loss(t: int, theta: torch.Tensor) -> torch.Tensor:
        batch = () if batches is None else (torch.from_numpy(np.stack(batches[1][t - 1])),)
        height = value(t, *theta, *batch) + 0 * theta.sum()  # a variable that the text leaves out has the slope 0
        if noise is None:
            return height
        return height + torch.from_numpy(noise[t - 1]) @ (theta - theta.detach())  # raises the slope alone

    return loss
