"""Muon for a whole network: torch's Muon takes matrices only, so its authors leave the biases to AdamW."""

from __future__ import annotations

import ast
import inspect
from typing import Any


def muon_and_adamw(params: Any, lr: float, weight_decay: float = 0.1, **muon: Any) -> Any:
    """Matrices to Muon, biases to AdamW with the same learning rate and weight decay, as one optimizer."""
    import torch

    class MuonAndAdamW(torch.optim.Optimizer):
        def __init__(self) -> None:
            super().__init__(params, {"lr": lr})
            matrices, others = [
                [{"params": [p for p in group["params"] if (p.ndim == 2) == wanted], "lr": group["lr"]}
                 for group in self.param_groups]
                for wanted in (True, False)
            ]  # fmt: skip
            self.matrices = torch.optim.Muon(matrices, weight_decay=weight_decay, **muon)
            self.others = torch.optim.AdamW(others, weight_decay=weight_decay)
            # The groups themselves, so that a schedule of this one's learning rates is a schedule of theirs.
            self.param_groups = [*self.matrices.param_groups, *self.others.param_groups]

        def step(self, closure: Any = None) -> Any:
            loss = self.matrices.step(closure)
            self.others.step()
            return loss

    return MuonAndAdamW()


def muon_code() -> str:
    """Return `muon_and_adamw` as a script has it, which imports torch itself and has no types.

    >>> muon_code().splitlines()[0]
    'def muon_and_adamw(params, lr, weight_decay=0.1, **muon):'
    """
    tree = ast.parse(inspect.getsource(muon_and_adamw))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            node.body = [part for part in node.body if not isinstance(part, ast.Import)]
        elif isinstance(node, ast.arg):
            node.annotation = None
    return ast.unparse(tree)
