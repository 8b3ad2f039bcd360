"""Gradient clipping: what torch.nn.utils does to a gradient between backward() and step().

It is no part of any optimizer, so one function stands before them all: every engine writes it down from here. Where
both bounds are set, every component is clipped first and the norm after it, so that both hold of what the step sees.
A bound that is not set is infinite: then its operations change no bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers.rules import Namespace
from optim_viz.spec import Hyperparameter, OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor

CLIP_NORM = Hyperparameter(
    "clip_norm", 0.0, 0.01, 100.0, "log",
    N_("Longest gradient: a longer one is shortened to this norm before the step. 0: not clipped."),
)  # fmt: skip
CLIP_VALUE = Hyperparameter(
    "clip_value", 0.0, 0.01, 100.0, "log",
    N_("Largest component of a gradient: what is beyond it is cut off before the step. 0: not clipped."),
)  # fmt: skip
#: The settings that every optimizer has beside its own hyperparameters.
CLIPPING = (CLIP_NORM, CLIP_VALUE)
#: What each does before the rule, in this order.
LATEX = {
    "clip_value": r"g \leftarrow \min(\max(g, -\mathrm{clip\_value}), \mathrm{clip\_value})",
    "clip_norm": r"g \leftarrow \min\left(1, \frac{\mathrm{clip\_norm}}{\lVert g \rVert + 10^{-6}}\right) g",
}
#: What torch adds to a norm before it divides by it.
EPS = 1e-6

#: (gx, gy, clip_norm, clip_value) -> the gradient that the step sees
Clip = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


def clip(xp: Namespace) -> Clip:
    """Return what clips the gradient of two weights, over a namespace; bounds that are not set are inf.

    >>> [float(g) for g in clip(np)(3.0, 4.0, 1.0, np.inf)]
    [0.59999988..., 0.79999984...]
    """
    sqrt, maximum, minimum = xp.sqrt, xp.maximum, xp.minimum

    def clipped(gx: Any, gy: Any, norm: Any, value: Any) -> tuple[Any, Any]:
        gx, gy = maximum(minimum(gx, value), -value), maximum(minimum(gy, value), -value)
        # torch divides a number by a tensor as here: it multiplies by the reciprocal.
        factor = minimum(norm * (1.0 / (sqrt(gx * gx + gy * gy) + EPS)), 1.0)
        return gx * factor, gy * factor

    return clipped


def bounds(given: Mapping[str, Any]) -> tuple[Any, Any] | None:
    """Return clip_norm and clip_value as `clip` takes them, numbers or arrays; None where there is neither.

    What is 0 or left out is infinite.

    >>> bounds({"clip_value": 2.0}), bounds({})
    ((inf, 2.0), None)
    """
    if not given:
        return None
    norm, value = (_or_infinite(given.get(row.name, 0.0)) for row in CLIPPING)
    return norm, value


def _or_infinite(bound: Any) -> Any:
    return np.where(bound == 0.0, math.inf, bound) if np.ndim(bound) else bound or math.inf


def clipping(spec: OptimizerSpec, gradient: Callable[..., tuple[Any, Any]], xp: Namespace) -> Callable[..., Any]:
    """Return `gradient`, a function that gives that of x and that of y, as a spec's steps see it."""
    limits, clipped = bounds(dict(spec.clip)), clip(xp)
    return gradient if limits is None else lambda *arguments: clipped(*gradient(*arguments), *limits)


def clip_gradients(spec: OptimizerSpec, params: Iterable[Tensor]) -> None:
    """Clip the gradients of parameters where they stand, by torch's own functions."""
    from torch.nn import utils

    each, limits = list(params), dict(spec.clip)
    if "clip_value" in limits:
        utils.clip_grad_value_(each, limits["clip_value"])
    if "clip_norm" in limits:
        utils.clip_grad_norm_(each, limits["clip_norm"])
