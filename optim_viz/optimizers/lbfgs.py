"""torch's L-BFGS on two weights, as arithmetic on Python floats: the same operations in the same order.

On vectors of two, torch spends its time on calls: with 100 moves remembered, one inner iteration makes 600 of them.
What differs is the last bit: where the machine can, torch rounds a product and a sum once, Python's floats twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import nan
from typing import Any, NamedTuple

from optim_viz.optimizers.strong_wolfe import Pair, Trial, dot, over, strong_wolfe

Look = Callable[[Pair], tuple[float, Pair]]  # a point -> loss and gradient there
#: One step of an optimizer that looks as often as it likes: (look, lr, point, memory) -> point, memory. The memory is
#: None at first; its `state` is what torch keeps of the weights' shape, by torch's names.
ClosureStep = Callable[[Look, float, Pair, Any], tuple[Pair, Any]]

#: A move along which the gradient grew by less than this, times the move, is not remembered: torch's own bound.
LEAST_CURVATURE = 1e-10
#: Inner iterations a step, and moves remembered, at most: a step of more is a run of its own, and a surface of two
#: weights (or a memory of 270,000 a move) has no use for more.
MOST_ITERATIONS, MOST_HISTORY = 1000, 100


class Memory(NamedTuple):
    """What goes from one inner iteration to the next."""

    iterations: int = 0
    direction: Pair = (nan, nan)
    length: float = nan  # of the move, in units of the direction
    gradient: Pair = (nan, nan)  # before the move
    pairs: tuple[tuple[float, ...], ...] = ()  # change of gradient, move, and one over their product; the newest last
    scale: float = 1.0  # the inverse curvature that is assumed before anything is remembered

    @property
    def state(self) -> dict[str, Pair]:
        """What torch keeps of the weights' shape, by torch's names."""
        return {"d": self.direction, "prev_flat_grad": self.gradient} if self.iterations else {}


def lbfgs(
    max_iter: int,
    max_eval: int,
    tolerance_grad: float,
    tolerance_change: float,
    history_size: int,
    line_search_fn: bool,
) -> ClosureStep:
    """Return the step of torch.optim.LBFGS with these hyperparameters, `max_eval` 0 for torch's default.

    Problem: learn the curvature from the last moves and their changes of gradient, without ever storing a matrix.
    Formula: theta <- theta - t H g, with H from `history_size` moves by the two-loop recursion, and t the learning rate
    or what a search for the strong Wolfe conditions finds; up to `max_iter` times a step.

    >>> step = lbfgs(20, 0, 1e-7, 1e-9, 100, False)
    >>> point, memory = step(lambda p: (p[0] ** 2 + p[1] ** 2, (2 * p[0], 2 * p[1])), 1.0, (3.0, 4.0), None)
    >>> max(map(abs, point)) < 1e-14, memory.iterations
    (True, 2)

    Reference: Liu & Nocedal, On the limited memory BFGS method for large scale optimization (1989).
    """
    most = max_eval or max_iter * 5 // 4

    def step(look: Look, lr: float, point: Pair, memory: Memory | None) -> tuple[Pair, Memory]:
        memory, (loss, gradient), looks = memory or Memory(), look(point), 1
        if _within(gradient, tolerance_grad):
            return point, memory
        for iteration in range(1, max_iter + 1):
            memory = _turned(memory, gradient, lr, history_size)
            start = Trial(0.0, loss, gradient, dot(gradient, memory.direction))
            if start.slope > -tolerance_change:
                break
            trial = _trials(look, point, memory.direction)
            if line_search_fn:
                widest = max(map(abs, memory.direction))
                end, more = strong_wolfe(trial, start, memory.length, widest, tolerance_change, most - looks)
            elif iteration < max_iter:
                end, more = trial(memory.length), 1
            else:  # nobody asks what is there
                end, more = start._replace(length=memory.length), 0
            memory = memory._replace(length=end.length)
            looks, point = looks + more, _moved(point, end.length, memory.direction)
            move = memory.direction[0] * end.length, memory.direction[1] * end.length
            level, still = _within(end.gradient, tolerance_grad), _within(move, tolerance_change)
            if looks >= most or level or still or abs(end.loss - loss) < tolerance_change:
                break
            loss, gradient = end.loss, end.gradient
        return point, memory

    return step


def most_looks(values: Mapping[str, Any]) -> int:
    """How often at most a step with these hyperparameters looks at the gradient.

    >>> most_looks({"max_iter": 20, "max_eval": 0, "line_search_fn": False})
    20
    """
    most = int(values["max_eval"] or values["max_iter"] * 5 // 4)
    # A search may look once more than it is left; without one, the last iteration's end is not looked at.
    return max(most, 1) + 1 if values["line_search_fn"] else min(values["max_iter"], max(most, 2))


def _within(pair: Pair, bound: float) -> bool:
    return abs(pair[0]) <= bound and abs(pair[1]) <= bound


def _moved(point: Pair, length: float, direction: Pair) -> Pair:
    return point[0] + length * direction[0], point[1] + length * direction[1]


def _trials(look: Look, point: Pair, direction: Pair) -> Callable[[float], Trial]:
    """Return what looks at a length along `direction` from `point`."""

    def trial(length: float) -> Trial:
        loss, gradient = look(_moved(point, length, direction))
        return Trial(length, loss, gradient, dot(gradient, direction))

    return trial


def _turned(memory: Memory, gradient: Pair, lr: float, history_size: int) -> Memory:
    """The memory with the last move in it, and the next direction and length."""
    gx, gy = gradient
    if not memory.iterations:
        return Memory(1, (-gx, -gy), min(1.0, 1.0 / (abs(gx) + abs(gy))) * lr, gradient)
    (hx, hy), (dx, dy), pairs, scale = memory.gradient, memory.direction, memory.pairs, memory.scale
    yx, yy, sx, sy = gx - hx, gy - hy, dx * memory.length, dy * memory.length
    product = yx * sx + yy * sy
    if product > LEAST_CURVATURE:
        pairs = (*pairs, (yx, yy, sx, sy, 1.0 / product))[-history_size:]
        scale = over(product, yx * yx + yy * yy)
    return Memory(memory.iterations + 1, _direction(gradient, pairs, scale), lr, gradient, pairs, scale)


def _direction(gradient: Pair, pairs: tuple[tuple[float, ...], ...], scale: float) -> Pair:
    """Minus the gradient times the inverse curvature that `pairs` tell of: the two-loop recursion."""
    x, y = -gradient[0], -gradient[1]
    shares = []
    for yx, yy, sx, sy, inverse in reversed(pairs):
        share = (sx * x + sy * y) * inverse
        shares.append(share)
        x -= share * yx
        y -= share * yy
    x *= scale
    y *= scale
    for (yx, yy, sx, sy, inverse), share in zip(pairs, reversed(shares), strict=True):
        rest = share - (yx * x + yy * y) * inverse
        x += rest * sx
        y += rest * sy
    return x, y
