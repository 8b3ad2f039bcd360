"""Learning rates as pure functions of the step, counted from 0: rate(step, base, total, **values).

`step` and `base` may be arrays (they broadcast); `total` is the run's number of steps. Each gives what torch's
class of the same row of SCHEDULES sets.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def constant(step: Any, base: Any, total: int) -> Any:
    """lr."""
    return base + 0.0 * step


def staircase(step: Any, base: Any, total: int, *, step_size: int, gamma: float) -> Any:
    """lr * gamma^floor(step / step_size)."""
    return base * gamma ** (step // step_size)


def multistep(step: Any, base: Any, total: int, *, gamma: float, **milestones: int) -> Any:
    """lr * gamma^(number of milestones passed); a milestone of 0 is not used."""
    return base * gamma ** sum(((step >= m) * (m > 0) * 1.0 for m in milestones.values()), 0.0 * step)


def exponential(step: Any, base: Any, total: int, *, gamma: float) -> Any:
    """lr * gamma^step."""
    return base * gamma**step


def cosine(step: Any, base: Any, total: int, *, T_max: int, eta_min: float) -> Any:  # noqa: N803 - torch's name
    """Half a cosine wave from lr down to eta_min in T_max steps (0: the whole run), then up again."""
    return eta_min + (base - eta_min) * (1.0 + np.cos(math.pi * step / _or_whole(T_max, total))) / 2.0


def cosine_restarts(step: Any, base: Any, total: int, *, T_0: int, T_mult: int, eta_min: float) -> Any:  # noqa: N803
    """`cosine` from lr down to eta_min, again and again: T_0 steps, then each time T_mult times as many."""
    more = np.maximum(T_mult, 2.0)  # of equal ones the number is a plain division
    found = np.where(T_mult > 1.0, np.log(step / T_0 * (more - 1.0) + 1.0) / np.log(more), step / T_0)
    restarts = np.floor(found + 0.5)  # one too many, or right: the logarithm is rounded
    restarts = restarts - (_restart(restarts, T_0, T_mult, more) > step) * 1.0
    since = step - _restart(restarts, T_0, T_mult, more)
    return eta_min + (base - eta_min) * (1.0 + np.cos(math.pi * since / (T_0 * T_mult**restarts))) / 2.0


def _restart(count: Any, first: Any, times: Any, more: Any) -> Any:
    """The step of a restart, counted from 0."""
    return np.where(times > 1.0, first * (np.floor(more**count + 0.5) - 1.0) / (more - 1.0), first * count)


def polynomial(step: Any, base: Any, total: int, *, total_iters: int, power: float) -> Any:
    """lr * (1 - step / total_iters)^power, 0 after total_iters steps (0: the whole run)."""
    return base * (1.0 - np.minimum(step / _or_whole(total_iters, total), 1.0)) ** power


def linear(step: Any, base: Any, total: int, *, start_factor: float, end_factor: float, total_iters: int) -> Any:
    """lr * a factor that goes from start_factor to end_factor in total_iters steps (0: the whole run)."""
    done = np.minimum(step / _or_whole(total_iters, total), 1.0)
    return base * (start_factor + (end_factor - start_factor) * done)


def warmup_cosine(step: Any, base: Any, total: int, *, warmup: int, start_factor: float, eta_min: float) -> Any:
    """`linear` up to lr in `warmup` steps, then `cosine` down over the rest of the run."""
    up, down = warmup_split(total, warmup)
    rising = linear(step, base, total, start_factor=start_factor, end_factor=1.0, total_iters=up)
    falling = cosine(np.maximum(step - up, 0), base, total, T_max=down, eta_min=eta_min)
    return np.where(step < up, rising, falling)


def _or_whole(steps: Any, total: Any) -> Any:
    """A number of steps; 0 stands for the whole run."""
    return np.where(np.equal(steps, 0), total, steps)


def warmup_split(total: Any, warmup: Any) -> tuple[Any, Any]:
    """Steps of warm-up and of the rest, each at least 1: a warm-up longer than the run is cut."""
    up = np.maximum(1, np.minimum(warmup, total - 1))
    return up, np.maximum(1, total - up)


def cyclic(step: Any, base: Any, total: int, *, div_factor: float, **cycle: Any) -> Any:
    """From lr / div_factor up to lr in step_size_up steps, down again in step_size_down (0: as many), and anew.

    Each cycle is half as high as the one before where `triangular2`, else the height shrinks by gamma every step.
    """
    low = base / div_factor
    height, scale = _cycle(step, **cycle)
    return low + (base - low) * height * scale


def cyclic_momentum(step: Any, total: int, *, div_factor: float, **cycle: Any) -> Any:
    """From max_momentum down to base_momentum and up again: the other way than `cyclic`."""
    height, scale = _cycle(step, **cycle)
    return cycle["max_momentum"] - (cycle["max_momentum"] - cycle["base_momentum"]) * height * scale


def _cycle(
    step: Any, *, step_size_up: Any, step_size_down: Any, triangular2: bool, gamma: Any, **momentum: Any
) -> tuple[Any, Any]:
    """How high a cycle is at a step, as a share, and what that is scaled by."""
    length = step_size_up + np.where(np.equal(step_size_down, 0), step_size_up, step_size_down)
    rising = step_size_up / length  # a share of the cycle
    cycle = np.floor(1.0 + step / length)
    share = 1.0 + step / length - cycle
    height = np.where(share <= rising, share / rising, (share - 1.0) / (rising - 1.0))
    return height, 0.5 ** (cycle - 1.0) if triangular2 else gamma**step


def onecycle(step: Any, base: Any, total: int, *, div_factor: float, final_div_factor: float, **cycle: Any) -> Any:
    """From lr / div_factor up to lr in the first pct_start of the run, then down by div_factor * final_div_factor.

    With `three_phase` it is down to lr / div_factor in as many steps as up, and from there to the last rate.
    """
    low = base / div_factor
    return _through(step, total, low, base, low, low / final_div_factor, **cycle)


def onecycle_momentum(step: Any, total: int, *, div_factor: float, final_div_factor: float, **cycle: Any) -> Any:
    """From max_momentum down to base_momentum while the rate rises, and up again while it falls."""
    most = cycle["max_momentum"] + 0.0 * step
    return _through(step, total, most, cycle["base_momentum"], most, most, **cycle)


def _through(
    step: Any,
    total: Any,
    first: Any,
    top: Any,
    again: Any,
    last: Any,
    *,
    pct_start: Any,
    anneal_linear: bool,
    three_phase: bool,
    **momentum: Any,
) -> Any:
    """From `first` to `top`, with `three_phase` to `again`, and to `last` at the end of the run."""
    total = cycle_length(total, pct_start)
    peak, end = pct_start * total - 1.0, total - 1.0
    step = np.minimum(step, end)
    between = _line if anneal_linear else _wave
    rising = between(first, top, step / peak)
    if not three_phase:
        return np.where(step <= peak, rising, between(top, last, (step - peak) / (end - peak)))
    back = 2.0 * pct_start * total - 2.0
    falling = between(top, again, (step - peak) / (back - peak))
    ending = between(again, last, (step - back) / (end - back))
    return np.where(step <= peak, rising, np.where(step <= back, falling, ending))


def cycle_length(total: Any, pct_start: Any) -> Any:
    """The cycle's steps: torch divides by zero where a phase has none, so a shorter run is the start of a cycle.

    >>> int(cycle_length(3, 0.1)), int(cycle_length(500, 0.1))
    (11, 500)
    """
    few = np.floor(1.0 / pct_start)  # or one or two more, as the product is rounded
    more = np.where(pct_start * (few + 1.0) > 1.0, few + 1.0, few + 2.0)
    return np.maximum(total, np.where(pct_start * few > 1.0, few, more))


def _line(start: Any, end: Any, share: Any) -> Any:
    return (end - start) * share + start


def _wave(start: Any, end: Any, share: Any) -> Any:
    return end + (start - end) / 2.0 * (1.0 + np.cos(math.pi * share))
