"""A surface's loss and gradient as lines of C: in one expression, or as a mean over examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from optim_viz.optimizers.trace import Trace, UntraceableError, trace
from optim_viz.spec import SweepSpec
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.traced import traced_examples
from optim_viz.sweeps.cuda_code import asked_numbers, in_scope, lines_of, literal
from optim_viz.sweeps.machine_code import number_function


def surface_lines(spec: SweepSpec, what: str, targets: Sequence[str], mean: bool, picked: str) -> Iterable[str]:
    """Loss or gradient of the surface, or its mean over all examples or over those that are picked."""
    if not mean:
        found = _surface_trace(spec, what)
        names = asked_numbers(found)
        numbers = dict(zip(names, number_function(found, names)(None, None), strict=True))
        lines, results = lines_of(found, {"x": "x", "y": "y"} | {name: literal(numbers[name]) for name in names})
        yield from in_scope(lines, targets, results)
        return
    one = getattr(traced_examples(spec.surface.expression), what)
    made = (*one.inputs, *(name for name, _, _ in one.operations))
    found = replace(one, arrays=dict.fromkeys(made, ((1,), np.dtype(float))))  # traced as numbers
    lines, results = lines_of(found, {name: name for name in one.inputs})
    count = "size" if picked else "all"
    yield " = ".join(targets) + " = 0.0;"
    yield f"for (int e = 0; e < {count}; e++) {{"
    yield f"    const long long at = 2 * ({picked or 'e'});"
    yield "    const double u = examples[at], v = examples[at + 1];"
    yield from (f"    {line}" for line in lines)
    yield from (f"    {target} += {result};" for target, result in zip(targets, results, strict=True))
    yield "}"
    yield from (f"{target} /= {count};" for target in targets)


def _surface_trace(spec: SweepSpec, what: str) -> Trace:
    """Loss or gradient of the whole surface at (x, y), as arrays go through it."""
    surface, one = compiled(spec.surface), np.ones(1)
    if what == "value":
        return trace(lambda x, y: (surface.value(0, x, y),), {"x": one, "y": one})
    return trace(lambda x, y: surface.gradient(0, x, y), {"x": one, "y": one})


def needs_examples(spec: SweepSpec) -> tuple[bool, bool]:
    """Whether the full loss, and the gradient that steps see, are a mean over all examples."""
    if not spec.surface.data:
        return False, False
    try:
        _surface_trace(spec, "value")
    except UntraceableError:
        return True, spec.batch_size is None
    return False, False
