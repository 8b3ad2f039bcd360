"""The multilayer perceptron on one flat vector of weights: layout, start, forward pass, loss and gradient.

All weights lie in one vector, layer after layer, matrix before bias: torch.optim then updates one tensor instead of
six, a snapshot is one copy, and the gradient is written straight to where the optimizer reads it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optim_viz.digits import CLASSES, PIXELS

if TYPE_CHECKING:
    from torch import Tensor

    Layers = list[tuple[Tensor, Tensor]]  # (matrix [out, in], bias [out]) of each layer


@dataclass(frozen=True)
class Layout:
    """Where each layer's matrix and bias lie in the vector of all weights.

    >>> Layout((300, 200)).size
    297710
    """

    hidden: tuple[int, ...]
    inputs: int = PIXELS

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(out, in) of every layer."""
        widths = (self.inputs, *self.hidden, CLASSES)
        return tuple((out, into) for into, out in itertools.pairwise(widths))

    @property
    def names(self) -> tuple[str, ...]:
        """The layers' names: "layer.0", "layer.1", ..."""
        return tuple(f"layer.{i}" for i in range(len(self.shapes)))

    @property
    def spans(self) -> tuple[slice, ...]:
        """The part of the vector that each layer takes."""
        ends = [0]
        for out, into in self.shapes:
            ends.append(ends[-1] + out * into + out)
        return tuple(slice(a, b) for a, b in itertools.pairwise(ends))

    @property
    def size(self) -> int:
        """How many weights there are."""
        return self.spans[-1].stop

    def layers(self, flat: Tensor) -> Layers:
        """Return views of `flat` as (matrix, bias) of every layer; a leading batch dimension is kept."""
        found = []
        for (out, into), span in zip(self.shapes, self.spans, strict=True):
            part = flat[..., span]
            matrix = part[..., : out * into].unflatten(-1, (out, into))
            found.append((matrix, part[..., out * into :]))
        return found

    def start(self, seed: int) -> Tensor:
        """Return the weights, float32 [size], that torch.manual_seed(seed) and torch.nn.Linear would give."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        flat = torch.empty(self.size)
        for matrix, bias in self.layers(flat):
            torch.nn.init.kaiming_uniform_(matrix, a=math.sqrt(5), generator=generator)
            bound = 1 / math.sqrt(matrix.shape[1])
            torch.nn.init.uniform_(bias, -bound, bound, generator=generator)
        return flat


def forward(layers: Layers, x: Tensor, final_relu: bool, out: Sequence[Tensor] | None = None) -> Tensor:
    """Return the logits [rows, 10] of `x` [rows, 784]; `out`, one buffer a layer, keeps every layer's output."""
    import torch

    h, last = x, len(layers) - 1
    for k, (matrix, bias) in enumerate(layers):
        h = torch.addmm(bias, h, matrix.t(), out=out[k] if out is not None else None)
        if k < last or final_relu:
            h.relu_()
    return h


def loss_and_gradient(
    layers: Layers, gradient: Layers, x: Tensor, y: Tensor, final_relu: bool, out: Sequence[Tensor]
) -> Tensor:
    """Return the mean cross-entropy of a mini-batch and write its gradient into `gradient`.

    The backward pass is torch.autograd's, written down: the same products in the same order, without the tape and
    without a fresh megabyte of memory for every gradient.
    """
    import torch

    logits = forward(layers, x, final_relu, out)
    log_p = torch.log_softmax(logits, 1)
    loss = torch.nn.functional.nll_loss(log_p, y)
    share = torch.zeros_like(log_p).scatter_(1, y[:, None], -1 / len(y))
    upstream = torch.ops.aten._log_softmax_backward_data(share, log_p, 1, log_p.dtype)
    for k in reversed(range(len(layers))):
        if k < len(layers) - 1 or final_relu:
            upstream = torch.ops.aten.threshold_backward(upstream, out[k], 0)
        below = out[k - 1] if k else x
        torch.mm(upstream.t(), below, out=gradient[k][0])
        torch.sum(upstream, 0, out=gradient[k][1])
        if k:
            upstream = upstream @ layers[k][0]
    return loss
