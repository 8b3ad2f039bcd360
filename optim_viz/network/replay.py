"""A training of the built-in network, seen again: its loss as any module's, and what its optimizer divided by."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from optim_viz.looks import looked
from optim_viz.network import digits as digits_of
from optim_viz.network.edges import Edge, edge_of, hyperparameters
from optim_viz.network.mlp import Layout
from optim_viz.network.module_loss import Given, ModuleLoss
from optim_viz.network.module_weights import Shapes
from optim_viz.network.one_run import Data, Network, flatten, network_optimizer, scheduler_step, step_function
from optim_viz.network.project import DIGITS, MAX_DIGITS
from optim_viz.network.seen import Seen, spread
from optim_viz.network.training import Training, TrainingRun
from optim_viz.optimizers.cycled import cycled
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import NetworkSpec, whole


def digits_loss(training: Training, count: int | None) -> ModuleLoss:
    """Return the loss of the built-in network over the first training digits, as that of a torch module."""
    import torch
    from torch import nn

    layout, spec = Layout(training.spec.hidden), training.spec
    parts = [part for out, into in layout.shapes for part in (nn.Linear(into, out, dtype=torch.float32), nn.ReLU())]
    module = nn.Sequential(*(parts if spec.final_relu else parts[:-1]))
    loaded = digits_of.loaded_for(training)
    count = whole(DIGITS if count is None else count, "digits", 10, MAX_DIGITS)
    x, y = torch.from_numpy(loaded.train_x[:count]).float() / 255, torch.from_numpy(loaded.train_y[:count]).long()
    weights = Shapes(tuple(name for name, _ in module.named_parameters()), layout.parameters)
    given = Given(lambda call, batch: nn.functional.cross_entropy(call(batch[0]), batch[1]), (x, y))
    return ModuleLoss(module, weights, {}, given)


def torch_class(run: TrainingRun) -> str:
    """Return the name of torch's class of a run's optimizer; "" of one that is no row of the table."""
    kind = run.spec.kind
    return OPTIMIZERS[kind].torch_class if kind in OPTIMIZERS else ""


def seen_again(run: TrainingRun, spec: NetworkSpec, most: int) -> Iterator[Seen]:
    """Yield at most `most` snapshots of a run; it is run again for what its optimizer divides by, if it divides."""
    kept, edge = spread(run.snapshot_steps, most), edge_of(torch_class(run))
    scales = _scales(run, spec, run.snapshot_steps[kept], edge) if edge and edge.scale else itertools.repeat(None)
    for i, scale in zip(kept, scales, strict=False):
        step = int(run.snapshot_steps[i])
        values: dict[str, Any] = run.spec.hyperparameters | dict(OPTIMIZERS[run.spec.kind].fixed if edge else ())
        if cycle := cycled(run.spec, len(run.losses)):
            values[cycle[0]] = float(cycle[1][min(step, len(run.losses) - 1)])
        # Where each layer has a learning rate of its own, one edge is not enough.
        values["lr"] = None if run.spec.lr_scale or not len(run.lrs) else float(run.lrs[min(step, len(run.lrs) - 1)])
        yield Seen(step, run.weights(i), scale, values)


def _scales(run: TrainingRun, spec: NetworkSpec, steps: np.ndarray, edge: Edge) -> Iterator[np.ndarray | None]:
    """What the optimizer divides by after each of some steps, from the same run once more; None before the first."""
    import torch

    data = Data.of(digits_of.load(spec.data))
    network = Network(spec, run.start, data.train_x.device)
    optimizer = network_optimizer(run.spec, network)
    schedule = scheduler_step(run.spec, optimizer, len(run.losses))
    take = step_function(run.spec, network, optimizer)
    batches = itertools.chain.from_iterable(data.turns(spec, run.seed))
    for before, step in itertools.pairwise([0, *steps.tolist()]):
        with torch.inference_mode():  # not while others have their turn
            for x, y in looked(itertools.islice(batches, step - before), every=16):
                loss = take(x, y)
                if schedule is not None:
                    schedule(loss)
            scale = _scale(network, optimizer, edge)
        yield scale


def _scale(network: Network, optimizer: Any, edge: Edge) -> np.ndarray | None:
    """What it divides by, float32 [weights], in Layout's order: less what lies between matrices and biases."""
    groups = [group for group in optimizer.param_groups for _ in group["params"]]
    layers = []
    for vector, group, (out, into) in zip(network.weights, groups, network.layout.shapes, strict=True):
        if not optimizer.state.get(vector) or edge.scale is None:
            return None
        scale = edge.scale(optimizer.state[vector], hyperparameters(group))
        layers.append((scale[: out * into], scale[-out:]))
    return flatten(layers).float().cpu().numpy()
