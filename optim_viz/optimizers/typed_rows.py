"""The rows of SCHEDULES whose factor is typed: torch's LambdaLR and MultiplicativeLR."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers import factors
from optim_viz.optimizers.factors import factor
from optim_viz.optimizers.schedule_row import Schedule, Text

_HOW = N_("A formula of the step t and the number of steps T, such as 0.95^(t/30) or min(1, t/100)*exp(-t/500).")


def _lambda(step: Any, base: Any, total: int, *, lr_lambda: str) -> Any:
    """lr * the factor of this step."""
    return base * factor(lr_lambda, step, total)


def _look_at_factors(total: int, *, lr_lambda: str) -> None:
    factors.look("lambda", factor(lr_lambda, np.arange(total + 1), total))


def running_factor(step: Any, total: int, *, lr_lambda: str) -> tuple[Any, ...]:
    """The factor of each step but the first, which has none."""
    return (np.where(step >= 1, factor(lr_lambda, step, total), 1.0),)


def _multiplicative(step: Any, base: Any, total: int, *, lr_lambda: str, products: tuple[Any, ...]) -> Any:
    """lr * the factors of all steps so far."""
    return base * products[0]


def _look_at_products(total: int, *, lr_lambda: str) -> None:
    factors.look_at_products("multiplicative", running_factor(np.arange(total + 1), total, lr_lambda=lr_lambda))


_ROWS = (
    Schedule(
        name="lambda",
        title=N_("A formula of the step"),
        rate=_lambda,
        torch_class="LambdaLR",
        hyperparameters=(Text("lr_lambda", "0.95^(t/30)", text=_HOW, read=factors.read),),
        problem=N_("Any factor that you can write down as a formula of the step t."),
        latex=r"\eta_t = \eta\,\lambda(t)",
        reference="torch.optim.lr_scheduler.LambdaLR (PyTorch), 2017",
        look=_look_at_factors,
    ),
    Schedule(
        name="multiplicative",
        title=N_("A factor for every step"),
        rate=_multiplicative,
        torch_class="MultiplicativeLR",
        hyperparameters=(Text("lr_lambda", "1 - 1/(t + 10)", text=_HOW, read=factors.read),),
        problem=N_("Each step's rate is that of the step before times a factor, a formula of the step t."),
        latex=r"\eta_t = \eta_{t-1}\,\lambda(t)",
        reference="torch.optim.lr_scheduler.MultiplicativeLR (PyTorch), 2020",
        running=running_factor,
        look=_look_at_products,
    ),
)
ROWS: dict[str, Schedule] = {row.name: row for row in _ROWS}
