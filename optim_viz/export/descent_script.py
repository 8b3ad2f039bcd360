"""An experiment as a plain PyTorch script: what a teacher would write on the board, with the same final losses."""

from __future__ import annotations

import textwrap
from typing import Any

from optim_viz.export.matrix_script import matrix_script
from optim_viz.export.network_script import network_script
from optim_viz.export.script_parts import (
    DECODE,
    SOFTPLUS,
    arguments,
    asked,
    assembled,
    backward,
    clip_step,
    closure_step,
    expression_code,
    options,
    packages,
    packed,
    schedule_step,
    schedules,
    turned,
)
from optim_viz.optimizers.as_torch import optimizer_code, schedule_code
from optim_viz.spec import (
    COORDINATES,
    DescentSpec,
    MatrixSpec,
    NetworkSpec,
    OptimizerSpec,
    SpecError,
    Surface,
    quoted,
    unique_labels,
)
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.oracles import batch_indices, draws


def pytorch_script(spec: DescentSpec | NetworkSpec | MatrixSpec) -> str:
    """Return a script that runs the same experiment with torch alone and prints each run's final loss.

    Problem: take a picture's numbers into one's own code, or check them.
    Formula: the same as the experiment's; gradients come from autograd, what is drawn at random is written down.

    Arguments: `spec`, of a comparison on a surface, on the network or on the matrix task.
    Raises SpecError for an optimizer or digits of the user's own.

    >>> from optim_viz import descend, optimizer
    >>> script = pytorch_script(descend("rosenbrock", [optimizer("adam", lr=0.05)], steps=10).spec)
    >>> "torch.optim.Adam([x, y], lr=0.05)" in script
    True

    Reference: Paszke et al., PyTorch: An Imperative Style, High-Performance Deep Learning Library (2019).
    """
    if isinstance(spec, MatrixSpec):
        return matrix_script(spec)
    return network_script(spec) if isinstance(spec, NetworkSpec) else _descent_script(spec)


def _descent_script(spec: DescentSpec) -> str:
    data = _drawn(spec)
    labels = unique_labels(spec.optimizers)
    runs = "\n".join(_run(o, label, spec) for o, label in zip(spec.optimizers, labels, strict=True))
    kinds = schedules(spec.optimizers)
    code = expression_code(spec.surface)
    return assembled(
        [
            _docstring(spec)
            + _imports(bool(data), bool(kinds), packages(spec.optimizers))
            + f"START = {spec.start!r}\nSTEPS = {spec.steps}",
            DECODE if data else "",
            SOFTPLUS if "softplus(" in code else "",
            _loss(spec.surface, code),
            _loop(spec, kinds),
            f"def main():\n{runs}",
            data,
        ]
    )


def _docstring(spec: DescentSpec) -> str:
    title = f"your function {spec.surface.with_values}" if spec.surface.name == "own" else spec.surface.title
    return (
        f'"""Descend on {" ".join(title.split())}: the same numbers as optim-viz, with torch alone.\n\n'
        'Prints the loss after the last step of every run; inf says that it diverged.\n"""\n\n'
    )


def _imports(drawn: bool, scheduled: bool, others: list[str]) -> str:
    lines = ["import base64", "import math", "import zlib"] if drawn else ["import math"]
    lines += ["", *others, "import torch"]
    if scheduled:
        lines.append("from torch.optim import lr_scheduler")
    return "\n".join([*lines, "", "torch.set_default_dtype(torch.float64)\n"])


def _loss(surface: Surface, code: str) -> str:
    if not surface.data:
        return f"def f(x, y):\n    return {code}"
    u, v = (column.tolist() for column in examples(surface.data).T)
    columns = "\n".join([_wrapped(f"U = torch.tensor({u})"), _wrapped(f"V = torch.tensor({v})")])
    return f"# The examples.\n{columns}\n\n\ndef f(x, y, u=U, v=V):\n    return ({code}).mean()"


def _wrapped(line: str) -> str:
    """A long line of numbers on several."""
    return "\n".join(textwrap.wrap(line, 110, subsequent_indent="    ", break_long_words=False))


def _together(spec: DescentSpec) -> bool:
    """Whether x and y are one tensor, which some optimizer takes as a whole; then neither has a rate of its own."""
    whole = [o for o in spec.optimizers if asked(o).together]
    if whole and any(o.lr_scale for o in spec.optimizers):
        raise SpecError(
            "{label} takes x and y together, and another has a learning rate for each: they have no PyTorch script.",
            label=quoted(whole[0].label),
        )
    return bool(whole)


def _look(spec: DescentSpec) -> tuple[list[str], list[str]]:
    """The lines of a look at the gradient, and those that end a run which diverged."""
    batch = ", U[ORDER[step]], V[ORDER[step]]" if spec.batch_size is not None else ""
    whole, graph = _together(spec), any(asked(o).graph for o in spec.optimizers)
    look = ["optimizer.zero_grad()", f"loss = f({'*theta' if whole else 'x, y'}{batch})"]
    look += backward(graph, "[theta]" if whole else "[x, y]")
    if spec.noise:
        each = [f"{name}.grad = {name}.grad + NOISE[step, {i}]" for i, name in enumerate("xy")]
        look += ["theta.grad = theta.grad + NOISE[step]"] if whole else each
    parts = ["theta.grad.isfinite().all()"] if whole else ["x.grad.isfinite()", "y.grad.isfinite()"]
    return look, [f"if not ({' and '.join(['loss.isfinite()', *parts])}):", "    return math.inf  # diverged"]


def _clips(spec: DescentSpec) -> tuple[list[str], list[str]]:
    """The lines that clip gradients, and the loop's arguments that they need."""
    return clip_step(spec.optimizers, "[theta]" if _together(spec) else "[x, y]")


def _loop(spec: DescentSpec, kinds: set[str]) -> str:
    """The training loop; a closure where some optimizer looks at the loss more than once a step."""
    closure = any(o.kind == "lbfgs" for o in spec.optimizers)
    averages, graph = (any(getattr(asked(o), name) for o in spec.optimizers) for name in ("averages", "graph"))
    point, params = ("*theta", "theta") if _together(spec) else ("x, y", "x, y")
    watched = spec.batch_size is not None and "plateau" in kinds
    full = [f"full = f({point}).item()  # the loss over all examples tells a plateau"] if watched else []
    (look, diverged), (clips, bounds) = _look(spec), _clips(spec)
    look += clips
    if closure:
        inner = ["", "def closure():", *("    " + line for line in look), "    return loss", ""]
        body = [*full, *inner, *closure_step(spec.optimizers, "math.inf"), *diverged]
    else:
        body = [*look, *diverged, *full, "optimizer.step()"]
    body += schedule_step(kinds, "full" if full else "loss.item()")
    lines = [*turned(averages, "train"), "for step in range(STEPS):", *("    " + line for line in body)]
    lines += [
        *turned(averages, "eval"),
        f"loss = f({point}).item()",
        "return loss if math.isfinite(loss) else math.inf",
    ]
    head = f"def descend({params}, optimizer{options(bool(kinds), graph, bounds)}):\n"
    return head + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def _run(optimizer: OptimizerSpec, label: str, spec: DescentSpec) -> str:
    whole = _together(spec)
    given, lrs = "theta" if whole else "x, y", [float(optimizer.hyperparameters.get("lr", 0.0))]
    params = f"[{given}]"
    if optimizer.lr_scale:
        lrs = [lrs[0] * optimizer.factor(name) for name in COORDINATES]
        params = f'[{{"params": [x], "lr": {lrs[0]!r}}}, {{"params": [y], "lr": {lrs[1]!r}}}]'
    apart = "x, y = (torch.tensor(value, requires_grad=True) for value in START)"
    lines = [f"torch.manual_seed({spec.seed})"] if asked(optimizer).draws else []
    lines.append("theta = torch.tensor(START, requires_grad=True)" if whole else apart)
    lines.append(f"optimizer = {optimizer_code(optimizer, params)}")
    scheduler = schedule_code(optimizer.schedule, lrs, spec.steps)
    if scheduler:
        lines.append(f"scheduler = {scheduler}")
    extra = arguments(optimizer, bool(scheduler), _clips(spec)[1])
    lines.append(f"print({label!a}, descend({given}, optimizer{extra}))")
    return "".join(f"    {line}\n" for line in lines)


def _drawn(spec: DescentSpec) -> str:
    """What the experiment drew: NumPy's generators are not torch's, so the numbers are written down."""
    parts: list[Any] = []
    noise, order = draws(spec), batch_indices(spec)
    if noise is not None:
        parts.append(packed("NOISE", noise.astype("<f8"), "float64", ".view(STEPS, 2)"))
    if order is not None:
        parts.append(packed("ORDER", order.astype("u1"), "uint8", ".view(STEPS, -1).long()"))
    return "\n".join(parts)
