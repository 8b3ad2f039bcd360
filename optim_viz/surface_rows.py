"""Rows of the SURFACES table: bowls, valleys, saddles and finite sums.

A row states its facts once, as data, and one test holds every row to them.
"""

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
        name="booth",
        title="Booth",
        expression="(x + 2*y - 7)^2 + (2*x + y - 5)^2",
        bounds=(-10.0, 10.0, -10.0, 10.0),
        start=(-8.0, 6.0),
        minima=((1.0, 3.0, 0.0),),
        story="A bowl lying aslant: steep across the diagonal, nine times flatter along it.",
        source="Jamil & Yang, A Literature Survey of Benchmark Functions for Global Optimization Problems, 2013",
    ),
    Surface(
        name="matyas",
        title="Matyas",
        expression="0.26*(x^2 + y^2) - 0.48*x*y",
        bounds=(-10.0, 10.0, -10.0, 10.0),
        start=(-9.0, 5.0),
        minima=((0.0, 0.0, 0.0),),
        story="A shallow trough: down to its floor at once, then along it for ever.",
        source="Jamil & Yang, A Literature Survey of Benchmark Functions for Global Optimization Problems, 2013",
    ),
    Surface(
        name="beale",
        title="Beale",
        expression="(1.5 - x + x*y)^2 + (2.25 - x + x*y^2)^2 + (2.625 - x + x*y^3)^2",
        bounds=(-4.5, 4.5, -4.5, 4.5),
        start=(-1.0, 2.0),
        minima=((3.0, 0.5, 0.0),),
        story="A flat middle between four cliffs: one learning rate is too small here and too large there.",
        source="Beale, On an Iterative Method for Finding a Local Minimum, 1958",
    ),
    Surface(
        name="goldstein_price",
        title="Goldstein-Price",
        expression=(
            "(1 + (x + y + 1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2))"
            "*(30 + (2*x - 3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))"
        ),
        bounds=(-2.0, 2.0, -2.0, 2.0),
        start=(-1.6, 0.4),
        minima=(
            (0.0, -1.0, 3.0),
            (-0.6, -0.4, 30.0),
            (1.8, 0.2, 84.0),
            (1.2, 0.8, 840.0),
        ),
        story="Values over six orders of magnitude: a fixed learning rate explodes where an adaptive one walks.",
        source="Goldstein & Price, On Descent from Local Minima, 1971",
    ),
    Surface(
        name="saddle",
        title="Saddle",
        expression="x^2 - y^2",
        bounds=(-2.0, 2.0, -2.0, 2.0),
        start=(-1.5, 0.001),
        story="Downhill leads to the saddle first; the way out is flat, and found late.",
        source="Dauphin et al., Identifying and Attacking the Saddle Point Problem, 2014",
        log=False,
    ),
    Surface(
        name="monkey_saddle",
        title="Monkey saddle",
        expression="x^3 - 3*x*y^2",
        bounds=(-2.0, 2.0, -2.0, 2.0),
        start=(1.5, 0.01),
        log=False,
        story="A saddle without curvature: the gradient dies out long before the point is reached.",
        source="Hilbert & Cohn-Vossen, Anschauliche Geometrie, 1932",
    ),
    Surface(
        name="linear_regression",
        title="Linear regression",
        expression="(x + y*u - v)^2",
        bounds=(-2.0, 4.0, -2.0, 3.0),
        start=(-1.5, 2.5),
        minima=((0.99623293382877, 0.38989206617123007, 0.22399110160937674),),
        data="line",
        story="Fit a line x + y*u to 24 points (u, v): with mini-batches every step sees another bowl.",
        source="Legendre, Nouvelles methodes pour la determination des orbites des cometes, 1805",
    ),
    Surface(
        name="logistic_regression",
        title="Logistic regression",
        expression="softplus(-v*(x + y*u))",
        bounds=(-3.0, 5.0, -1.0, 5.0),
        start=(-2.5, -0.5),
        minima=((1.8971345580788377, 1.7959353751849918, 0.28003174380123647),),
        data="classes",
        story="Tell two classes v = 1, -1 apart by the sign of x + y*u: convex, steep far out, flat near the best.",
        source="Cox, The Regression Analysis of Binary Sequences, 1958",
    ),
)
