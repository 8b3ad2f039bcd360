"""The loss of a network on a plane of weights W0 + a*D1 + b*D2, at many points, without a forward pass for each.

The first layer, which takes four fifths of a forward pass, is linear in its weights: x@W0, x@D1 and x@D2 are computed
once, and at a point (a, b) its output is their combination. Only the small layers above are left to be multiplied.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.digits import CLASSES
from optim_viz.mlp import Layout, forward
from optim_viz.threads import in_threads

if TYPE_CHECKING:
    from torch import Tensor

    from optim_viz.mlp import Layers


def losses_on_plane(
    layout: Layout, final_relu: bool, plane: np.ndarray, points: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return the mean cross-entropy at every point of a plane of weights, float64 [points].

    Arguments: `plane`, float32 [3, weights]: W0, D1 and D2; `points`, [points, 2]: a and b; `x`, float32 [digits, 784];
    `y`, integers [digits]. Where numbers overflow the loss is inf.
    """
    import torch

    parts = torch.from_numpy(np.ascontiguousarray(plane, np.float32))
    answers = torch.from_numpy(y).long()
    matrices, biases = layout.layers(parts)[0]
    first = torch.from_numpy(x) @ matrices.transpose(1, 2) + biases[:, None]  # [3, digits, hidden]
    rest = parts[:, layout.spans[0].stop :].contiguous()
    above = Layout(layout.hidden[1:], layout.hidden[0])
    out = np.full(len(points), np.inf)

    def evaluator() -> Callable[[int], None]:
        """Return what fills out[i], with buffers of its own for one thread; points of equal b share W0 + b * D2."""
        h, weights = torch.empty_like(first[0]), torch.empty_like(rest[0])
        h_row, weights_row, row = torch.empty_like(h), torch.empty_like(weights), math.nan
        layers = above.layers(weights)
        buffers = [torch.empty(len(answers), width) for width in above.hidden]
        buffers.append(torch.empty(CLASSES, len(answers)))

        def fill(i: int) -> None:
            nonlocal row
            a, b = (float(v) for v in points[i])
            if b != row:
                torch.add(first[0], first[2], alpha=b, out=h_row)
                torch.add(rest[0], rest[2], alpha=b, out=weights_row)
                row = b
            torch.add(h_row, first[1], alpha=a, out=h).relu_()
            torch.add(weights_row, rest[1], alpha=a, out=weights)
            log_p = torch.log_softmax(_logits(layers, h, final_relu, buffers), 0)
            out[i] = float(torch.nn.functional.nll_loss(log_p.t(), answers))

        return fill

    _share_out(evaluator, len(points))
    return np.where(np.isfinite(out), out, np.inf)


def losses_of(
    layout: Layout, final_relu: bool, weights: Callable[[int], np.ndarray], count: int, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return the mean cross-entropy of `count` networks, weights(i) float32 [weights], by plain forward passes."""
    import torch

    digits, answers = torch.from_numpy(x), torch.from_numpy(y).long()
    out = np.full(count, np.inf)

    def evaluator() -> Callable[[int], None]:
        buffers = [torch.empty(len(answers), width) for width, _ in layout.shapes]

        def fill(i: int) -> None:
            logits = forward(layout.layers(torch.from_numpy(weights(i))), digits, final_relu, buffers)
            out[i] = float(torch.nn.functional.cross_entropy(logits, answers))

        return fill

    _share_out(evaluator, count)
    return np.where(np.isfinite(out), out, np.inf)


def _logits(layers: Layers, h: Tensor, final_relu: bool, out: list[Tensor]) -> Tensor:
    """Return the logits [10, digits] of `h` [digits, units]: mlp.forward with the last layer on its side.

    Ten rows are multiplied twice as fast as ten columns.
    """
    import torch

    for k, (matrix, bias) in enumerate(layers[:-1]):
        h = torch.addmm(bias, h, matrix.t(), out=out[k]).relu_()
    matrix, bias = layers[-1]
    logits = torch.addmm(bias[:, None], matrix, h.t(), out=out[-1])
    return logits.relu_() if final_relu else logits


def _share_out(evaluator: Callable[[], Callable[[int], None]], count: int) -> None:
    """Fill 0 to count - 1, each by whichever thread comes to it."""
    waiting, lock = iter(range(count)), threading.Lock()

    def work(stopped: Callable[[], bool]) -> None:
        fill = evaluator()
        while not stopped():
            with lock:
                i = next(waiting, None)
            if i is None:
                return
            fill(i)

    in_threads(work)
