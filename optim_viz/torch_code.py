"""Code for scripts that need torch alone: expressions, optimizers and schedules as one would write them by hand."""

from __future__ import annotations

import base64
import inspect
import re
import textwrap
import zlib
from typing import TYPE_CHECKING, Any

from optim_viz import rates
from optim_viz.expression import parse
from optim_viz.optimizers import OPTIMIZERS, torch_arguments
from optim_viz.schedules import SCHEDULES
from optim_viz.spec import OptimizerSpec, ScheduleSpec, SpecError, Surface, Value

if TYPE_CHECKING:
    import numpy as np

#: sympy's functions that the expressions may hold, in torch.
_FUNCTIONS = {
    name: f"torch.{name}"
    for name in ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sign")
} | {"Abs": "torch.abs", "softplus": "softplus", "cot": "1/torch.tan"}
#: Integers beyond this are written as floats: torch takes no larger ones.
_EXACT = 2**53

SOFTPLUS = '''
def softplus(z):
    """log(1 + e^z), without overflow."""
    return torch.logaddexp(z, torch.zeros_like(z))
'''


def expression_code(surface: Surface) -> str:
    """Return a surface's expression as torch code in x and y, and in the columns u and v of a finite sum.

    >>> from optim_viz.surfaces import SURFACES
    >>> expression_code(SURFACES["mccormick"])
    '-1.5*x + 2.5*y + (x - y)**2 + torch.sin(x + y) + 1'
    """
    import sympy

    expression = parse(surface.expression, ("x", "y", "u", "v") if surface.data else ("x", "y"))
    code = _printer().doprint(expression)
    missing = [name for name in "xy" if sympy.Symbol(name, real=True) not in expression.free_symbols]
    return " + ".join([code, *(f"0*{name}" for name in missing)])  # backward() must reach both


def _printer() -> Any:
    """A sympy printer for torch: plain numbers through the math module, everything else through torch."""
    from sympy.printing.pycode import PythonCodePrinter

    class TorchPrinter(PythonCodePrinter):
        def _print(self, expr: Any, **settings: Any) -> str:
            name = _FUNCTIONS.get(type(expr).__name__)
            if name is None or expr.is_number:
                return super()._print(expr, **settings)
            return f"{name}({self._print(expr.args[0])})"

        def _print_Integer(self, expr: Any) -> str:  # noqa: N802 - sympy's name
            return str(int(expr)) if abs(expr) <= _EXACT else repr(float(expr))

        def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802 - sympy's name
            if expr.is_number or not expr.exp.is_number or abs(float(expr.exp)) != 0.5:
                return super()._print_Pow(expr, rational=rational)
            root = f"torch.sqrt({self._print(expr.base)})"
            return root if expr.exp > 0 else f"1/{root}"

    return TorchPrinter({"allow_unknown_functions": True})


def optimizer_code(spec: OptimizerSpec, params: str, **options: Any) -> str:
    """Return the call that builds torch's optimizer over `params`; what is at torch's default stays out, but lr.

    >>> from optim_viz import optimizer
    >>> optimizer_code(optimizer("adam", lr=0.05, beta1=0.8), "[x, y]")
    'torch.optim.Adam([x, y], lr=0.05, betas=(0.8, 0.999))'
    """
    if spec.factory is not None:
        raise SpecError(f"{spec.label!r} is an optimizer of your own: it has no PyTorch script but your own.")
    import torch

    name = OPTIMIZERS[spec.kind].torch_class
    given = _telling(getattr(torch.optim, name), torch_arguments(spec) | options)
    return f"torch.optim.{name}({_arguments(params, given)})"


def _telling(called: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of `arguments` that are not torch's own defaults; a learning rate is always worth reading."""
    defaults = inspect.signature(called).parameters
    return {name: value for name, value in arguments.items() if name == "lr" or value != defaults[name].default}


def schedule_code(spec: ScheduleSpec | None, lrs: list[float], total: int) -> str:
    """Return the call that builds torch's scheduler over `optimizer`, for groups with the rates `lrs`, or "".

    >>> from optim_viz import schedule
    >>> schedule_code(schedule("cosine"), [0.1], 500)
    'lr_scheduler.CosineAnnealingLR(optimizer, T_max=500)'
    """
    if spec is None or spec.kind == "constant":
        return ""
    from torch.optim import lr_scheduler

    values: dict[str, Any] = {name: _whole_run(name, value, total) for name, value in spec.values}
    name = SCHEDULES[spec.kind].torch_class
    if spec.kind == "multistep":
        gamma = values.pop("gamma")
        milestones = sorted(int(m) for m in values.values() if m > 0)
        return f"lr_scheduler.MultiStepLR(optimizer, {milestones!r}, gamma={gamma!r})"
    if spec.kind == "warmup_cosine":
        up, down = rates.warmup_split(total, values["warmup"])
        rising = f"lr_scheduler.LinearLR(optimizer, start_factor={values['start_factor']!r}, total_iters={up})"
        falling = f"lr_scheduler.CosineAnnealingLR(optimizer, T_max={down}, eta_min={values['eta_min']!r})"
        return f"lr_scheduler.SequentialLR(optimizer, [{rising}, {falling}], milestones=[{up}])"
    if spec.kind == "onecycle":
        strategy = "linear" if values.pop("anneal_linear") else "cos"
        total = rates.cycle_length(total, values["pct_start"])
        values = {"max_lr": lrs if len(lrs) > 1 else lrs[0], "total_steps": total, **values}
        values |= {"anneal_strategy": strategy, "cycle_momentum": False}
    return f"lr_scheduler.{name}({_arguments('optimizer', _telling(getattr(lr_scheduler, name), values))})"


def _whole_run(name: str, value: Value, total: int) -> Value:
    return total if name in ("T_max", "total_iters") and value == 0 else value


def _arguments(first: str, named: dict[str, Any]) -> str:
    return ", ".join([first, *(f"{name}={value!r}" for name, value in named.items())])


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
    """Join the parts of a script, two empty lines between them; empty parts drop out."""
    text = "\n\n\n".join(part.strip("\n") for part in parts if part.strip())
    return re.sub(r"\n{4,}", "\n\n\n", text) + "\n"


def wrapped(line: str) -> str:
    """A long line of numbers on several."""
    return "\n".join(textwrap.wrap(line, 110, subsequent_indent="    ", break_long_words=False))
