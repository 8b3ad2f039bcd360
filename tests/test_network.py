"""The engine on the network equals a plain torch loop, and everything that a run records is what it says."""

import threading
import time

import numpy as np
import pytest
import torch

from optim_viz import SpecError, digits, network, optimizer
from optim_viz.network import train
from optim_viz.optimizers import torch_optimizer
from optim_viz.training import NO_PREDICTION, TrainingOutcome

SPECS = {
    "sgd": optimizer("sgd", lr=0.1),
    "momentum": optimizer("momentum", lr=0.01, momentum=0.9, weight_decay=1e-3),
    "adam": optimizer("adam", lr=1e-3),
}
SMALL = {"hidden": (24, 16), "batch_size": 100, "epochs": 1}


def mlp(hidden, final_relu, seed):
    """The network as anyone would write it."""
    torch.manual_seed(seed)
    widths = (784, *hidden, 10)
    parts = []
    for into, out in zip(widths, widths[1:], strict=False):
        parts += [torch.nn.Linear(into, out), torch.nn.ReLU()]
    return torch.nn.Sequential(*(parts if final_relu else parts[:-1]))


def batches(epochs, batch_size, seed):
    """The mini-batches as the docstring promises them: an order drawn from (seed, epoch), then split."""
    data = digits.load()
    x, y = torch.from_numpy(data.train_x) / 255, torch.from_numpy(data.train_y).long()
    for epoch in range(epochs):
        order = torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(y)))
        for part in order.split(batch_size):
            yield x[part], y[part]


def plain_loop(make, hidden=(300, 200), final_relu=True, seed=0, steps=200, batch_size=64):
    """Train with a loop that knows nothing of ours; return the losses and the network."""
    model = mlp(hidden, final_relu, seed)
    optimizer, losses = make(model), []
    for (x, y), _ in zip(batches(99, batch_size, seed), range(steps), strict=False):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), model


@pytest.mark.parametrize("final_relu", [True, False])
@pytest.mark.parametrize("name", SPECS)
def test_losses_equal_a_plain_torch_loop_over_200_steps(name, final_relu):
    run = train([SPECS[name]], epochs=2, final_relu=final_relu, seed=5)[name]
    expected, _ = plain_loop(lambda m: torch_optimizer(SPECS[name], m.parameters()), final_relu=final_relu, seed=5)
    np.testing.assert_allclose(run.losses[:200], expected, rtol=0, atol=1e-5)
