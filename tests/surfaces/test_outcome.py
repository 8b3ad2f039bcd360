"""How a run ended, said of runs whose end is known beforehand."""

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.minima import hessian, stationary
from optim_viz.surfaces.outcome import REACHED_DISTANCE, judge
from optim_viz.surfaces.second import second_derivatives
from optim_viz.surfaces.trajectory import Outcome


def gd(lr):
    """Plain gradient descent."""
    return ov.optimizer("sgd", lr=lr)


CASES = [
    # surface, optimizer, options, outcome, status
    ("quadratic", ov.optimizer("sgd", lr=0.1), {}, Outcome.REACHED, "reached (0, 0) at step"),
    ("himmelblau", ov.optimizer("adam", lr=0.1), {}, Outcome.REACHED, "reached (−3.779, −3.283) at step"),
    ("two_wells", ov.optimizer("sgd"), {}, Outcome.LOCAL, "stuck in the local minimum (−0.9671, 0) at step"),
    ("rastrigin", ov.optimizer("sgd"), {}, Outcome.LOCAL, "stuck in the local minimum (−2.985, 2.985) at step"),
    ("ackley", ov.optimizer("sgd", lr=0.01), {}, Outcome.LOCAL, "stuck in the local minimum (−3.979, 2.984)"),
    ("saddle", ov.optimizer("sgd", lr=0.1), {"start": (1.0, 0.0)}, Outcome.SADDLE, "stuck at the saddle (0, 0) at"),
    ("himmelblau", ov.optimizer("sgd", lr=0.01), {"start": (-0.270845, -0.923039)}, Outcome.REACHED, "reached"),
    ("rosenbrock", ov.optimizer("sgd", lr=1e-3), {}, Outcome.MOVING, "still moving"),
    ("rosenbrock", ov.optimizer("sgd", lr=1e-9), {}, Outcome.STALLED, "hardly moving"),
    ("rosenbrock", ov.optimizer("sgd", lr=1e-20), {"steps": 9}, Outcome.STALLED, "hardly moving"),  # not at all
    ("quadratic", ov.optimizer("sgd", lr=0.2), {"steps": 100}, Outcome.OSCILLATING, "oscillating"),
    ("rastrigin", ov.optimizer("sgd", lr=0.01), {}, Outcome.OSCILLATING, "oscillating"),
    ("saddle", ov.optimizer("adam", lr=0.05), {}, Outcome.LEFT, "left the region at step"),
    ("quadratic", ov.optimizer("sgd", lr=1.0), {}, Outcome.DIVERGED, "diverged at step"),
    ("quadratic", ov.optimizer("sgd", lr=0.05), {"noise": 2.0}, Outcome.OSCILLATING, "oscillating"),
    ("x^2 + y^2", ov.optimizer("sgd", lr=0.1), {}, Outcome.REACHED, "reached (0, 0) at step"),
    ("x^2 - y^2", ov.optimizer("sgd", lr=0.1), {"start": (2.0, 0.0)}, Outcome.SADDLE, "stuck at the saddle (0, 0)"),
    ("abs(x) + abs(y)", ov.optimizer("sgd", lr=0.1), {"start": (2.03, 1.03)}, Outcome.OSCILLATING, "oscillating"),
    # A direction without curvature, and losses that are as low along it.
    (
        "(x^2*y - 1)^2",
        gd(0.02),
        {"start": (2.5743360218417166, 0.6798614418)},
        Outcome.REACHED,
        "reached (2.016, 0.245",
    ),
    ("(x*y - 1)^2", gd(0.02), {"start": (2.0, 1.5)}, Outcome.REACHED, "reached (1.476, 0.6776) at step"),
    # Of a function of x alone all is said of x, wherever y stands and whatever noise does with it.
    ("x^2", gd(0.1), {"start": (2.0, 2.0)}, Outcome.REACHED, "reached x = 0 at step 23"),
    ("x^4 - 3x^2 + x", gd(0.01), {"start": 2.0}, Outcome.LOCAL, "stuck in the local minimum x = 1.131 at step 35"),
    (
        "x^4 - 3x^2 + x",
        ov.optimizer("momentum", lr=0.01),
        {"start": 2.0},
        Outcome.REACHED,
        "reached x = −1.301 at step",
    ),
    ("x^3", gd(0.1), {"start": 2.0, "steps": 3000}, Outcome.SADDLE, "stuck at the saddle x = 0 at step 271"),
    ("cos(x)", gd(0.1), {"start": 0.0}, Outcome.STALLED, "hardly moving"),
    ("relu(x - 1)", gd(0.1), {"start": 2.0}, Outcome.REACHED, "reached x = 1 at step 10"),
    ("x^4", gd(0.01), {"start": 0.0}, Outcome.REACHED, "reached x = 0 at step 0"),
    ("0.5*x^2", gd(0.9), {"start": 2.0, "noise": 1e-4, "steps": 2000}, Outcome.REACHED, "reached x = "),
    ("x^2 + y^3", gd(0.1), {"start": (1.0, 0.0)}, Outcome.SADDLE, "stuck at the saddle (0, 0)"),
    ("x^3 - 3*x*y^2", gd(0.1), {"start": (0.0, 0.0)}, Outcome.SADDLE, "stuck at the saddle (0, 0) at step 0"),
    ("x^2 + 1e-6*y^2", gd(0.1), {"start": (1.0, 2.0)}, Outcome.STALLED, "hardly moving"),
    ("1 - exp(-99*(x^2 + y^2))", gd(0.1), {"start": (3.0, 3.0)}, Outcome.STALLED, "hardly moving"),
    # A logarithm that is no number at the start; a root that is none from there on.
    (
        "log(x)",
        gd(0.3),
        {"start": (-1.0, 1.0), "steps": 30},
        Outcome.NOWHERE,
        "starts where the function has no finite value",
    ),
    ("(y + 1)^0.5", gd(0.3), {"start": (-1.0, 1.0), "steps": 30}, Outcome.DIVERGED, "diverged at step 14"),
    # A swing that grows, while it is in the region; a first step that lands; a minimum that another one undercuts.
    ("x^2 + y^2", gd(1.02), {"start": (0.1, 0.0), "steps": 5}, Outcome.GROWING, "oscillating, and growing"),
    ("x^2 + x*y + y^2 + 5", gd(1 / 3), {"start": (1.0, 1.0), "steps": 1}, Outcome.REACHED, "reached (0, 0) at step 1"),
    ("(x^2 - 1)^2 + 0.2*x + y^2", gd(0.02), {"start": (2.0, 1.0)}, Outcome.LOCAL, "stuck in the local minimum (0.97"),
]


@pytest.mark.parametrize(("surface", "spec", "options", "outcome", "status"), CASES, ids=range(len(CASES)))
def test_the_outcome_of_known_runs(surface, spec, options, outcome, status):
    where = surface if surface in ov.SURFACES else ov.surface(surface)
    run = ov.descend(where, spec, **options).trajectories[0]
    assert run.outcome is outcome and run.status.startswith(status)
    assert 0 <= run.outcome_step < len(run.losses)


def test_the_step_named_is_the_first_from_which_the_run_stays():
    run = ov.descend("quadratic", ov.optimizer("sgd", lr=0.1)).trajectories[0]
    diagonal = ov.SURFACES["quadratic"].diagonal
    distance = np.hypot(*run.points.T)
    assert (distance[run.outcome_step :] <= REACHED_DISTANCE * diagonal).all()
    k = run.outcome_step - 1
    assert distance[k] > REACHED_DISTANCE * diagonal or run.losses[k] > 1e-3 * run.losses[0]


def test_every_outcome_is_a_message():
    assert all(value.value[0].islower() and "!" not in value.value for value in Outcome)
    assert len({value.value for value in Outcome}) == len(Outcome)


def test_stationary_points_are_found_and_kinks_are_not():
    place, curvatures = stationary(compiled(ov.SURFACES["saddle"]), np.array([[0.1, 2.0], [0.1, -1.0]]))
    np.testing.assert_allclose(place, 0.0, atol=1e-8)
    np.testing.assert_allclose(curvatures, [[-2.0, -2.0], [2.0, 2.0]], rtol=1e-6)
    kink = ov.surface("abs(x) + abs(y)")
    assert np.isnan(stationary(compiled(kink), np.array([[1e-6], [1e-6]]))).all()


def test_stationary_points_of_many_places_are_those_of_each():
    functions = compiled(ov.SURFACES["himmelblau"])
    points = np.random.default_rng(0).uniform(-6, 6, (2, 200))
    places, curvatures = stationary(functions, points)
    for i, point in enumerate(points.T):
        one, own = stationary(functions, point[:, None])
        np.testing.assert_array_equal(one[:, 0], places[:, i])
        np.testing.assert_array_equal(own[:, 0], curvatures[:, i])
    found = np.isfinite(curvatures[0])
    assert found.sum() > 100 and np.abs(functions.gradients(*places[:, found])).max() < 1e-9
    for x, y in places[:, found].T:
        matrix = hessian(functions, np.array([x, y]))
        np.testing.assert_allclose(
            np.linalg.eigvalsh(matrix), curvatures[:, (places == [[x], [y]]).all(0)][:, 0], rtol=1e-5
        )


def test_the_hessian_of_rosenbrock():
    x, y = 0.5, -0.3
    expected = [[1200 * x**2 - 400 * y + 2, -400 * x], [-400 * x, 200]]
    found = hessian(compiled(ov.SURFACES["rosenbrock"]), np.array([x, y]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["goldstein_price", "logistic_regression", "eggholder", "levy", "bukin_n6"])
def test_exact_second_derivatives_are_what_differences_come_to(name):
    exact, row = second_derivatives(ov.SURFACES[name]), ov.SURFACES[name]
    for point in np.random.default_rng(0).uniform(-0.9, 0.9, (5, 2)) * row.start:
        expected = hessian(compiled(row), point)
        np.testing.assert_allclose(exact(*point), expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_a_long_function_is_judged_by_differences():
    text = "+".join(f"sin({i}*x)^2+sin({i}*y)^2" for i in range(1, 12))
    assert second_derivatives(ov.surface(text)) is None
    run = ov.descend(ov.surface(text), gd(5e-4), start=(0.02, -0.01), steps=100).trajectories[0]
    assert run.status.startswith("reached (0, 0) at step")


def turned(steep, soft, angle):
    """A quadratic with these curvatures, the steeper one along `angle`; bounds of 50."""
    c, s = np.cos(angle), np.sin(angle)
    xx, xy, yy = steep * c * c + soft * s * s, (steep - soft) * c * s, steep * s * s + soft * c * c
    return ov.surface(f"({xx / 2})*x^2 + ({xy})*x*y + ({yy / 2})*y^2", bounds=(-50, 50, -50, 50))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sign", [1, 0, -1], ids=["definite", "semi-definite", "indefinite"])
def test_a_quadratic_of_any_kind_is_judged_rightly(sign, seed):
    random = np.random.default_rng(seed)
    steep, angle = 10.0 ** random.uniform(-2, 2), random.uniform(0, np.pi)
    surface = turned(steep, sign * random.uniform(0.2, 0.9) * steep, angle)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    along, across = random.uniform(2, 9, 2)

    def run(lr, start, steps):
        return ov.descend(surface, gd(lr / steep), start=tuple(start @ axes), steps=steps).trajectories[0]

    generic = np.array([along, across])
    if sign < 0:
        stays, goes = run(1.0, np.array([along, 0.0]), 25), run(1.0, generic, 100)
        assert (stays.outcome, goes.outcome) == (Outcome.SADDLE, Outcome.LEFT), (stays.status, goes.status)
        return
    ends, grows = run(0.7, generic, 200), run(2.1, generic, 12)
    assert (ends.outcome, grows.outcome) == (Outcome.REACHED, Outcome.GROWING), (ends.status, grows.status)
    np.testing.assert_allclose(ends.minimum, np.array([0.0, across * (sign == 0)]) @ axes, atol=1e-6)


def test_judging_takes_a_run_of_one_step():
    run = ov.descend("quadratic", ov.optimizer("sgd"), steps=1).trajectories[0]
    assert judge(ov.SURFACES["quadratic"], run.points, run.losses)["outcome"] is Outcome.MOVING
