"""docs/equal.md, held: under which default dtype, and for gradients of which size, "equals torch" is meant."""

import contextlib
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces.table import SURFACES
from tests.reference import torch_loss

RULES = [name for name, row in OPTIMIZERS.items() if row.rule is not None]
#: Those whose class keeps scalars in the default dtype.
SCALARS = {"nadam", "asgd"}
#: Those that keep sums or means of squares, and where.
SQUARES = {
    "adagrad": "sum",
    "rmsprop": "square_avg",
    "adadelta": "square_avg",
    **dict.fromkeys(("adam", "adamw", "nadam", "radam"), "exp_avg_sq"),
}
#: The gradients of a few steps, in units of their size.
SHAPE = (1.0, -0.5, 0.25, 0.75, 0.3, -0.9, 0.6, 0.2, -0.1, 0.4)


@contextlib.contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield
    torch.set_default_dtype(before)


def distance(kind, dtype):
    """How far 50 steps of torch under a default dtype are from ours on the quadratic, as a share of the start."""
    spec, start, loss = ov.optimizer(kind, lr=0.033), (-2.6, 1.4), torch_loss(SURFACES["quadratic"])
    ours = ov.descend("quadratic", spec, start=start, steps=50).trajectories[0].points
    with default_dtype(dtype):
        theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
        optimizer, points = torch_optimizer(spec, [theta]), [start]
        for _ in range(50):
            optimizer.zero_grad()
            loss(*theta).backward()
            optimizer.step()
            points.append(tuple(theta.tolist()))
    return np.abs(ours - points).max() / 2.6


@pytest.mark.parametrize("kind", RULES)
def test_the_default_dtype_matters_to_nadam_and_asgd_alone(kind):
    assert distance(kind, torch.float64) < 1e-13
    in_float32 = distance(kind, torch.float32)
    assert 1e-10 < in_float32 < 1e-6 if kind in SCALARS else in_float32 < 1e-13


def moved(kind, sizes):
    """Points after each of a few steps on gradients of these sizes, ours and torch's, [steps, sizes]; torch's state."""
    row, spec = OPTIMIZERS[kind], ov.optimizer(kind)
    step, lr, theta = row.step_with(spec.hyperparameters, np), spec["lr"], np.ones(len(sizes))
    state = tuple(np.full(len(sizes), first) for first in row.initial_state(spec.hyperparameters, lr))
    with default_dtype(torch.float64):
        weights = torch.ones(len(sizes), requires_grad=True)
        optimizer, points = torch_optimizer(spec, [weights]), []
        for t, factor in enumerate(SHAPE, 1):
            weights.grad = torch.tensor(factor * sizes)
            optimizer.step()
            with np.errstate(all="ignore"):
                theta, state = step(t, lr, theta, factor * sizes, state)
            points.append((theta, weights.detach().numpy().copy()))
    ours, theirs = np.array(points).swapaxes(0, 1)
    return ours, theirs, optimizer.state[weights]


@pytest.mark.parametrize("kind", RULES)
def test_gradients_of_every_size_within_the_bound_move_as_in_torch(kind):
    sizes = 10.0 ** np.linspace(-153.5, 153.5, 615)
    ours, theirs, _ = moved(kind, sizes)
    travelled = np.abs(theirs - 1).max(0)  # where steps cancel each other, rounding is a share of these
    assert (np.abs(ours - theirs) <= 1e-14 * (1 + travelled)).all()


@pytest.mark.parametrize("kind", SQUARES)
def test_the_bound_is_where_squares_leave_float64(kind):
    """Beyond it torch's own squares are inf, or 0, and say nothing of the gradient any more."""
    *_, state = moved(kind, np.array([1e-163, 1e-152, 1e152, 1e156]))
    low, inside, high, above = state[SQUARES[kind]].tolist()
    assert low == 0 < inside and np.isfinite(high) and np.isinf(above)


def test_what_the_page_says_is_what_is_tested():
    text = (Path(__file__).parents[2] / "docs/equal.md").read_text()
    named = {name for name in RULES if re.search(rf"`{name}`", text)}
    assert named == SCALARS and "1e-154" in text and "1e154" in text
