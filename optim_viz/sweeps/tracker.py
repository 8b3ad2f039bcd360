"""What is seen of a block of runs: what is still finite, who has arrived, and where each stays at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.surfaces.outcome import resting_rows
from optim_viz.sweeps.placed import Rewrite
from optim_viz.sweeps.steps import filled


class Tracker:
    """Looks at every step of a block. Arrays are [n] or, of both coordinates, [2, n].

    `value` is the loss as a function of (t, x, y). `goal` is the lowest known loss and the share of a start's excess
    over it at which a run has arrived; without one, only the last loss is looked at. `xp` and `rewrite` are a
    backend's; `forgets` is the optimizer's: only then is every gradient looked at, otherwise the last point knows of
    all. The arrays that `see` is given may be overwritten after it.
    """

    def __init__(
        self,
        xp: Any,
        value: Callable[..., Any],
        starts: Any,
        steps: int,
        goal: tuple[float, float] | None,
        rewrite: Rewrite,
        forgets: bool,
    ) -> None:
        self.xp, self.value, self.goal, self.forgets = xp, value, goal, forgets
        self.tail = steps + 1 - resting_rows(steps + 1)  # the step from which the run must rest to be at rest
        self.rows: tuple[Any, tuple[Any, Any]] | None = None
        starts = xp.ascontiguousarray(starts)
        self.low, self.high = filled(xp, starts, starts), filled(xp, starts, starts)
        loss = self._loss(0, starts)
        self.alive, finite = xp.isfinite(loss), xp.isfinite
        self.still = rewrite(
            lambda a, gx, gy: (a & finite(gx) & finite(gy),), (self.alive, starts[0], starts[1]), (self.alive,)
        )
        box = self.low, self.high
        self.wider = rewrite(lambda a, b, p: (xp.minimum(a, p), xp.maximum(b, p)), (*box, starts), box)
        if goal is not None:
            best, tolerance = goal
            self.target = best + tolerance * (loss - best)
            self.waiting = ~(loss <= self.target)  # so that NaN waits
            self.count = filled(xp, starts[0], self.waiting)  # float64: the same memory can take what is added
            now = self.alive, self.waiting, self.count
            self.seen = rewrite(_seen(finite), (*now, loss, self.target), now)

    def _loss(self, t: int, theta: Any) -> Any:
        with np.errstate(all="ignore"):
            return self.value(t, theta[0], theta[1]) + 0.0 * theta[0]  # an expression may be a plain number

    def _parts(self, theta: Any) -> tuple[Any, Any]:
        """Both rows of theta: the same objects as long as it is the same, which costs least to look at again."""
        if self.rows is None or self.rows[0] is not theta:
            self.rows = theta, (theta[0], theta[1])
        return self.rows[1]

    def see(self, t: int, g: Any, theta: Any) -> None:
        """Take step t into account: from gradient g to theta."""
        if self.forgets:
            (self.alive,) = self.still(self.alive, g[0], g[1])
        if t == self.tail:
            self.low[:], self.high[:] = theta, theta
        elif t > self.tail:
            self.low, self.high = self.wider(self.low, self.high, theta)
        if self.goal is not None:
            with np.errstate(all="ignore"):
                loss = self.value(t, *self._parts(theta))
            now = self.alive, self.waiting, self.count
            self.alive, self.waiting, self.count = self.seen(*now, loss, self.target)

    def end(self, theta: Any, gradient: Callable[..., Any]) -> tuple[Any, Any, Any, Any]:
        """Return losses, steps_to, points and spread; `gradient` is asked for once more."""
        isfinite, where = self.xp.isfinite, self.xp.where
        loss = self._loss(0, theta)
        alive = self.alive & isfinite(theta[0]) & isfinite(theta[1]) & isfinite(loss)
        with np.errstate(all="ignore"):
            for part in gradient(0, theta[0], theta[1]):
                alive = alive & isfinite(part + 0.0 * theta[0])
        losses, never = where(alive, loss, np.inf), self.xp.full(len(theta[0]), np.inf)
        steps_to = never if self.goal is None else where(alive & ~self.waiting, self.count, never)
        with np.errstate(all="ignore"):
            spread = self.xp.hypot(*(self.high - self.low))
        return losses, steps_to, where(alive, theta, np.nan), where(alive, spread, np.nan)


def _seen(finite: Callable[[Any], Any]) -> Callable[..., Any]:
    """What a loss does to (alive, waiting, count of steps that have been waited)."""

    def seen(alive: Any, waiting: Any, count: Any, loss: Any, target: Any) -> tuple[Any, Any, Any]:
        waiting = waiting & ~(loss <= target)
        return alive & finite(loss), waiting, count + waiting

    return seen
