"""The rows of SCHEDULES that are made of others: torch's SequentialLR, one after the other, and ChainedScheduler."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers import composed_text, factors, schedule_rows, typed_rows
from optim_viz.optimizers.composed_text import parsed
from optim_viz.optimizers.factors import factor
from optim_viz.optimizers.schedule_row import Schedule, Text
from optim_viz.spec import ScheduleSpec, SpecError

_ALL = {**schedule_rows.ROWS, **typed_rows.ROWS}
_WATCHES = N_("{owner}: plateau watches the loss, and torch's {owner} hands none on: it cannot be a part.")
_SETS = N_("{owner}: in torch {part} sets the rate that the other parts begin with: it cannot be a part.")
_MADE = N_("{owner}: {part} is made of parts itself: write them one by one.")
_ANEW = N_(
    "{owner}: {part} sets the rate anew at every step, so what stands before it in a chain would be lost; "
    "multiplicative takes part in a product."
)
_NEVER = {
    "plateau": _WATCHES, "cyclic": _SETS, "onecycle": _SETS, "warmup_cosine": _MADE, "sequential": _MADE,
    "chained": _MADE,
}  # fmt: skip
#: Kinds that may not be parts of each, and why.
_NOT_IN_SEQUENCE, _NOT_IN_CHAIN = _NEVER, {**_NEVER, "lambda": _ANEW, "cosine_restarts": _ANEW}
_IN_SEQUENCE = {kind: row for kind, row in _ALL.items() if kind not in _NOT_IN_SEQUENCE}
_IN_CHAIN = {kind: row for kind, row in _ALL.items() if kind not in _NOT_IN_CHAIN}


def parts_of(text: str) -> tuple[ScheduleSpec, ...]:
    """Return the schedules that a composed one's `parts` are.

    >>> [part.kind for part in parts_of("linear(total_iters=100), cosine")]
    ['linear', 'cosine']
    """
    return parsed(text, _kinds)


def _kinds() -> Mapping[str, Schedule]:
    return _ALL


def starts_of(milestones: str) -> list[int]:
    """Return the steps at which the parts of a sequence begin.

    >>> starts_of("100, 300")
    [0, 100, 300]
    """
    return [0, *map(int, milestones.split(","))]


def lengths_of(milestones: str, total: Any) -> list[Any]:
    """Return how many steps each part of a sequence has, at least 1: what "the whole run" is to it."""
    starts = starts_of(milestones)
    return [*(b - a for a, b in pairwise(starts)), np.maximum(total - starts[-1], 1)]


def _values(part: ScheduleSpec) -> dict[str, Any]:
    return dict(part.values)


def _sequential(step: Any, base: Any, total: Any, *, parts: str, milestones: str, products: tuple[Any, ...]) -> Any:
    """The rate of the part whose turn it is: it begins anew from lr, but a multiplicative one from where it stands."""
    specs, starts, lengths = parts_of(parts), starts_of(milestones), lengths_of(milestones, total)
    numbers = iter(products)
    rates: list[Callable[[Any], Any]] = []
    for spec, start, length in zip(specs, starts, lengths, strict=True):
        rates.append(_part_rate(spec, start, length, base, numbers, rates[-1] if rates else None))
    found = rates[0](step)
    for start, rate in zip(starts[1:], rates[1:], strict=True):
        found = np.where(step < start, found, rate(step))
    return found


def _part_rate(
    spec: ScheduleSpec, start: int, length: Any, base: Any, products: Any, before: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    """The rate of one part of a sequence, as a function of the run's step."""
    rate = _ALL[spec.kind].rate
    if spec.kind == "multiplicative":
        product = next(products)
        # Its product stands still once the next part is on, so that this holds for the step before that, too.
        return lambda step: (base if before is None else before(start - 1 + 0 * step)) * product
    return lambda step: rate(np.maximum(step - start, 0), base, length, **_values(spec))  # type: ignore[misc]


def _sequential_running(step: Any, total: Any, *, parts: str, milestones: str) -> tuple[Any, ...]:
    """The factors of the multiplicative parts, 1 while another part is on."""
    starts = [*starts_of(milestones), math.inf]
    found = []
    for i, (spec, length) in enumerate(zip(parts_of(parts), lengths_of(milestones, total), strict=True)):
        if spec.kind == "multiplicative":
            on = (step >= max(starts[i], 1)) & (step < starts[i + 1])
            own = factor(str(spec["lr_lambda"]), np.maximum(step - starts[i], 0), length)
            found.append(np.where(on, own, 1.0))
    return tuple(found)


def _chained(step: Any, base: Any, total: Any, *, parts: str, products: tuple[Any, ...]) -> Any:
    """lr * the factors of all parts."""
    numbers, found = iter(products), base
    for spec in parts_of(parts):
        rate = _ALL[spec.kind].rate
        found = found * (next(numbers) if spec.kind == "multiplicative" else rate(step, 1.0, total, **_values(spec)))  # type: ignore[misc]
    return found


def _chained_running(step: Any, total: Any, *, parts: str) -> tuple[Any, ...]:
    typed = [spec for spec in parts_of(parts) if spec.kind == "multiplicative"]
    return tuple(typed_rows.running_factor(step, total, lr_lambda=str(spec["lr_lambda"]))[0] for spec in typed)


def _fits(values: Mapping[str, Any]) -> None:
    parts, milestones = len(parts_of(values["parts"])), len(starts_of(values["milestones"])) - 1
    if milestones != parts - 1:
        raise SpecError(
            "sequential: there is one milestone fewer than parts, {needed} for {parts}; got {milestones}.",
            parts=parts,
            needed=parts - 1,
            milestones=milestones,
        )


def _falls(values: Mapping[str, Any]) -> None:
    for part in parts_of(values["parts"]):
        if part.kind == "cosine" and (part["T_max"] or part["eta_min"]):
            raise SpecError(
                "chained: cosine as a part goes down to 0 over the whole run: T_max and eta_min must be 0; "
                "got {T_max} and {eta_min:g}.",
                T_max=part["T_max"],
                eta_min=part["eta_min"],
            )


def _look_at_sequence(total: int, *, parts: str, milestones: str) -> None:
    starts = [*starts_of(milestones), total + 1]
    for i, (spec, length) in enumerate(zip(parts_of(parts), lengths_of(milestones, total), strict=True)):
        if spec.kind == "lambda" and starts[i] <= total:
            steps = np.arange(min(starts[i + 1], total + 1) - starts[i])
            factors.look("sequential", factor(str(spec["lr_lambda"]), steps, length))
    running = _sequential_running(np.arange(total + 1), total, parts=parts, milestones=milestones)
    factors.look_at_products("sequential", running)


def _look_at_chain(total: int, *, parts: str) -> None:
    factors.look_at_products("chained", _chained_running(np.arange(total + 1), total, parts=parts))


_PARTS = N_("Schedules and their settings, such as linear(start_factor=0.1, total_iters=50), cosine.")
_ROWS = (
    Schedule(
        name="sequential",
        title=N_("One after the other"),
        rate=_sequential,
        torch_class="SequentialLR",
        hyperparameters=(
            Text(
                "parts", "linear(start_factor=0.1, total_iters=50), cosine", text=_PARTS,
                read=composed_text.reader(_IN_SEQUENCE, _NOT_IN_SEQUENCE),
            ),
            Text(
                "milestones", "50", text=N_("The steps at which the next schedule begins, such as 50, 200."),
                read=composed_text.read_milestones,
            ),
        ),
        problem=N_("Warm up, then anything: each schedule has its steps, and begins anew from lr."),
        latex=r"\eta_t = \eta^{(i)}_{t - m_i}, \ m_i \le t < m_{i+1}",
        reference="torch.optim.lr_scheduler.SequentialLR (PyTorch), 2021",
        running=_sequential_running,
        together=_fits,
        look=_look_at_sequence,
    ),
    Schedule(
        name="chained",
        title=N_("All at once"),
        rate=_chained,
        torch_class="ChainedScheduler",
        hyperparameters=(
            Text(
                "parts", "linear(start_factor=0.1, total_iters=50), exponential", text=_PARTS,
                read=composed_text.reader(_IN_CHAIN, _NOT_IN_CHAIN),
            ),
        ),
        problem=N_("The factors of several schedules, multiplied."),
        latex=r"\eta_t = \eta \prod_i \eta^{(i)}_t / \eta",
        reference="torch.optim.lr_scheduler.ChainedScheduler (PyTorch), 2020",
        running=_chained_running,
        together=_falls,
        look=_look_at_chain,
    ),
)  # fmt: skip
ROWS: dict[str, Schedule] = {row.name: row for row in _ROWS}
