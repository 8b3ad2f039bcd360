"""The matrix task as a plain PyTorch script: pairs, loss and steps, with torch alone."""

from __future__ import annotations

from optim_viz.export.script_parts import assembled, packages, schedule_step, schedules
from optim_viz.optimizers.as_torch import optimizer_code, schedule_code
from optim_viz.optimizers.muon import muon_code
from optim_viz.spec import MatrixSpec, OptimizerSpec, unique_labels

_HEAD = '''"""Let optimizers fill one matrix with pairs: the same numbers as optim-viz, with torch alone.

Prints the loss after the last step of every run; inf says that it diverged.
"""

import math

'''

_PAIRS = '''
def pairs(seed):
    """Orthonormal keys, random values, and each key's share of all cases."""
    rows, columns = SHAPE
    generator = torch.Generator().manual_seed(seed)
    keys, upper = torch.linalg.qr(torch.randn(columns, columns, generator=generator, dtype=torch.float64))
    values = torch.randn(rows, columns, generator=generator, dtype=torch.float64) / math.sqrt(rows)
    shares = torch.logspace(0.0, -math.log10(CONDITION), columns, dtype=torch.float64)
    return keys * upper.diagonal().sign(), values, shares / shares.sum()


def loss_of(weights, keys, values, shares):
    return (shares * (weights @ keys - values).square()).sum((-2, -1)) / 2
'''

_STEP = """\
        optimizer.zero_grad()
        loss = loss_of(weights, *known)
        loss.backward()
        optimizer.step()"""
_CLOSURE = """\
        def closure():
            optimizer.zero_grad()
            loss = loss_of(weights, *known)
            loss.backward()
            return loss

        loss = optimizer.step(closure)"""


def matrix_script(spec: MatrixSpec) -> str:
    """Return the script of the matrix task; SpecError for an optimizer of the user's own."""
    kinds = schedules(spec.optimizers)
    labels = unique_labels(spec.optimizers)
    runs = "".join(_run(o, label, spec.steps) for o, label in zip(spec.optimizers, labels, strict=True))
    imports = [*packages(spec.optimizers), "import torch"]
    imports += ["from torch.optim import lr_scheduler"] if kinds else []
    numbers = [
        f"SHAPE = {spec.shape}",
        f"CONDITION = {spec.condition!r}",
        f"STEPS = {spec.steps}",
        f"SEEDS = {[*spec.each_seed]}",
    ]
    pair = muon_code() if any(o.kind == "muon" for o in spec.optimizers) else ""
    main = "def main():\n    torch.set_num_threads(1)  # so that sums are rounded in the same order\n"
    main += f"    for seed in SEEDS:\n        known = pairs(seed)\n{runs}"
    head = _HEAD + "\n".join([*imports, "", *numbers])
    return assembled([head, _PAIRS, pair, _loop(spec, kinds), main])


def _loop(spec: MatrixSpec, kinds: set[str]) -> str:
    closure = any(o.kind == "lbfgs" for o in spec.optimizers)
    moves = "".join(f"        {line}\n" for line in schedule_step(kinds, "loss.item()"))
    return (
        f"def learn(weights, known, optimizer{', scheduler=None' if kinds else ''}):\n    for _ in range(STEPS):\n"
        f"{_CLOSURE if closure else _STEP}\n        if not loss.isfinite():\n            return math.inf  # diverged\n"
        f"{moves}    loss = loss_of(weights.detach(), *known).item()\n"
        "    return loss if math.isfinite(loss) else math.inf"
    )


def _run(optimizer: OptimizerSpec, label: str, steps: int) -> str:
    lines = [
        "weights = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)",
        f"optimizer = {optimizer_code(optimizer, '[weights]')}",
    ]
    # Muon's second group is that of AdamW, which has nothing to do here.
    lrs = [float(optimizer.hyperparameters.get("lr", 0.0))] * (1 + (optimizer.kind == "muon"))
    scheduler = schedule_code(optimizer.schedule, lrs, steps)
    lines += [f"scheduler = {scheduler}"] if scheduler else []
    lines.append(f"print({label!a}, seed, learn(weights, known, optimizer{', scheduler' if scheduler else ''}))")
    return "".join(f"        {line}\n" for line in lines)
