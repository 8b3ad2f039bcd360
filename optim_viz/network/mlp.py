"""The multilayer perceptron: the layout of its weights, their start, the forward pass, loss and gradient.

A snapshot is one vector of all weights, layer after layer, matrix before bias. While a network learns, every layer has
a vector of its own: torch.optim updates three tensors instead of six, and the gradient is written where it reads it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optim_viz.network.digit_files import CLASSES, PIXELS

if TYPE_CHECKING:
    from torch import Tensor

    Layers = list[tuple[Tensor, Tensor]]  # (matrix [out, in], bias [out]) of each layer


#: Numbers in a cache line.
LINE = 16


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
    def parameters(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of all matrices and biases, as they lie in the vector."""
        return tuple(shape for out, into in self.shapes for shape in ((out, into), (out,)))

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

    def spaced(self, device: Any) -> tuple[list[Tensor], Layers]:
        """Return zeros for all weights, a vector a layer, and its matrices and biases as views.

        Every one of them begins at a whole cache line, as a tensor of its own does: matrix products may round
        differently at another alignment. What lies between them stays 0.
        """
        import torch

        vectors, views = [], []
        for out, into in self.shapes:
            end = -(out * into) % LINE + out * into
            vectors.append(torch.zeros(end + out, dtype=torch.float32, device=device))
            views.append((vectors[-1][: out * into].unflatten(0, (out, into)), vectors[-1][end:]))
        return vectors, views

    def start(self, seed: int) -> Tensor:
        """Return the weights, float32 [size], that torch.manual_seed(seed) and torch.nn.Linear would give."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        flat = torch.empty(self.size, dtype=torch.float32)
        for matrix, bias in self.layers(flat):
            torch.nn.init.kaiming_uniform_(matrix, a=math.sqrt(5), generator=generator)
            bound = 1 / math.sqrt(matrix.shape[1])
            torch.nn.init.uniform_(bias, -bound, bound, generator=generator)
        return flat


def evaluate(layers: Layers, x: Tensor, y: Tensor, final_relu: bool, out: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the mean cross-entropy and the logits [10, digits] of `x` [inputs, digits]; `out`, one buffer a layer.

    A digit is a column here: hundreds of them take nine tenths of the time that they take as rows.
    """
    import torch

    h, last = x, len(layers) - 1
    for k, (matrix, bias) in enumerate(layers):
        h = torch.addmm(bias[:, None], matrix, h, out=out[k])
        if k < last or final_relu:
            h.relu_()
    return torch.nn.functional.cross_entropy(h.t(), y), h


class Backprop:
    """Loss and gradient of mini-batches of one size: torch.autograd's products in its order, so its numbers to the bit.

    Without a tape, and with every buffer and every view of one made once: a fresh megabyte for every gradient, and
    twenty views a step, would take as long as half the products.
    """

    def __init__(self, layers: Layers, gradients: Layers, digits: int, final_relu: bool) -> None:
        import torch

        self.layers, self.gradients, self.final_relu = layers, gradients, final_relu
        self.transposed = [matrix.t() for matrix, _ in layers]
        self.outputs = [bias.new_empty(digits, len(bias)) for _, bias in layers]
        self.upstream = [torch.empty_like(output) for output in self.outputs]
        self.upstream_transposed = [upstream.t() for upstream in self.upstream]
        self.share = torch.empty_like(self.outputs[-1])

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of `x` [digits, inputs] and write its gradient."""
        import torch

        h, last = x, len(self.layers) - 1
        for k, (_, bias) in enumerate(self.layers):
            h = torch.addmm(bias, h, self.transposed[k], out=self.outputs[k])
            if k < last or self.final_relu:
                h.relu_()
        log_p = torch.log_softmax(h, 1)
        loss = torch.nn.functional.nll_loss(log_p, y)
        share = self.share.zero_().scatter_(1, y[:, None], -1 / len(y))
        torch.ops.aten._log_softmax_backward_data.out(share, log_p, 1, log_p.dtype, out=self.upstream[last])
        if self.final_relu:
            self._pass_relu(last)
        for k in range(last, -1, -1):
            torch.mm(self.upstream_transposed[k], self.outputs[k - 1] if k else x, out=self.gradients[k][0])
            torch.sum(self.upstream[k], 0, out=self.gradients[k][1])
            if k:
                torch.mm(self.upstream[k], self.layers[k][0], out=self.upstream[k - 1])
                self._pass_relu(k - 1)
        return loss

    def _pass_relu(self, k: int) -> None:
        """Set to 0 what flows back to units that were at 0."""
        import torch

        flow = self.upstream[k]
        torch.ops.aten.threshold_backward.grad_input(flow, self.outputs[k], 0, grad_input=flow)
