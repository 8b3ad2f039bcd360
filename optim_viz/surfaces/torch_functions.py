"""A surface's loss and gradient as functions of torch tensors, on any device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.spec import COORDINATES, Surface
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import OF_EXAMPLES, with_numbers
from optim_viz.surfaces.gradient import as_cse, gradient


def torch_functions(surface: Surface, device: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a surface's loss and gradient as functions of (t, x, y) on tensors; a finite sum takes a mini-batch too.

    >>> import torch
    >>> from optim_viz import SURFACES
    >>> torch_functions(SURFACES["quadratic"], "cpu")[1](0, torch.tensor([1.0]), torch.tensor([1.0]))
    [tensor([1.]), tensor([10.])]
    """
    import sympy
    import torch

    symbols = sympy.symbols(OF_EXAMPLES if surface.data else COORDINATES, real=True)
    modules = [torch_functions_by_name(), torch]
    expression = plain(with_numbers(surface))
    lines, slopes = gradient(expression)
    code = [(symbol, plain(line)) for symbol, line in lines], (plain(slopes[0]), plain(slopes[1]))
    loss = sympy.lambdify(symbols, expression, modules, cse=True)
    both = sympy.lambdify(symbols, slopes, modules, cse=as_cse(code))
    if not surface.data:
        return lambda t, x, y: loss(x, y), lambda t, x, y: list(both(x, y))
    everything = put(device)(examples(surface.data).T)

    def value(t: int, x: Any, y: Any, batch: Any = None) -> Any:
        return loss(x[..., None], y[..., None], *(everything if batch is None else batch)).mean(-1)

    def slope(t: int, x: Any, y: Any, batch: Any = None) -> Any:
        parts = both(x[..., None], y[..., None], *(everything if batch is None else batch))
        return [part.mean(-1) for part in parts]

    return value, slope


def torch_functions_by_name() -> dict[str, Any]:
    """What sympy's code for torch calls, where torch has it under another name or takes no plain numbers."""
    import torch

    def of_tensors(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*parts: Any) -> Any:
            like = next(part for part in parts if isinstance(part, torch.Tensor))
            return function(*(torch.as_tensor(part, dtype=like.dtype, device=like.device) for part in parts))

        return call

    return {
        "Abs": torch.abs,
        "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),
        "relu": torch.relu,
        **{name: of_tensors(getattr(torch, name)) for name in ("maximum", "minimum", "atan2")},
    }


def plain(expression: Any) -> Any:
    """torch's functions take no plain numbers, so constants such as exp(2) are worked out first."""
    return expression.replace(lambda part: part.is_number and not part.is_Atom, lambda part: part.evalf(17))


def put(device: str) -> Callable[[np.ndarray], Any]:
    """Return what moves a float64 array to `device`; a GPU that is busy is not waited for, where the array is small."""
    import torch

    return lambda values: torch.from_numpy(np.ascontiguousarray(values)).to(device, non_blocking=True)
