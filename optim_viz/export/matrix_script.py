"""The matrix task as a plain PyTorch script: pairs, loss and steps, with torch alone."""

from __future__ import annotations

from optim_viz.export.script_parts import (
    arguments,
    asked,
    assembled,
    backward,
    clip_step,
    closure_step,
    options,
    packages,
    schedule_step,
    schedules,
    turned,
)
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

#: What an optimizer is given, in the script's words.
_PARAMS = "[weights]"


def matrix_script(spec: MatrixSpec) -> str:
    """Return the script of the matrix task; SpecError for an optimizer of the user's own."""
    kinds = schedules(spec.optimizers)
    labels = unique_labels(spec.optimizers)
    runs = "".join(_run(spec, o, label) for o, label in zip(spec.optimizers, labels, strict=True))
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
    """The training loop; a closure where some optimizer looks at the loss more than once a step."""
    averages, graph = (any(getattr(asked(o), name) for o in spec.optimizers) for name in ("averages", "graph"))
    clips, bounds = clip_step(spec.optimizers, _PARAMS)
    body = ["optimizer.zero_grad()", "loss = loss_of(weights, *known)", *backward(graph, _PARAMS), *clips]
    if any(o.kind == "lbfgs" for o in spec.optimizers):
        inner = ["def closure():", *("    " + line for line in body), "    return loss"]
        body = [*inner, "", *closure_step(spec.optimizers, "math.inf")]
    else:
        body = [*body, "optimizer.step()"]
    body += ["if not loss.isfinite():", "    return math.inf  # diverged", *schedule_step(kinds, "loss.item()")]
    lines = [*turned(averages, "train"), "for _ in range(STEPS):", *("    " + line for line in body)]
    lines += [
        *turned(averages, "eval"),
        "loss = loss_of(weights.detach(), *known).item()",
        "return loss if math.isfinite(loss) else math.inf",
    ]
    head = f"def learn(weights, known, optimizer{options(bool(kinds), graph, bounds)}):\n"
    return head + "".join(f"    {line}".rstrip() + "\n" for line in lines)


def _run(spec: MatrixSpec, optimizer: OptimizerSpec, label: str) -> str:
    lines = ["weights = torch.zeros(SHAPE, dtype=torch.float64, requires_grad=True)"]
    lines += ["torch.manual_seed(seed)"] * asked(optimizer).draws
    lines.append(f"optimizer = {optimizer_code(optimizer, _PARAMS)}")
    # Muon's second group is that of AdamW, which has nothing to do here.
    lrs = [float(optimizer.hyperparameters.get("lr", 0.0))] * (1 + (optimizer.kind == "muon"))
    scheduler = schedule_code(optimizer.schedule, lrs, spec.steps)
    lines += [f"scheduler = {scheduler}"] if scheduler else []
    extra = arguments(optimizer, bool(scheduler), clip_step(spec.optimizers, _PARAMS)[1])
    lines.append(f"print({label!a}, seed, learn(weights, known, optimizer{extra}))")
    return "".join(f"        {line}\n" for line in lines)
