"""What a class of the package asks of a loop that steps it, found out by watching it: its script needs to know."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any

from optim_viz.optimizers.as_torch import uncompiled
from optim_viz.optimizers.stepper import Stepper
from optim_viz.optimizers.streams import Stream
from optim_viz.spec import OptimizerSpec, SpecError

#: How long a method is watched.
_STEPS = 50


@dataclass(frozen=True)
class Asks:
    """`graph`: gradients that can be differentiated; `averages`: train() before and eval() after; `draws`: a seed.

    `together`: a weight's steps are others beside the weights of its tensor than in a tensor of its own.
    """

    graph: bool = False
    averages: bool = False
    draws: bool = False
    together: bool = False


@functools.lru_cache(maxsize=256)
def asks(spec: OptimizerSpec) -> Asks | None:
    """Return what an optimizer with a factory asks of a loop; None where gradients, however made, are not enough."""
    import torch

    weights = [torch.full((2,), 0.5, dtype=torch.float64, requires_grad=True)]
    try:
        stepper = Stepper(spec, weights, 2, 0)
        stepper.step(lambda _: (weights[0] ** 2).sum())
        told = Asks(stepper.graph, stepper.averages)
        bare, draws = _walk(spec, told)
        closed, _ = _walk(spec, told, closure=True)
        apart, _ = _walk(spec, told, apart=True)
    except SpecError:
        return None
    except Exception:  # noqa: BLE001 - a stranger's: whatever it asked the loop for is not there
        return None
    if bare != closed:
        return None
    same = all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(bare, apart, strict=True))
    return Asks(told.graph, told.averages, draws, not same)


def _walk(spec: OptimizerSpec, told: Asks, closure: bool = False, apart: bool = False) -> tuple[list[float], bool]:
    """Where a few steps on a bowl end, with a closure or without one, and whether anything was drawn on the way.

    The closure's loss is not the bowl's: a method that reads it goes elsewhere.
    """
    import torch

    mocked, start = itertools.cycle([1e3, -1e3]), torch.tensor([1.0, -3.0], dtype=torch.float64)
    scales = torch.tensor([1.0, 5.0], dtype=torch.float64)
    pairs = list(zip(start, scales, strict=True)) if apart else [(start, scales)]
    weights = [part.clone().requires_grad_() for part, _ in pairs]

    def look() -> Any:
        with uncompiled():
            made.zero_grad()
        loss = torch.stack([(s * w**2).sum() for w, (_, s) in zip(weights, pairs, strict=True)]).sum()
        slopes = torch.autograd.grad(loss, weights, create_graph=told.graph)
        for weight, slope in zip(weights, slopes, strict=True):
            weight.grad = slope
        return loss.detach() * next(mocked)

    with torch.inference_mode(False), Stream(0):
        before = torch.get_rng_state()
        made: Any = spec.factory(weights) if spec.factory else None
        if told.averages:
            made.train()
        for _ in range(_STEPS):
            look()
            made.step(*([look] if closure else []))
        if told.averages:
            made.eval()
        drawn = not torch.equal(before, torch.get_rng_state())
    return [float(value) for w in weights for value in w.detach().flatten()], drawn
