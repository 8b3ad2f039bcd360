"""The loss of a network on a plane of weights W0 + a*D1 + b*D2, at many points, without a forward pass for each.

The first layer, which takes four fifths of a forward pass, is linear in its weights: x@W0, x@D1 and x@D2 are computed
once, and at a point (a, b) its output is their combination. Only the small layers above are left to be multiplied.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.network.device import device
from optim_viz.network.mlp import Layout, evaluate
from optim_viz.settings import threads
from optim_viz.threads import Shared, in_torch_threads

if TYPE_CHECKING:
    from torch import Tensor


def losses_on_plane(
    layout: Layout, final_relu: bool, plane: np.ndarray, points: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return the mean cross-entropy at every point of a plane of weights, float64 [points].

    Arguments: `plane`, float32 [3, weights]: W0, D1 and D2; `points`, [points, 2]: a and b; `x`, float32 [digits, 784];
    `y`, integers [digits]. Where numbers overflow the loss is inf.
    """
    import torch

    place = device()
    parts = torch.from_numpy(np.ascontiguousarray(plane, np.float32)).to(place)
    answers = torch.from_numpy(y).to(place).long()
    matrices, biases = layout.layers(parts)[0]
    first = matrices @ torch.from_numpy(x).to(place).t() + biases[:, :, None]  # [3, hidden, digits]
    rest = parts[:, layout.spans[0].stop :].contiguous()
    above = Layout(layout.hidden[1:], layout.hidden[0])
    out = torch.full((len(points),), math.inf, dtype=torch.float64, device=place)

    def evaluator() -> Callable[[int], None]:
        """Return what fills out[i], with buffers of its own for one thread; points of equal b share W0 + b * D2."""
        h, weights = torch.empty_like(first[0]), torch.empty_like(rest[0])
        h_row, weights_row, row = torch.empty_like(h), torch.empty_like(weights), math.nan
        layers = above.layers(weights)
        buffers = [torch.empty(width, len(answers), dtype=torch.float32, device=place) for width, _ in above.shapes]

        def fill(i: int) -> None:
            nonlocal row
            a, b = points[i].tolist()
            if b != row:
                torch.add(first[0], first[2], alpha=b, out=h_row)
                torch.add(rest[0], rest[2], alpha=b, out=weights_row)
                row = b
            torch.add(h_row, first[1], alpha=a, out=h).relu_()
            torch.add(weights_row, rest[1], alpha=a, out=weights)
            out[i] = evaluate(layers, h, answers, final_relu, buffers)[0]

        return fill

    return _shared_out(evaluator, out)


def losses_of(
    layout: Layout, final_relu: bool, weights: Callable[[int], np.ndarray], count: int, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return the mean cross-entropy of `count` networks, weights(i) float32 [weights], by plain forward passes."""
    import torch

    place = device()
    digits, answers = torch.from_numpy(x).to(place).t().contiguous(), torch.from_numpy(y).to(place).long()
    out = torch.full((count,), math.inf, dtype=torch.float64, device=place)

    def evaluator() -> Callable[[int], None]:
        buffers = [torch.empty(width, len(answers), dtype=torch.float32, device=place) for width, _ in layout.shapes]

        def fill(i: int) -> None:
            layers = layout.layers(torch.from_numpy(weights(i)).to(place))
            out[i] = evaluate(layers, digits, answers, final_relu, buffers)[0]

        return fill

    return _shared_out(evaluator, out)


def _shared_out(evaluator: Callable[[], Callable[[int], None]], out: Tensor) -> np.ndarray:
    """Fill every place of `out`, each by whichever thread comes to it; return it with inf where numbers overflowed.

    On a GPU by one thread: it is one worker.
    """
    count = len(out)
    waiting = Shared(range(count))

    def work(stopped: Callable[[], bool]) -> None:
        fill = evaluator()
        for i in waiting:
            if stopped():
                return
            fill(i)

    in_torch_threads(work, min(threads(), count) if out.device.type == "cpu" else 1)
    losses = out.cpu().numpy()
    return np.where(np.isfinite(losses), losses, np.inf)
