"""One run on the network, as a generator that stops every few steps so that runs can take turns."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.looks import look
from optim_viz.network.aside import Aside, Here
from optim_viz.network.device import device
from optim_viz.network.digit_files import CLASSES, PIXELS
from optim_viz.network.digits import Digits
from optim_viz.network.growing_run import GrowingRun
from optim_viz.network.mlp import Backprop, Layout, evaluate
from optim_viz.network.own_steps import Steps, own_steps
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.as_torch import fused_if_possible, torch_optimizer
from optim_viz.optimizers.clipping import clip_gradients
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import NetworkSpec, OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor

    from optim_viz.network.mlp import Layers


#: Digits that a run learns from before it lets another run have its thread.
TURN = 1024
#: Test digits that are evaluated at once: what a core's cache holds.
AT_ONCE = 400


@dataclass(frozen=True, eq=False)
class Data:
    """The digits on the device that trains."""

    train_x: Tensor  # uint8 [n, 784]; divided by 255 batch by batch
    train_y: Tensor  # int64 [n]
    test_x: Tensor  # float32 [784, m], 0 to 1
    test_y: Tensor  # int64 [m]

    @classmethod
    def of(cls, digits: Digits) -> Data:
        """Move digits to the device that trains."""
        import torch

        place = device()
        train_x, train_y, test_x, test_y = (
            torch.from_numpy(a).to(place) for a in (digits.train_x, digits.train_y, digits.test_x, digits.test_y)
        )
        return cls(train_x, train_y.long(), test_x.t().float().div_(255).contiguous(), test_y.long())

    def turns(self, spec: NetworkSpec, seed: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
        """Yield the mini-batches (x float32 [b, 784], y [b]), a turn's worth at a time: the same for every optimizer.

        Every epoch sees every digit once, in an order drawn from (seed, epoch). The next turn overwrites this one's x.
        """
        import torch

        place, digits = self.train_y.device, len(self.train_y)
        rows = min(digits, spec.batch_size * max(1, TURN // spec.batch_size))
        # Buffers, because a fresh megabyte costs more than what is computed into it.
        bytes_, buffer = (torch.empty(rows, PIXELS, dtype=t, device=place) for t in (torch.uint8, torch.float32))
        for epoch in range(spec.epochs):
            order = torch.from_numpy(epoch_order(seed, epoch, digits))
            for part in order.to(place).split(rows):
                pixels = torch.index_select(self.train_x, 0, part, out=bytes_[: len(part)])
                x = buffer[: len(part)].copy_(pixels).div_(255)
                yield list(zip(x.split(spec.batch_size), self.train_y[part].split(spec.batch_size), strict=True))


def epoch_order(seed: int, epoch: int, digits: int) -> np.ndarray:
    """Return the order in which an epoch goes through the digits, int64 [digits]."""
    return np.random.default_rng((seed, epoch)).permutation(digits)


class Network:
    """The weights of one run, their gradients, and the buffers that both passes write into."""

    def __init__(self, spec: NetworkSpec, start: np.ndarray, place: Any) -> None:
        import torch

        self.layout, self.final_relu = Layout(spec.hidden), spec.final_relu
        self.weights, self.layers = self.layout.spaced(place)
        self.slopes, self.gradients = self.layout.spaced(place)
        for own, given in zip(self.layers, self.layout.layers(torch.from_numpy(start)), strict=True):
            own[0].copy_(given[0])
            own[1].copy_(given[1])
        self.gradient_evaluations = 0
        self.passes: dict[int, Backprop] = {}  # by mini-batch size: the last of an epoch may be smaller
        self.test_out = [torch.empty(out, AT_ONCE, dtype=torch.float32, device=place) for out, _ in self.layout.shapes]

    def take(self, other: Network) -> None:
        """Take another network's weights and its count of gradient evaluations."""
        for own, given in zip(self.weights, other.weights, strict=True):
            own.copy_(given)
        self.gradient_evaluations = other.gradient_evaluations

    def backward(self, x: Tensor, y: Tensor) -> float:
        """Return the loss of a mini-batch and write its gradient."""
        look()  # not between steps alone: one of L-BFGS may take 1,250 gradients
        self.gradient_evaluations += 1
        if len(y) not in self.passes:
            self.passes[len(y)] = Backprop(self.layers, self.gradients, len(y), self.final_relu)
        return float(self.passes[len(y)](x, y))

    def evaluate(self, data: Data) -> dict[str, Any]:
        """Return an evaluation's test loss, accuracy, predictions and number of dead outputs."""
        import torch

        parts, loss = [], 0.0
        for x, y in zip(data.test_x.split(AT_ONCE, 1), data.test_y.split(AT_ONCE), strict=True):
            out = [buffer[:, : len(y)] for buffer in self.test_out]
            part, logits = evaluate(self.layers, x, y, self.final_relu, out)
            parts.append(logits.clone())
            loss += float(part) * len(y) / len(data.test_y)
        logits = torch.cat(parts, 1)
        if not math.isfinite(loss):
            return {"test_losses": math.inf}
        predictions = logits.argmax(0)
        return {
            "test_losses": loss,
            "test_accuracies": float((predictions == data.test_y).double().mean()),
            "predictions": predictions.to(torch.uint8).cpu().numpy(),
            "dead_outputs": CLASSES - int((logits > 0).any(1).sum()) if self.final_relu else 0,
        }


def flatten(layers: Layers) -> Tensor:
    """Return a copy of all weights (or gradients) as one vector, float32 [size], in Layout's order."""
    import torch

    return torch.cat([part.flatten() for layer in layers for part in layer])


def norms(flat: Tensor, layout: Layout) -> np.ndarray:
    """Return the norm of every layer's part of `flat`, float64 [layers]."""
    return np.array([float(flat[span].norm()) for span in layout.spans])


def network_optimizer(spec: OptimizerSpec, network: Network) -> Any:
    """Build torch's optimizer, one param group a layer where their lr differ.

    Most of the table's optimizers are elementwise, or (L-BFGS) take all weights as one vector: to them a layer's matrix
    and bias are one parameter, which takes fewer calls. Those that take a matrix as a whole get the two apart.
    """
    row = OPTIMIZERS[spec.kind]
    joined = [((own,), (slope,)) for own, slope in zip(network.weights, network.slopes, strict=True)]
    parts = zip(network.layers, network.gradients, strict=True) if row.matrices else joined
    layers = [[_with_grad(own, slope) for own, slope in zip(*layer, strict=True)] for layer in parts]
    options = fused_if_possible(row.torch_class, network.weights[0].device.type)
    if not spec.lr_scale:
        return torch_optimizer(spec, [part for layer in layers for part in layer], **options)
    factors = map(spec.factor, network.layout.names)
    groups = [
        {"params": layer, "lr": float(spec["lr"]) * factor} for layer, factor in zip(layers, factors, strict=True)
    ]
    return torch_optimizer(spec, groups, **options)


def _with_grad(weights: Tensor, slope: Tensor) -> Tensor:
    weights.grad = slope
    return weights


def run_in_turns(spec: NetworkSpec, run: GrowingRun, data: Data, idle: bool = False) -> Generator[None]:
    """Run one optimizer from start to end into `run`; yield after every turn.

    Where a core would be `idle`, evaluations and snapshots are left to it.
    """
    aside: Aside[Network] | Here[Network] = _looker(spec, run, data) if idle else Here()
    with aside:
        yield from _turns(spec, run, data, aside)


def _looker(spec: NetworkSpec, run: GrowingRun, data: Data) -> Aside[Network]:
    """What looks at a run's network in a thread of its own."""
    return Aside([Network(spec, run.start, data.train_x.device) for _ in range(2)], Network.take)


def _turns(spec: NetworkSpec, run: GrowingRun, data: Data, aside: Aside[Network] | Here[Network]) -> Iterator[None]:
    network = Network(spec, run.start, data.train_x.device)
    steps = (table_steps if run.spec.factory is None else own_steps)(network, run)
    evals, snaps = set(run.eval_steps.tolist()), set(run.snapshot_steps.tolist())
    seconds = 0.0
    for turn in data.turns(spec, run.seed):
        for x, y in turn:
            if run.done in evals or run.done in snaps:
                with steps.answer():
                    evaluate_and_keep(network, run, data, evals, snaps, seconds, aside)
            began = time.perf_counter()
            before = flatten(network.layers) if run.done in evals else None
            lr = steps.lr()
            loss = steps.take(x, y)
            if steps.schedule is not None:
                steps.schedule(loss)
            seconds += time.perf_counter() - began
            if not math.isfinite(loss):
                aside.finish()
                run.end(TrainingOutcome.DIVERGED)
                return
            if before is not None:
                note_step_norms(network, run, before)
            run.step(loss, lr)
        yield
    with steps.answer():
        evaluate_and_keep(network, run, data, evals, snaps, seconds, aside)
    aside.finish()
    run.end(TrainingOutcome.FINISHED)


def evaluate_and_keep(
    network: Network,
    run: GrowingRun,
    data: Data,
    evals: set[int],
    snaps: set[int],
    seconds: float,
    aside: Aside[Network] | Here[Network],
) -> None:
    """Evaluate the network and keep its weights, where this is the step for it."""
    step = run.done

    def look(seen: Network) -> None:
        if step in evals:
            spent = {"seconds": seconds, "gradient_evaluations": seen.gradient_evaluations}
            run.evaluation(**spent, **seen.evaluate(data))
        if step in snaps:
            run.snapshot(step, flatten(seen.layers))

    if step in evals or step in snaps:
        aside(network, look)


def note_step_norms(network: Network, run: GrowingRun, before: Tensor) -> None:
    """Write down, layer by layer, the gradient that a step used and how far it moved the weights."""
    with np.errstate(all="ignore"):  # weights that overflow are an outcome, not a warning
        moved = norms(flatten(network.layers) - before, network.layout) / norms(before, network.layout)
    run.step_norms(run.done, norms(flatten(network.gradients), network.layout), moved)


def table_steps(network: Network, run: GrowingRun) -> Steps:
    """Return the steps of an optimizer of the table: no tape, and gradients that are written where it reads them."""
    optimizer = network_optimizer(run.spec, network)
    schedule = scheduler_step(run.spec, optimizer, len(run.losses))  # first, since it wraps the optimizer's step
    take = step_function(run.spec, network, optimizer)
    return Steps(take, functools.partial(current_lr, run.spec, optimizer), schedule)


def step_function(spec: OptimizerSpec, network: Network, optimizer: Any) -> Callable[[Tensor, Tensor], float]:
    """Return what takes a step of torch's optimizer on a mini-batch and returns the loss before it."""
    import torch

    look = _clipped(spec, network) if spec.clip else network.backward
    if isinstance(optimizer, torch.optim.LBFGS):  # evaluates the mini-batch as often as its line search wants
        return lambda x, y: float(optimizer.step(lambda: look(x, y)))
    update = optimizer.step
    if spec.schedule is None:
        # torch's own update as it is written, without what torch wraps around it for profilers, hooks and compilers:
        # half of the time that it keeps the interpreter's lock. A scheduler wants the wrapped one, which it counts.
        update = functools.partial(inspect.unwrap(type(optimizer).step), optimizer)

    def step(x: Tensor, y: Tensor) -> float:
        loss = look(x, y)
        try:
            update()
        except ArithmeticError:  # torch works a step's factors out in Python, which raises where arrays overflow
            if spec.factory is not None:
                raise
            return math.nan
        return loss

    return step


def _clipped(spec: OptimizerSpec, network: Network) -> Callable[[Tensor, Tensor], float]:
    """Return network.backward with its gradients clipped, over the matrices and biases that torch.nn would have."""
    pairs = zip(itertools.chain(*network.layers), itertools.chain(*network.gradients), strict=True)
    params = [_with_grad(own, slope) for own, slope in pairs]

    def look(x: Tensor, y: Tensor) -> float:
        loss = network.backward(x, y)
        clip_gradients(spec, params)
        return loss

    return look


def current_lr(spec: OptimizerSpec, optimizer: Any) -> float:
    """Return the learning rate that the next step uses, as it is before any layer's factor."""
    for i, group in enumerate(optimizer.param_groups):
        factor = spec.factor(f"layer.{i}")
        if factor:
            return float(group.get("lr", math.nan)) / factor
    return 0.0


def scheduler_step(spec: OptimizerSpec, optimizer: Any, total: int) -> Any:
    """Return torch's scheduler as a function of the step's loss, or None."""
    if spec.schedule is None:
        return None
    from optim_viz.optimizers.as_torch import torch_scheduler

    scheduler = torch_scheduler(spec.schedule, optimizer, total)
    takes_loss = type(scheduler).__name__ == "ReduceLROnPlateau"
    return lambda loss: scheduler.step(loss) if takes_loss else scheduler.step()
