"""The rows of the SURFACES table. A row states its facts once, as data, and one test holds every row to them."""

from __future__ import annotations

from optim_viz.spec import Surface

ROWS = (
    Surface(
        name="quadratic",
        title="Quadratic bowl",
        expression="(x^2 + 10*y^2)/2",
        bounds=(-3.0, 3.0, -2.0, 2.0),
        start=(-2.6, 1.4),
        minima=((0.0, 0.0, 0.0),),
        story="The simplest ravine: ten times steeper across than along.",
        source="Goh, Why Momentum Really Works, 2017",
    ),
    Surface(
        name="rosenbrock",
        title="Rosenbrock",
        expression="(1 - x)^2 + 100*(y - x^2)^2",
        bounds=(-2.0, 2.0, -1.0, 3.0),
        start=(-1.5, 2.0),
        minima=((1.0, 1.0, 0.0),),
        story="A curved valley: easy to find, slow to follow.",
        source="Rosenbrock, An Automatic Method for Finding the Greatest or Least Value of a Function, 1960",
    ),
    Surface(
        name="himmelblau",
        title="Himmelblau",
        expression="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        bounds=(-5.0, 5.0, -5.0, 5.0),
        start=(-0.5, -1.0),
        minima=(
            (3.0, 2.0, 0.0),
            (-2.805118086952745, 3.131312518250573, 0.0),
            (-3.779310253377747, -3.283185991286170, 0.0),
            (3.584428340330492, -1.848126526964404, 0.0),
        ),
        story="Four equal minima: the start and the step size decide which one is found.",
        source="Himmelblau, Applied Nonlinear Programming, 1972",
    ),
    Surface(
        name="rastrigin",
        title="Rastrigin",
        expression="20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)",
        bounds=(-5.12, 5.12, -5.12, 5.12),
        start=(-3.4, 2.6),
        minima=((0.0, 0.0, 0.0),),
        log=False,
        story="A bowl full of dents: following the gradient stops in the nearest one.",
        source="Rastrigin, Systems of Extremal Control, 1974",
    ),
)
