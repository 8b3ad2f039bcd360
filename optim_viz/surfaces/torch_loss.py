"""A surface's loss as torch sees it: a tensor with a graph, whose gradient is the one that all optimizers see."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from optim_viz.spec import DescentSpec, Surface
from optim_viz.surfaces.expression import parse
from optim_viz.surfaces.float_run import FLOAT_ERRORS
from optim_viz.surfaces.oracles import batch_losses, draw_batches, draws, oracles
from optim_viz.surfaces.surface import dataset

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
    floats, arrays = oracles(spec)
    value = batch_losses(spec)

    def gradient(t: int, x: float, y: float) -> tuple[float, float]:
        try:
            return floats(t, x, y)
        except FLOAT_ERRORS:
            with np.errstate(all="ignore"):
                return arrays(t, np.float64(x), np.float64(y))

    def loss(t: int, theta: torch.Tensor) -> torch.Tensor:
        x, y = theta.tolist()
        with np.errstate(all="ignore"):
            height = float(value(t, np.float64(x), np.float64(y)))
        return _Given.apply(theta, height, gradient(t, x, y))

    return loss, gradient


def smooth_loss(spec: DescentSpec) -> Loss:
    """Return the loss made of torch's own operations, so that it can be differentiated as often as one likes."""
    function, batches, noise = _torch_function(spec.surface), draw_batches(spec), draws(spec)
    whole = torch.tensor(dataset(spec.surface)).unbind(1) if spec.surface.data else ()

    def loss(t: int, theta: torch.Tensor) -> torch.Tensor:
        columns = whole if batches is None else torch.tensor(np.stack(batches[1][t - 1])).unbind(0)
        value = function(*theta, *columns).mean()
        if noise is None:
            return value
        return value + torch.tensor(noise[t - 1]) @ (theta - theta.detach())  # adds to the slope, not to the value

    return loss


@functools.lru_cache(maxsize=64)
def _torch_function(surface: Surface) -> Callable[..., torch.Tensor]:
    """A surface's expression as a function of tensors x, y and, of a finite sum, the columns u and v."""
    import sympy

    names = ("x", "y", "u", "v") if surface.data else ("x", "y")
    own = {"Abs": torch.abs, "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z))}
    # torch's functions take no plain numbers, so constants such as exp(2) are worked out first.
    expression = parse(surface.expression, names).replace(
        lambda part: part.is_number and not part.is_Atom, lambda part: part.evalf(17)
    )
    function = sympy.lambdify(sympy.symbols(names, real=True), expression, [own, torch], cse=True)
    # A variable that the text leaves out has the slope 0, not none.
    return lambda x, y, *columns: function(x, y, *columns) + 0 * (x + y)
