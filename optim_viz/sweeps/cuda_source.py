"""CUDA source of all steps of a run in one thread, written from the traces that the other engines are written from.

A step of a block on tensors goes through a GPU's memory at every operation; here the point, the optimizer's state and
what is noted of the run stay in registers from step to step. The source holds operations of a table, names made up here
and numbers in hexadecimal, never a text that somebody typed. What is the same for all runs (powers of t, the rates of a
schedule) is worked out in Python, as the other engines have it, and handed over as columns of a table, a row a step: so
one source serves all values of an optimizer's hyperparameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.optimizers.clipping import CLIPPING, clip
from optim_viz.optimizers.cycled import cycled_of, first_values
from optim_viz.optimizers.rules import flat
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.specs import has_rule
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.optimizers.trace import Trace, UntraceableError, trace
from optim_viz.spec import OptimizerSpec, SweepSpec
from optim_viz.sweeps.cuda_code import (
    BITS,
    DOUBLES,
    HELPERS,
    INDICES,
    INT,
    KERNEL,
    READ,
    NotInCError,
    asked_numbers,
    in_scope,
    lines_of,
)
from optim_viz.sweeps.cuda_surface import needs_examples, surface_lines
from optim_viz.sweeps.machine_code import number_function

#: What of a run is an axis of its own: where it starts.
START = ("x", "y")


@dataclass(frozen=True, eq=False)
class Source:
    """A kernel's text, and what it is to be called with.

    `parameters` are pairs of C's type and a name, in order. `numbers` gives a step's row of the table of numbers from
    (t, lr_x, lr_y, cycled, {hyperparameter or bound on gradients: number}). `lanes` are what differs from run to run by
    axis and is no start and no rate, `states` how many numbers of a coordinate the optimizer keeps.
    """

    text: str
    parameters: tuple[tuple[str, str], ...]
    numbers: Callable[..., tuple[Any, ...]]
    lanes: tuple[str, ...]
    states: int


def source_of(spec: SweepSpec, watch: bool) -> Source | None:
    """Return the kernel of a checked sweep, or None where there is none.

    `watch` looks at the loss of every step, as batch.run_all has it. None: its optimizer has no rule, its schedule
    watches the losses, or its surface has an operation that the table has not.

    >>> from optim_viz import optimizer, sweep
    >>> source = source_of(sweep("quadratic", optimizer("sgd"), {"lr": [0.1]}).spec, True)
    >>> [line.strip() for line in source.text.splitlines() if "lr_x *" in line]
    ['const double v0 = lr_x * gx;', 'const double v2 = lr_x * gy;']
    """
    plan = spec.optimizer.schedule
    if not has_rule(spec.optimizer) or (plan is not None and SCHEDULES[plan.kind].rate is None):
        return None
    try:
        return _Writer(spec, watch).source()
    except (UntraceableError, NotInCError):
        return None


class _Writer:
    """What a kernel is written from: a sweep, and C's names of what differs from run to run."""

    def __init__(self, spec: SweepSpec, watch: bool) -> None:
        self.spec, self.watch, optimizer = spec, watch, spec.optimizer
        self.row, self.values = OPTIMIZERS[optimizer.kind], first_values(optimizer)
        axes = [name for name, _ in spec.axes]
        self.swept, self.same = "lr" in axes, optimizer.factor("x") == optimizer.factor("y")
        self.cycled = cycled_of(optimizer)
        self.lanes = tuple(name for name in axes if name not in (*START, "lr", self.cycled))
        self.clips = bool(optimizer.clip) or any(row.name in self.lanes for row in CLIPPING)
        kept = self.row.state_names(self.values | dict.fromkeys((*self.lanes, *filter(None, [self.cycled])), 1.0))
        self.states = len(kept)
        self.means = needs_examples(spec)

    def source(self) -> Source:
        """Write it."""
        step, numbers, steady, moving = self._step()
        rates = ("lr_x",) if self.same else ("lr_x", "lr_y")
        of_rates = [
            f"const double {name} = rates[((long long)k * stride + {j}) * width + lane[i]];"
            for j, name in enumerate(rates)
        ]
        noise = ["const long long drawn = 2LL * k * seeds + seed[i];"] if self.spec.noise else []
        text = KERNEL.format(
            parameters=", ".join(f"{kind} {name}" for kind, name in self._parameters(bool(steady or moving))),
            load=_text([*self._loads(), *steady], 1),
            read=_text([*(of_rates if self.swept else []), *moving, *noise], 2),
            gradient=_text(self._gradient(), 2),
            step=_text(step, 2),
            seen=_text(self._seen(), 2),
            store=_text(self._stores(), 1),
        )
        parameters = self._parameters(bool(steady or moving))
        return Source(HELPERS + text, parameters, numbers, self.lanes, self.states)

    def _parameters(self, numbers: bool) -> tuple[tuple[str, str], ...]:
        """C's types and names."""
        batch = bool(self.spec.batch_size)
        asked = [
            (INT, "n first count tail", True), (INT, "columns", numbers), (INT, "stride width", self.swept),
            (INT, "seeds", batch or bool(self.spec.noise)), (INT, "size", batch), (INT, "all", any(self.means)),
            (DOUBLES, "theta low high", True), (BITS, "alive", True), (BITS, "waiting", self.watch),
            (DOUBLES, "waited", self.watch), (READ, "target", self.watch), (READ, "numbers", numbers),
            (READ, "rates", self.swept), (INDICES, "lane", self.swept), (READ, "noise", bool(self.spec.noise)),
            (INDICES, "seed", batch or bool(self.spec.noise)), (READ, "examples", batch or any(self.means)),
            (INDICES, "batches", batch), (DOUBLES, " ".join(f"state{j}" for j in range(self.states)), True),
            (READ, " ".join(f"given{j}" for j in range(len(self.lanes))), True),
        ]  # fmt: skip
        return tuple((kind, name) for kind, names, used in asked if used for name in names.split())

    def _pairs(self) -> list[tuple[str, str]]:
        """What a run takes along from launch to launch, and where it stands between."""
        kept = ["theta", "low", "high", *(f"state{j}" for j in range(self.states))]
        names = [
            ("x", "y"),
            ("low_x", "low_y"),
            ("high_x", "high_y"),
            *((f"s{j}x", f"s{j}y") for j in range(self.states)),
        ]
        return [
            pair
            for place, (x, y) in zip(kept, names, strict=True)
            for pair in ((x, f"{place}[i]"), (y, f"{place}[n + i]"))
        ]

    def _loads(self) -> Iterable[str]:
        yield from (f"double {name} = {place};" for name, place in self._pairs())
        yield "bool live = alive[i];"
        if self.watch:
            yield "bool waits = waiting[i];"
            yield "double steps_waited = waited[i];"
            yield "const double goal = target[i];"
        yield from (f"const double h{j} = given{j}[i];" for j in range(len(self.lanes)))

    def _stores(self) -> Iterable[str]:
        yield from (f"{place} = {name};" for name, place in self._pairs())
        yield "alive[i] = live;"
        if self.watch:
            yield "waiting[i] = waits;"
            yield "waited[i] = steps_waited;"

    def _seen(self) -> Iterable[str]:
        """What tracker.Tracker sees of a step."""
        if self.row.forgets:
            yield "live = live && is_finite(gx) && is_finite(gy);"
        yield "if (t == tail) { low_x = high_x = x; low_y = high_y = y; }"
        yield "else if (t > tail) {"
        for end, function in (("low", "minimum"), ("high", "maximum")):
            yield "    " + " ".join(f"{end}_{c} = {function}({end}_{c}, {c});" for c in "xy")
        yield "}"
        if self.watch:
            yield "double loss;"
            yield from surface_lines(self.spec, "value", ("loss",), self.means[0], "")
            yield "waits = waits && !(loss <= goal);"
            yield "live = live && is_finite(loss);"
            yield "steps_waited += waits ? 1.0 : 0.0;"

    def _gradient(self) -> Iterable[str]:
        yield "double gx, gy;"
        picked = "batches[((long long)k * seeds + seed[i]) * size + e]" if self.spec.batch_size else ""
        yield from surface_lines(self.spec, "gradient", ("gx", "gy"), bool(picked) or self.means[1], picked)

    def _step(self) -> tuple[list[str], Callable[..., tuple[Any, ...]], list[str], list[str]]:
        """Noise, clipping and the rule: lines, what works the numbers out, and the lines that read those.

        The numbers that no step changes are read once. The first step is written apart only where the rule asks for it.
        """
        first, rest = (trace(self._update, self._inputs(), equal) for equal in (True, False))
        alike = (first.operations, first.results) == (rest.operations, rest.results)
        known = self._names()
        columns: list[tuple[str, bool]] = []
        written, functions = [], []
        for found in (rest,) if alike else (first, rest):
            names, moving = asked_numbers(found), self._moving(found)
            at = range(len(columns), len(columns) + len(names))
            columns += [(f"n{j}", name in moving) for j, name in zip(at, names, strict=True)]
            lines, results = lines_of(found, known | {name: f"n{j}" for j, name in zip(at, names, strict=True)})
            written.append([*in_scope(lines, self._results(), results)])
            functions.append(number_function(found, names))
        reads = [
            (f"const double {name} = numbers[{f'(long long)k * columns + {j}' if moves else j}];", moves)
            for j, (name, moves) in enumerate(columns)
        ]
        steady, moving_lines = ([line for line, moves in reads if moves == wanted] for wanted in (False, True))
        step = written[0] if alike else ["if (t == 1)", *written[0], "else", *written[1]]
        return step, self._numbers(functions), steady, moving_lines

    def _numbers(self, functions: Sequence[Callable[..., tuple[Any, ...]]]) -> Callable[..., tuple[Any, ...]]:
        names = list(self._inputs())

        def numbers(t: int, lr_x: Any, lr_y: Any, cycled: Any, fixed: Mapping[str, Any]) -> tuple[Any, ...]:
            known = {**fixed, "t": t, "lr_x": lr_x, "lr_y": lr_y} | ({self.cycled: cycled} if self.cycled else {})
            given = [known.get(name) for name in names]
            return tuple(number for function in functions for number in function(*given))

        return numbers

    def _moving(self, found: Trace) -> set[str]:
        """The numbers of a trace that change from step to step."""
        moving = {"t", self.cycled} | ({"lr_x", "lr_y"} if self.spec.optimizer.schedule else set())
        for name, _, operands in found.operations:
            if moving & set(operands):
                moving.add(name)
        return moving

    def _names(self) -> dict[str, str]:
        """C's names of the step's inputs that are no numbers."""
        own = {name: f"h{j}" for j, name in enumerate(self.lanes)}
        noise = {"nx": "noise[drawn]", "ny": "noise[drawn + seeds]"}
        fixed = [name for name, example in self._inputs().items() if np.ndim(example)]
        return {name: {**own, **noise}.get(name, name) for name in fixed}

    def _results(self) -> list[str]:
        return ["gx", "gy", "x", "y", *(f"s{j}{c}" for c in "xy" for j in range(self.states))]

    def _inputs(self) -> dict[str, Any]:
        """Examples of what a step takes: an array stands for what differs from run to run, a number for the rest."""
        one: Any = np.ones(1)
        rate = one if self.swept else 0.5
        names = [*self._results(), *self.lanes, *(["nx", "ny"] if self.spec.noise else [])]
        free = [*free_numbers(self.spec.optimizer), *(row.name for row in CLIPPING if self.clips), self.cycled]
        numbers = {name: 0.5 for name in free if name and name not in self.lanes}
        return {"t": 1, "lr_x": rate, **({} if self.same else {"lr_y": rate})} | numbers | dict.fromkeys(names, one)

    def _update(self, *given: Any) -> tuple[Any, ...]:
        """One step from a gradient on: (gx, gy, x, y, *states of x, *states of y) as the rule sees and leaves them."""
        v = dict(zip(self._inputs(), given, strict=True))
        gx, gy = (v["gx"] + v["nx"], v["gy"] + v["ny"]) if self.spec.noise else (v["gx"], v["gy"])
        if self.clips:
            gx, gy = clip(np)(gx, gy, *(v[row.name] for row in CLIPPING))
        values = {name: v.get(name, value) for name, value in self.values.items()}
        rule = flat(self.row.step_with(values, np))
        x, *of_x = rule(v["t"], v["lr_x"], v["x"], gx, *(v[f"s{j}x"] for j in range(self.states)))
        y, *of_y = rule(v["t"], v.get("lr_y", v["lr_x"]), v["y"], gy, *(v[f"s{j}y"] for j in range(self.states)))
        return gx, gy, x, y, *of_x, *of_y


def free_numbers(optimizer: OptimizerSpec) -> tuple[str, ...]:
    """Return the hyperparameters that are handed over as numbers: not those at 0, at which a rule leaves its term out.

    >>> from optim_viz import optimizer
    >>> free_numbers(optimizer("momentum", momentum=0.9))
    ('momentum',)
    """
    known = OPTIMIZERS[optimizer.kind].hyperparameters
    return tuple(h.name for h in known if h.name != "lr" and h.scale != "bool" and optimizer[h.name] != 0)


def _text(lines: Iterable[str], depth: int) -> str:
    return ("\n" + "    " * depth).join(lines)
