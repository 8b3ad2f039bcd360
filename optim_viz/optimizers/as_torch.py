"""torch's own optimizers and schedulers of our specs: as objects, and as the text of a script."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optim_viz.optimizers import rates
from optim_viz.optimizers.schedules import SCHEDULES, Schedule
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import (
    OptimizerSpec,
    ScheduleSpec,
    SpecError,
    Value,
)

if TYPE_CHECKING:
    pass


#: torch's argument -> the hyperparameters that make it up.
_GROUPS = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("step_min", "step_max")}
#: torch's argument -> what our plain number stands for.
_WORDS: dict[str, Callable[[Value], Any]] = {
    "max_eval": lambda count: count or None,
    "line_search_fn": lambda on: "strong_wolfe" if on else None,
}


def torch_arguments(spec: OptimizerSpec) -> dict[str, Any]:
    """Return the keyword arguments with which torch's own class is built, betas and the like put together.

    >>> from optim_viz import optimizer
    >>> torch_arguments(optimizer("adam", lr=0.05))["betas"]
    (0.9, 0.999)
    """
    arguments: dict[str, Any] = {**spec.hyperparameters, **dict(OPTIMIZERS[spec.kind].fixed)}
    for group, names in _GROUPS.items():
        if names[0] in arguments:
            arguments[group] = tuple(arguments.pop(name) for name in names)
    return {name: _WORDS[name](value) if name in _WORDS else value for name, value in arguments.items()}


def torch_optimizer(spec: OptimizerSpec, params: Any, **options: Any) -> Any:
    """Build torch.optim's own optimizer, or the user's, over `params`; `options` are torch's own (fused, foreach)."""
    import torch  # 1.8 s: only for those who need it

    if spec.factory is not None:
        return spec.factory(params)
    cls = getattr(torch.optim, OPTIMIZERS[spec.kind].torch_class)
    return cls(params, **torch_arguments(spec), **options)


def torch_scheduler(spec: ScheduleSpec, optimizer: Any, total_steps: int) -> Any:
    """Build torch's own scheduler over `optimizer`, for a run of `total_steps` steps.

    Call its step() after every optimizer.step(); plateau's takes the loss: step(loss).
    """
    from torch.optim import lr_scheduler  # 1.8 s: only for those who need it

    values: dict[str, Any] = dict(spec.values)
    return _TORCH.get(spec.kind, _by_name)(lr_scheduler, optimizer, total_steps, SCHEDULES[spec.kind], values)


def _by_name(module: Any, optimizer: Any, total: int, row: Schedule, values: dict[str, Any]) -> Any:
    whole_run = {name: total for name in ("T_max", "total_iters") if values.get(name) == 0}
    return getattr(module, row.torch_class)(optimizer, **(values | whole_run))


def _torch_constant(module: Any, optimizer: Any, total: int, row: Schedule, values: dict[str, Any]) -> Any:
    return module.ConstantLR(optimizer, factor=1.0)


def _torch_multistep(module: Any, optimizer: Any, total: int, row: Schedule, values: dict[str, Any]) -> Any:
    gamma = values.pop("gamma")
    return module.MultiStepLR(optimizer, sorted(m for m in values.values() if m > 0), gamma)


def _torch_warmup_cosine(module: Any, optimizer: Any, total: int, row: Schedule, values: dict[str, Any]) -> Any:
    up, down = rates.warmup_split(total, values["warmup"])
    rising = module.LinearLR(optimizer, values["start_factor"], 1.0, up)
    falling = module.CosineAnnealingLR(optimizer, down, values["eta_min"])
    return module.SequentialLR(optimizer, [rising, falling], [up])


def _torch_onecycle(module: Any, optimizer: Any, total: int, row: Schedule, values: dict[str, Any]) -> Any:
    strategy = "linear" if values.pop("anneal_linear") else "cos"
    peaks = [group["lr"] for group in optimizer.param_groups]
    total = rates.cycle_length(total, values["pct_start"])
    return module.OneCycleLR(optimizer, peaks, total, anneal_strategy=strategy, cycle_momentum=False, **values)


_TORCH: dict[str, Callable[..., Any]] = {
    "constant": _torch_constant,
    "multistep": _torch_multistep,
    "warmup_cosine": _torch_warmup_cosine,
    "onecycle": _torch_onecycle,
}


def optimizer_code(spec: OptimizerSpec, params: str, **options: Any) -> str:
    """Return the call that builds torch's optimizer over `params`; what is at torch's default stays out, but lr.

    >>> from optim_viz import optimizer
    >>> optimizer_code(optimizer("adam", lr=0.05, beta1=0.8), "[x, y]")
    'torch.optim.Adam([x, y], lr=0.05, betas=(0.8, 0.999))'
    """
    if spec.factory is not None:
        raise SpecError(f"{spec.label!r} is an optimizer of your own: it has no PyTorch script but your own.")
    import torch

    name = OPTIMIZERS[spec.kind].torch_class
    given = _telling(getattr(torch.optim, name), torch_arguments(spec) | options)
    return f"torch.optim.{name}({_arguments(params, given)})"


def _telling(called: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of `arguments` that are not torch's own defaults; a learning rate is always worth reading."""
    defaults = inspect.signature(called).parameters
    return {name: value for name, value in arguments.items() if name == "lr" or value != defaults[name].default}


def schedule_code(spec: ScheduleSpec | None, lrs: list[float], total: int) -> str:
    """Return the call that builds torch's scheduler over `optimizer`, for groups with the rates `lrs`, or "".

    >>> from optim_viz import schedule
    >>> schedule_code(schedule("cosine"), [0.1], 500)
    'lr_scheduler.CosineAnnealingLR(optimizer, T_max=500)'
    """
    if spec is None or spec.kind == "constant":
        return ""
    from torch.optim import lr_scheduler

    values: dict[str, Any] = {name: _whole_run(name, value, total) for name, value in spec.values}
    name = SCHEDULES[spec.kind].torch_class
    if spec.kind == "multistep":
        gamma = values.pop("gamma")
        milestones = sorted(int(m) for m in values.values() if m > 0)
        return f"lr_scheduler.MultiStepLR(optimizer, {milestones!r}, gamma={gamma!r})"
    if spec.kind == "warmup_cosine":
        up, down = rates.warmup_split(total, values["warmup"])
        rising = f"lr_scheduler.LinearLR(optimizer, start_factor={values['start_factor']!r}, total_iters={up})"
        falling = f"lr_scheduler.CosineAnnealingLR(optimizer, T_max={down}, eta_min={values['eta_min']!r})"
        return f"lr_scheduler.SequentialLR(optimizer, [{rising}, {falling}], milestones=[{up}])"
    if spec.kind == "onecycle":
        strategy = "linear" if values.pop("anneal_linear") else "cos"
        total = rates.cycle_length(total, values["pct_start"])
        values = {"max_lr": lrs if len(lrs) > 1 else lrs[0], "total_steps": total, **values}
        values |= {"anneal_strategy": strategy, "cycle_momentum": False}
    return f"lr_scheduler.{name}({_arguments('optimizer', _telling(getattr(lr_scheduler, name), values))})"


def _whole_run(name: str, value: Value, total: int) -> Value:
    return total if name in ("T_max", "total_iters") and value == 0 else value


def _arguments(first: str, named: dict[str, Any]) -> str:
    return ", ".join([first, *(f"{name}={value!r}" for name, value in named.items())])
