"""A stranger's optimizer on the network: a plain torch loop, with autograd, as anyone would write it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optim_viz.looks import look
from optim_viz.optimizers.stepper import Stepper

if TYPE_CHECKING:
    from torch import Tensor

    from optim_viz.network.growing_run import GrowingRun
    from optim_viz.network.one_run import Network


@dataclass(frozen=True)
class Steps:
    """How one optimizer goes on with its network, whose weights and gradients are up to date after each step."""

    take: Callable[[Tensor, Tensor], float]  # a mini-batch -> its loss before the step
    lr: Callable[[], float]  # the learning rate of the next step, as it is before any layer's factor
    schedule: Callable[[float], None] | None  # what the loss changes it by
    #: Inside, the network's weights are those that count; only schedule-free optimizers train at others.
    answer: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext


def own_steps(network: Network, run: GrowingRun) -> Steps:
    """Return the steps of an optimizer of the user's own, which sees the weights as torch.nn has them.

    They are tensors of its own: it may replace or keep what it likes, and the network's are copied from them.
    """
    import torch

    theirs = [torch.nn.Parameter(part.clone()) for layer in network.layers for part in layer]
    weights = [part for layer in network.layers for part in layer]
    slopes = [part for layer in network.gradients for part in layer]
    stepper = Stepper(run.spec, theirs, len(run.losses), run.seed)

    def copy_weights() -> None:
        for weight, their in zip(weights, theirs, strict=True):
            weight.copy_(their.detach())

    def take(x: Tensor, y: Tensor) -> float:
        x, y = x.clone(), y.clone()  # a mini-batch's memory is used again, and an optimizer may keep its graph
        loss = stepper.step(lambda twice: _loss(theirs, x, y, network.final_relu))
        copy_weights()
        for slope, gradient in zip(slopes, stepper.gradients, strict=True):
            slope.fill_(math.nan) if gradient is None else slope.copy_(gradient)
        network.gradient_evaluations = stepper.evaluations
        return loss

    @contextlib.contextmanager
    def answer() -> Iterator[None]:
        with stepper.answer():
            copy_weights()
            yield
        copy_weights()

    return Steps(take, lambda: stepper.lr, stepper.schedule, answer)


def _loss(parameters: Sequence[Tensor], x: Tensor, y: Tensor, final_relu: bool) -> Tensor:
    """The mean cross-entropy of a mini-batch, with its graph."""
    from torch.nn.functional import cross_entropy, linear

    look()
    for k in range(0, len(parameters), 2):
        x = linear(x, parameters[k], parameters[k + 1])
        if k + 2 < len(parameters) or final_relu:
            x = x.relu()
    return cross_entropy(x, y)
