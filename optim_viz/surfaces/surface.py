"""ov.surface: a row of SURFACES or a function of the user's own; and what is asked of any surface."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from optim_viz.language import N_, together
from optim_viz.spec import SpecError, Surface, number, one_of, parts, quoted
from optim_viz.surfaces.bounded import too_dear
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import letters, of_x_alone
from optim_viz.surfaces.table import SURFACES
from optim_viz.typed.pasted import ExpressionError, bare

#: The largest size of a parameter.
MAX_PARAMETER = 1e6


def surface(
    expression: str, *, bounds: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0), **parameters: float
) -> Surface:
    """Return a surface: a row of SURFACES by its name, or the user's own function of x and y.

    Problem: to see an optimizer on the loss one has in mind, not only on a textbook's.
    Arguments: `expression`, a name of SURFACES or a text in x and y (see surfaces.expression.parse);
    `bounds`, (x low, x high, y low, y high) of the part to draw, for a user's own function; `parameters`, the values of
    the letters a to d that it holds, -1e6 to 1e6, each 1 where none is given.
    Raises SpecError with the place of what cannot be read, the nearest name, or the allowed range.

    >>> surface("x^2 + 10*y^2", bounds=(-3, 3, -3, 3)).start
    (-2.25, 2.25)
    >>> surface("a*x^2 + b*y^2", b=10).parameters
    (('a', 1.0), ('b', 10.0))

    Reference: the functions' own sources stand in SURFACES (2026).
    """
    return seen(described(expression, bounds, parameters))


def described(
    expression: str,
    bounds: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0),
    parameters: Mapping[str, float] = MappingProxyType({}),
) -> Surface:
    """Return what `surface` returns, without a look at its values: a link names its parameters one by one."""
    if not isinstance(expression, str):
        what = N_("a Python function, whose formula is not known") if callable(expression) else quoted(expression)
        raise SpecError("A surface is a name or a text in x and y, such as 'x^2 + 10*y^2'; got {what}.", what=what)
    text = bare(expression)
    if text in SURFACES:
        _parameters(SURFACES[text].title, (), parameters)
        return SURFACES[text]
    if text.isidentifier() and not _readable(text):
        one_of(text, SURFACES, N_("surface"))
    x0, x1, y0, y1 = _bounds(bounds)
    values = _parameters(N_("This function"), letters(text), parameters)
    start = (x0 + (x1 - x0) / 8, y1 - (y1 - y0) / 8)
    alone = of_x_alone(text)
    parts = [
        N_("A function of x") if alone else N_("Your function"),
        *(f"{name} = {value:g}" for name, value in values),
    ]
    title = together(parts, "{before}, {after}")
    return Surface("own", title, text, (x0, x1, y0, y1), start, source="typed", parameters=values, alone=alone)


def seen(surface: Surface) -> Surface:
    """Return a surface that has a value somewhere, and its gradient in a moment; ExpressionError for any other."""
    if surface.name in SURFACES:
        return surface
    if too_dear(surface):
        raise ExpressionError(
            "This takes too long to differentiate: nest it less deeply or shorten it", surface.expression, 0
        )
    if not np.isfinite(compiled(surface).values(*grid(surface, 41))).any():
        raise ExpressionError("This has no finite real value anywhere in the region drawn", surface.expression, 0)
    return surface


def _readable(word: str) -> bool:
    """Whether a word is a product of letters, x or y among them, and not a name that was mistyped."""
    try:
        letters(word)
    except ExpressionError:
        return False
    return "x" in word or "y" in word


def _parameters(owner: str, held: tuple[str, ...], given: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """The checked value of every letter that a function holds."""
    for name in given:
        if name not in held:
            raise SpecError(
                "{owner} has no parameter {name}; it has {letters}.",
                owner=owner,
                name=quoted(name),
                letters=" and ".join(held) or N_("none"),
            )
    values = tuple((name, number(given.get(name, 1.0), name)) for name in held)
    for name, value in values:
        if abs(value) > MAX_PARAMETER:
            raise SpecError(
                "{name} must be from {least:g} to {most:g}; got {value:g}.",
                name=name,
                least=-MAX_PARAMETER,
                most=MAX_PARAMETER,
                value=value,
            )
    return values


def as_surface(given: str | Surface) -> Surface:
    """Return what is given wherever a surface is asked for, one already or what `surface` makes one of, as one."""
    return given if isinstance(given, Surface) else surface(given)


def _bounds(bounds: Any) -> tuple[float, float, float, float]:
    try:
        x0, x1, y0, y1 = (number(b, "bounds") for b in parts(bounds))
    except (TypeError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(
            "bounds must be four numbers (x low, x high, y low, y high); got {bounds}.", bounds=quoted(bounds)
        ) from None
    if not (x0 < x1 and y0 < y1 and max(map(abs, (x0, x1, y0, y1))) <= 1e6):
        raise SpecError(
            "bounds must rise, within -1e6 to 1e6, as in (-3, 3, -3, 3); got {bounds}.", bounds=quoted(bounds)
        )
    return x0, x1, y0, y1


def dataset(surface: Surface) -> np.ndarray:
    """The examples of a finite-sum surface, float64 [n, 2], columns u and v; SpecError for any other surface."""
    if not surface.data:
        sums = ", ".join(row.name for row in SURFACES.values() if row.data)
        raise SpecError(
            "{title} is no mean over examples: batch_size works on {surfaces} only.",
            title=surface.title,
            surfaces=sums or N_("none"),
        )
    return examples(surface.data)


def grid(surface: Surface, resolution: int = 101) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y, float64 [resolution, resolution] each, over the surface's bounds; rows are constant in y."""
    x0, x1, y0, y1 = surface.bounds
    x, y = np.meshgrid(np.linspace(x0, x1, resolution), np.linspace(y0, y1, resolution))
    return x, y


def height_map(surface: Surface, resolution: int = 81) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x [n], y [n] and the loss [n, n] over the surface's bounds, NaN where it is not a finite real number."""
    x, y = grid(surface, resolution)
    z = compiled(surface).values(x, y)
    return x[0], y[:, 0], np.where(np.isfinite(z), z, np.nan)
