"""A surface's loss and gradient as functions of torch tensors, on any device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import parse
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

    names = ("x", "y", "u", "v") if surface.data else ("x", "y")
    symbols = sympy.symbols(names, real=True)
    modules = [{"Abs": torch.abs, "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z))}, torch]
    expression = _plain(parse(surface.expression, names))
    lines, slopes = gradient(expression)
    code = [(symbol, _plain(line)) for symbol, line in lines], (_plain(slopes[0]), _plain(slopes[1]))
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


def _plain(expression: Any) -> Any:
    """torch's functions take no plain numbers, so constants such as exp(2) are worked out first."""
    return expression.replace(lambda part: part.is_number and not part.is_Atom, lambda part: part.evalf(17))


def put(device: str) -> Callable[[np.ndarray], Any]:
    """Return what moves a float64 array to `device`."""
    import torch

    return lambda values: torch.from_numpy(np.ascontiguousarray(values)).to(device)
