"""A training of the network as a plain PyTorch script: digits, layers, batches and steps, with torch alone."""

from __future__ import annotations

import numpy as np

from optim_viz.export.script_parts import (
    DECODE,
    arguments,
    asked,
    assembled,
    backward,
    clip_step,
    closure_step,
    options,
    packages,
    packed,
    schedule_step,
    schedules,
    turned,
)
from optim_viz.network import digits
from optim_viz.network.mlp import Layout
from optim_viz.network.one_run import epoch_order
from optim_viz.network.train import steps_per_epoch
from optim_viz.optimizers.as_torch import fused_if_possible, optimizer_code, schedule_code
from optim_viz.optimizers.muon import muon_code
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import NetworkSpec, OptimizerSpec, SpecError, quoted, unique_labels

#: Draws of digits, over all epochs and seeds, that a script may carry (2 bytes each, before they are packed).
MAX_DRAWS = 10_000_000

_DOCSTRING = '''"""Train an MLP on handwritten digits with torch.optim: the same numbers as optim-viz, with torch alone.

Reads optim-viz's mnist10k.npz: beside this script, or from the path given (python THIS_SCRIPT PATH/mnist10k.npz).
Prints, for every run, the loss of the last mini-batch, and loss and accuracy on the test digits.
"""

import ast
import base64
import math
import pathlib
import sys
import zipfile
import zlib

import torch
'''

_READ = '''
def read_digits(path):
    """The grey levels, uint8 [n, 784], and the labels, [n], from an .npz file."""
    arrays = []
    with zipfile.ZipFile(path) as archive:
        for name in ("x.npy", "y.npy"):
            content = bytearray(archive.read(name))
            end = 10 + int.from_bytes(content[8:10], "little")
            shape = ast.literal_eval(content[10:end].decode())["shape"]
            arrays.append(torch.frombuffer(content, dtype=torch.uint8, offset=end).view(shape))
    return arrays[0], arrays[1].long()
'''

_TRAIN = '''
def train(model, optimizer, i{options}):
    loss = math.inf
{before}    for order in ORDERS[i]:
        for batch in order.split(BATCH_SIZE):
            x, y = DIGITS[batch] / 255, LABELS[batch]
{step}
            if not loss.isfinite():
                return math.inf, math.inf, 0.0  # diverged
{schedule}{after}    return loss.item(), *test(model, ORDERS[i][0])


@torch.no_grad()
def test(model, order):
    """Loss and accuracy on the digits that were not learned."""
    held_out = torch.ones(len(LABELS), dtype=torch.bool)
    held_out[order] = False
    logits = model(DIGITS[held_out] / 255)
    loss = torch.nn.functional.cross_entropy(logits, LABELS[held_out]).item()
    if not math.isfinite(loss):
        return math.inf, 0.0
    return loss, (logits.argmax(1) == LABELS[held_out]).double().mean().item()
'''

_STEP = """\
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
{backward}
{clip}            optimizer.step()"""
_CLOSURE = """
            def closure():
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(x), y)
{backward}
{clip}                return loss

{stepped}"""

_MAIN = """
def main():
    torch.set_num_threads(1)  # so that sums are rounded in the same order
    for i, seed in enumerate(SEEDS):
"""


def network_script(spec: NetworkSpec) -> str:
    """Return the script of a training; SpecError for digits or an optimizer of the user's own."""
    if spec.data:
        raise SpecError(
            "The digits {data} are no part of a script: only a run on the shipped ones can be one.",
            data=quoted(spec.data),
        )
    orders = _orders(spec)
    total = spec.epochs * steps_per_epoch(spec)
    labels = unique_labels(spec.optimizers)
    kinds = schedules(spec.optimizers)
    closure = any(o.kind == "lbfgs" for o in spec.optimizers)
    runs = "\n".join(_run(spec, o, label, total) for o, label in zip(spec.optimizers, labels, strict=True))
    scheduled = "from torch.optim import lr_scheduler\n" if kinds else ""
    others = "".join(f"{line}\n" for line in packages(spec.optimizers))
    head = f"{_DOCSTRING}{others}{scheduled}\nBATCH_SIZE = {spec.batch_size}\nSEEDS = {[*spec.each_seed]}"
    averages, graph = (any(getattr(asked(o), name) for o in spec.optimizers) for name in ("averages", "graph"))
    clips, bounds = clip_step(spec.optimizers, "model.parameters()")
    deep = 16 if closure else 12
    step = (_CLOSURE if closure else _STEP).format(
        backward=_indented(backward(graph, "[*model.parameters()]"), deep).rstrip("\n"),
        clip=_indented(clips, deep),
        stepped=_indented(closure_step(spec.optimizers, "math.inf, math.inf, 0.0"), 12).rstrip("\n"),
    )
    loop = _TRAIN.format(
        options=options(bool(kinds), graph, bounds),
        before=_indented(turned(averages, "train"), 4),
        step=step,
        schedule=_indented(schedule_step(kinds, "loss.item()"), 12),
        after=_indented(turned(averages, "eval"), 4),
    )
    data = packed("ORDERS", orders.astype("<u2"), "uint16", f".view({spec.seeds}, {spec.epochs}, -1).long()")
    files = 'PATH = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("mnist10k.npz")'
    data += f"\n{files}\nDIGITS, LABELS = read_digits(PATH)"
    pair = muon_code() if any(o.kind == "muon" for o in spec.optimizers) else ""
    return assembled([head, _READ, DECODE, _network(spec), pair, loop, f"{_MAIN}{runs}", data])


def _indented(lines: list[str], spaces: int) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in lines)


def _orders(spec: NetworkSpec) -> np.ndarray:
    """The digits of the file in the order in which every seed and epoch sees them, int [seeds, epochs, digits]."""
    given = digits.load("")
    learned = digits.split_rows(len(given.train_y) + len(given.test_y))[0]
    if spec.seeds * spec.epochs * len(learned) > MAX_DRAWS:
        raise SpecError(
            "{epochs} epochs of {seeds} seeds are too many draws to write down in a script: at most {most:,} in all.",
            epochs=spec.epochs,
            seeds=spec.seeds,
            most=MAX_DRAWS // len(learned),
        )
    return np.stack([[learned[epoch_order(s, e, len(learned))] for e in range(spec.epochs)] for s in spec.each_seed])


def _network(spec: NetworkSpec) -> str:
    shapes = Layout(spec.hidden).shapes
    parts = [f"torch.nn.Linear({into}, {out})" for out, into in shapes]
    body = ", torch.nn.ReLU(), ".join(parts) + (", torch.nn.ReLU()" if spec.final_relu else "")
    return (
        f"\ndef network(seed):\n    torch.manual_seed(seed)\n    return torch.nn.Sequential(\n        {body}\n    )\n"
    )


def _run(spec: NetworkSpec, optimizer: OptimizerSpec, label: str, total: int) -> str:
    row = OPTIMIZERS.get(optimizer.kind)
    params, lrs = "model.parameters()", [float(optimizer.hyperparameters.get("lr", 0.0))]
    options = fused_if_possible(row.torch_class, "cpu") if row else {}
    lines = ["model = network(seed)"]
    if optimizer.lr_scale:
        lrs = [lrs[0] * optimizer.factor(name) for name in Layout(spec.hidden).names]
        lines.append("layers = [layer for layer in model if isinstance(layer, torch.nn.Linear)]")
        lines.append(f'groups = [{{"params": layer.parameters(), "lr": lr}} for layer, lr in zip(layers, {lrs!r})]')
        lrs *= 1 + (optimizer.kind == "muon")  # the groups of its matrices, then those of its biases
        params = "groups"
    lines += ["torch.manual_seed(seed)"] * asked(optimizer).draws
    lines.append(f"optimizer = {optimizer_code(optimizer, params, **options)}")
    scheduler = schedule_code(optimizer.schedule, lrs, total)
    if scheduler:
        lines.append(f"scheduler = {scheduler}")
    extra = arguments(optimizer, bool(scheduler), clip_step(spec.optimizers, "")[1])
    lines.append(f"print({label!a}, seed, *train(model, optimizer, i{extra}))")
    return "".join(f"        {line}\n" for line in lines)
