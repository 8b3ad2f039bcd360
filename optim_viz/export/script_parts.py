"""The parts that scripts are assembled from: torch alone, as one would write it by hand, and packed numbers."""

from __future__ import annotations

import base64
import re
import textwrap
import zlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from optim_viz.optimizers.asks import Asks, asks
from optim_viz.optimizers.packages import PACKAGE, class_name, is_of_package
from optim_viz.spec import OptimizerSpec, SpecError, Surface, quoted
from optim_viz.surfaces.expression import with_numbers

if TYPE_CHECKING:
    import numpy as np

#: sympy's functions that the expressions may hold, in torch.
_FUNCTIONS = {
    name: f"torch.{name}"
    for name in (
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "tanh",
        "exp",
        "log",
        "sign",
        "erf",
        "maximum",
        "minimum",
        "relu",
    )
} | {"Abs": "torch.abs", "softplus": "softplus", "cot": "1/torch.tan"}
#: Integers beyond this are written as floats: torch takes no larger ones.
_EXACT = 2**53

SOFTPLUS = '''
def softplus(z):
    """log(1 + e^z), without overflow."""
    return torch.logaddexp(z, torch.zeros_like(z))
'''


def packages(optimizers: Iterable[OptimizerSpec]) -> list[str]:
    """Return the import of those of a package.

    >>> from optim_viz import optimizer
    >>> packages([optimizer("adam")])
    []
    """
    names = sorted({class_name(o.kind) for o in optimizers if is_of_package(o.kind)})
    return [f"from {PACKAGE} import {', '.join(names)}"] if names else []


def asked(spec: OptimizerSpec) -> Asks:
    """Return what an optimizer asks of a script's loop, or raise a SpecError where none can give it."""
    if not is_of_package(spec.kind):
        return Asks()
    found = asks(spec)
    plateau = spec.schedule is not None and spec.schedule.kind == "plateau"  # it is told the loss where eval() is
    if found is None or (found.averages and plateau):
        raise SpecError(
            "{label} needs more of a loop than gradients (a closure, or the loss): it has no PyTorch script.",
            label=quoted(spec.label),
        )
    return found


def backward(graph: bool, params: str) -> list[str]:
    """The lines of a loop that make the gradients; where some optimizer differentiates them, `graph` says which."""
    if not graph:
        return ["loss.backward()"]
    return [
        f"for p, gradient in zip({params}, torch.autograd.grad(loss, {params}, create_graph=graph)):",
        "    p.grad = gradient",
    ]


def closure_step(optimizers: Iterable[OptimizerSpec], diverged: str) -> list[str]:
    """The lines of a loop that take a step with a closure; `diverged` is what the loop returns of a run that did.

    >>> from optim_viz import optimizer
    >>> closure_step([optimizer("lbfgs")], "math.inf")
    ['loss = optimizer.step(closure)']
    """
    step = "loss = optimizer.step(closure)"
    if not any(o.hyperparameters.get("line_search_fn") for o in optimizers):
        return [step]
    errors = "except (IndexError, ZeroDivisionError):  # so torch's line search ends among numbers that are none"
    return ["try:", f"    {step}", errors, f"    return {diverged}"]


def turned(averages: bool, way: str) -> list[str]:
    """The lines that turn a schedule-free optimizer to where it trains ("train") or is judged ("eval")."""
    return [f'if hasattr(optimizer, "{way}"):', f"    optimizer.{way}()"] if averages else []


def options(scheduled: bool, graph: bool, bounds: Sequence[str]) -> str:
    """What a script's loop may be given after the optimizer, each after a comma."""
    names = (*["scheduler=None"] * scheduled, *["graph=False"] * graph, *(f"{name}=None" for name in bounds))
    return "".join(f", {name}" for name in names)


def arguments(spec: OptimizerSpec, scheduled: bool, bounds: Sequence[str]) -> str:
    """What a run of an optimizer hands to a script's loop of these `options`, each after a comma."""
    clips = "".join(f", {name}={bound!r}" for name, bound in spec.clip if name in bounds)
    return (", scheduler=scheduler" if scheduled else "") + (", graph=True" if asked(spec).graph else "") + clips


def expression_code(surface: Surface) -> str:
    """Return a surface's expression as torch code in x and y, and in the columns u and v of a finite sum.

    Its parameters are numbers there.

    >>> from optim_viz.surfaces.table import SURFACES
    >>> expression_code(SURFACES["mccormick"])
    '-1.5*x + 2.5*y + (x - y)**2 + torch.sin(x + y) + 1'
    """
    import sympy

    expression = with_numbers(surface)
    code = _printer().doprint(expression)
    missing = [name for name in "xy" if sympy.Symbol(name, real=True) not in expression.free_symbols]
    return " + ".join([code, *(f"0*{name}" for name in missing)])  # backward() must reach both


def _printer() -> Any:
    """A sympy printer for torch: plain numbers through the math module, everything else through torch."""
    from sympy.printing.pycode import PythonCodePrinter

    class TorchPrinter(PythonCodePrinter):
        def _print(self, expr: Any, **settings: Any) -> str:
            name = _FUNCTIONS.get(type(expr).__name__)
            if expr.is_number and name == "softplus":
                return repr(float(expr))
            if name is None or expr.is_number:
                return super()._print(expr, **settings)
            return f"{name}({', '.join(map(self._tensor, expr.args))})"

        def _tensor(self, expr: Any) -> str:
            return f"torch.tensor({float(expr)!r})" if expr.is_number else self._print(expr)

        def _print_Integer(self, expr: Any) -> str:  # noqa: N802 - sympy's name
            return str(int(expr)) if abs(expr) <= _EXACT else repr(float(expr))

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802 - sympy's name
            if expr.is_number or not expr.exp.is_number or abs(float(expr.exp)) != 0.5:
                return super()._print_Pow(expr, rational=rational)
            root = f"torch.sqrt({self._print(expr.base)})"
            return root if expr.exp > 0 else f"1/{root}"

    return TorchPrinter({"allow_unknown_functions": True})


def schedules(optimizers: Iterable[OptimizerSpec]) -> set[str]:
    """The kinds of schedules for which a script needs torch's schedulers."""
    return {o.schedule.kind for o in optimizers if o.schedule} - {"constant"}


def schedule_step(kinds: set[str], loss: str) -> list[str]:
    """The lines of a training loop that move the learning rates; a plateau is told by `loss`."""
    if not kinds:
        return []
    if "plateau" not in kinds:
        return ["if scheduler:", "    scheduler.step()"]
    watching = ["if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):", f"    scheduler.step({loss})"]
    return [*watching, "elif scheduler:", "    scheduler.step()"]


#: torch.nn.utils' functions by the bound that each is given, in the order in which they are called.
_CLIPS = {"clip_value": "clip_grad_value_", "clip_norm": "clip_grad_norm_"}


def clip_step(optimizers: Sequence[OptimizerSpec], params: str) -> tuple[list[str], list[str]]:
    """Return the lines of a training loop that clip gradients, and the loop's arguments that they need.

    Where all optimizers have the same bounds they stand in the lines, and no argument is needed.

    >>> from optim_viz import optimizer
    >>> clip_step([optimizer("sgd", clip_norm=1.0)], "[x, y]")
    (['torch.nn.utils.clip_grad_norm_([x, y], 1.0)'], [])
    """
    each = [dict(one.clip) for one in optimizers]
    names = [name for name in _CLIPS if any(name in one for one in each)]
    if all(one == each[0] for one in each):
        return [f"torch.nn.utils.{_CLIPS[name]}({params}, {each[0][name]!r})" for name in names], []
    calls = [(f"if {name}:", f"    torch.nn.utils.{_CLIPS[name]}({params}, {name})") for name in names]
    return [line for pair in calls for line in pair], names


DECODE = '''
def decode(text, dtype):
    """Numbers that were drawn beforehand, packed into text."""
    return torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(text))), dtype=dtype)
'''


def packed(name: str, values: np.ndarray, dtype: str, shape: str = "") -> str:
    """Return the line(s) that put an array's numbers, little-endian, into a script under `name`; see DECODE."""
    content = base64.b64encode(zlib.compress(values.tobytes(), 9)).decode()
    lines = "\n".join(textwrap.wrap(content, 110))
    return f'{name} = decode(\n    """\n{lines}\n""",\n    torch.{dtype},\n){shape}\n'


def assembled(parts: list[str]) -> str:
    """Join the parts of a script that ends with its main(), two empty lines between them; empty parts drop out."""
    parts = [*parts, 'if __name__ == "__main__":\n    main()']
    text = "\n\n\n".join(part.strip("\n") for part in parts if part.strip())
    return re.sub(r"\n{4,}", "\n\n\n", text) + "\n"
