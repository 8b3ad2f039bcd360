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


def activate(layers: Layers, x: Tensor, out: Sequence[Tensor]) -> Tensor:
    """Return the output [units, digits] of hidden layers for `x` [inputs, digits]; `out` keeps every layer's.

    A digit is a column here: a mini-batch's products take four fifths of the time that they take with digits as rows,
    and give the same numbers to the last bit.
    """
    import torch

    h = x
    for (matrix, bias), buffer in zip(layers, out, strict=True):
        h = torch.addmm(bias[:, None], matrix, h, out=buffer).relu_()
    return h


def evaluate(layers: Layers, x: Tensor, y: Tensor, final_relu: bool, out: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and the logits [10, digits] of `x` [inputs, digits]; `out`, one buffer a layer."""
    import torch

    matrix, bias = layers[-1]
    logits = torch.addmm(bias[:, None], matrix, activate(layers[:-1], x, out[:-1]), out=out[-1])
    if final_relu:
        logits.relu_()
    return torch.nn.functional.cross_entropy(logits.t(), y), logits


def loss_and_gradient(
    layers: Layers, gradient: Layers, x: Tensor, y: Tensor, final_relu: bool, out: Sequence[Tensor]
) -> Tensor:
    """Return the mean cross-entropy of a mini-batch, `x` [inputs, digits], and write its gradient into `gradient`.

    The backward pass is torch.autograd's, written down: the same products, without the tape and without a fresh
    megabyte of memory for every gradient. The last layer and all sums have digits as rows, as torch.nn has them: there
    the order in which numbers are added would show in the last bit.
    """
    import torch

    *hidden, (matrix, bias) = layers
    top = activate(hidden, x, out).t().contiguous()
    logits = torch.addmm(bias, top, matrix.t())
    if final_relu:
        logits.relu_()
    log_p = torch.log_softmax(logits, 1)
    loss = torch.nn.functional.nll_loss(log_p, y)
    share = torch.zeros_like(log_p).scatter_(1, y[:, None], -1 / len(y))
    upstream = torch.ops.aten._log_softmax_backward_data(share, log_p, 1, log_p.dtype)
    if final_relu:
        upstream = torch.ops.aten.threshold_backward(upstream, logits, 0)
    torch.mm(upstream.t(), top, out=gradient[-1][0])
    torch.sum(upstream, 0, out=gradient[-1][1])
    upstream = matrix.t() @ upstream.t()
    for k in reversed(range(len(hidden))):
        upstream = torch.ops.aten.threshold_backward(upstream, out[k], 0)
        torch.mm(upstream, (out[k - 1] if k else x).t(), out=gradient[k][0])
        torch.sum(upstream.t().contiguous(), 0, out=gradient[k][1])
        if k:
            upstream = hidden[k][0].t() @ upstream
    return loss
