"""An experiment as a plain PyTorch script: what a teacher would write on the board, with the same final losses."""

from __future__ import annotations

import textwrap
from typing import Any

from optim_viz.export.matrix_script import matrix_script
from optim_viz.export.network_script import network_script
from optim_viz.export.script_parts import (
    DECODE,
    SOFTPLUS,
    assembled,
    expression_code,
    packages,
    packed,
    schedule_step,
    schedules,
)
from optim_viz.optimizers.as_torch import optimizer_code, schedule_code
from optim_viz.optimizers.packages import FromPackage, takes_each_number_alone
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


def _loop(spec: DescentSpec, kinds: set[str]) -> str:
    """The training loop; a closure where some optimizer looks at the loss more than once a step."""
    closure = any(o.kind == "lbfgs" for o in spec.optimizers)
    batch = spec.batch_size is not None
    look = ["optimizer.zero_grad()", f"loss = f(x, y{', U[ORDER[step]], V[ORDER[step]]' if batch else ''})"]
    look.append("loss.backward()")
    if spec.noise:
        look += ["x.grad += NOISE[step, 0]", "y.grad += NOISE[step, 1]"]
    watched = batch and "plateau" in kinds
    full = ["full = f(x, y).item()  # the loss over all examples tells a plateau"] if watched else []
    diverged = [
        "if not (loss.isfinite() and x.grad.isfinite() and y.grad.isfinite()):",
        "    return math.inf  # diverged",
    ]
    if closure:
        inner = ["", "def closure():", *("    " + line for line in look), "    return loss", ""]
        body = [*full, *inner, "loss = optimizer.step(closure)", *diverged]
    else:
        body = [*look, *diverged, *full, "optimizer.step()"]
    body += schedule_step(kinds, "full" if full else "loss.item()")
    lines = ["for step in range(STEPS):", *("    " + line for line in body)]
    lines += ["loss = f(x, y).item()", "return loss if math.isfinite(loss) else math.inf"]
    head = f"def descend(x, y, optimizer{', scheduler=None' if kinds else ''}):\n"
    return head + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def _run(optimizer: OptimizerSpec, label: str, spec: DescentSpec) -> str:
    if isinstance(optimizer.factory, FromPackage) and not takes_each_number_alone(optimizer.factory):
        raise SpecError(
            "{label} takes x and y together, or needs more of a loop than gradients: it has no PyTorch script here.",
            label=quoted(optimizer.label),
        )
    params, lrs = "[x, y]", [float(optimizer.hyperparameters.get("lr", 0.0))]
    if optimizer.lr_scale:
        lrs = [lrs[0] * optimizer.factor(name) for name in COORDINATES]
        params = f'[{{"params": [x], "lr": {lrs[0]!r}}}, {{"params": [y], "lr": {lrs[1]!r}}}]'
    lines = ["x, y = (torch.tensor(value, requires_grad=True) for value in START)"]
    lines.append(f"optimizer = {optimizer_code(optimizer, params)}")
    scheduler = schedule_code(optimizer.schedule, lrs, spec.steps)
    if scheduler:
        lines.append(f"scheduler = {scheduler}")
    lines.append(f"print({label!a}, descend(x, y, optimizer{', scheduler' if scheduler else ''}))")
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
