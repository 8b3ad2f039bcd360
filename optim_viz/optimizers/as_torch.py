"""torch's own optimizers and schedulers of our specs, as objects and as the text of a script: both from one Call."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from optim_viz.optimizers import own, rates
from optim_viz.optimizers.calls import Call
from optim_viz.optimizers.composed_rows import lengths_of, parts_of, starts_of
from optim_viz.optimizers.factors import Lambda
from optim_viz.optimizers.hyperparameters import GROUPS
from optim_viz.optimizers.muon import muon_and_adamw
from optim_viz.optimizers.packages import FromPackage
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec, ScheduleSpec, SpecError, Value, quoted


def _call(module: Any, name: str, arguments: dict[str, Any]) -> Call:
    """A call without what is torch's own default anyway; a learning rate is always worth reading."""
    defaults = inspect.signature(getattr(module, name)).parameters
    return Call(name, {n: value for n, value in arguments.items() if n == "lr" or value != defaults[n].default})


#: torch's argument -> what our plain number stands for.
_WORDS: dict[str, Callable[[Value], Any]] = {
    "max_eval": lambda count: count or None,
    "line_search_fn": lambda on: "strong_wolfe" if on else None,
    "adjust_lr_fn": lambda on: "match_rms_adamw" if on else None,
    "eps1": lambda least: least or None,
}


def torch_arguments(spec: OptimizerSpec) -> dict[str, Any]:
    """Return the keyword arguments that torch's own class has for a spec, betas and the like put together.

    >>> from optim_viz import optimizer
    >>> torch_arguments(optimizer("adam", lr=0.05))["betas"]
    (0.9, 0.999)
    """
    given = {**spec.hyperparameters, **dict(OPTIMIZERS[spec.kind].fixed)}
    arguments: dict[str, Any] = {name: _WORDS[name](v) if name in _WORDS else v for name, v in given.items()}
    for group, names in GROUPS.items():
        if names[0] in arguments:
            arguments[group] = tuple(arguments.pop(name) for name in names)
    return arguments


_NEVER_COMPILED = ("add_param_group", "zero_grad")


@contextlib.contextmanager
def uncompiled() -> Iterator[None]:
    """Within it, optimizers do without torch's compiler, whose import takes as long as torch's own (2 s of CPU).

    torch imports it to mark two methods as ones that are never compiled. Here they have that mark; where the compiler
    is there already, or torch should mark them otherwise, nothing is changed.
    """
    if "torch._dynamo" in sys.modules:
        yield
        return
    import torch

    methods: list[Any] = [inspect.unwrap(getattr(torch.optim.Optimizer, name)) for name in _NEVER_COMPILED]
    for method in methods:
        method.__dynamo_disable = method
    try:
        yield
    finally:
        for method in methods:
            method.__dict__.pop("__dynamo_disable", None)


@uncompiled()
def torch_optimizer(spec: OptimizerSpec, params: Any, **options: Any) -> Any:
    """Build torch.optim's own optimizer, or the user's, over `params`; `options` are torch's own (fused, foreach)."""
    import torch  # 1.8 s: only for those who need it

    if spec.factory is not None:
        return own.build(spec.factory, spec.label, spec.hyperparameters if spec.kind == own.OWN else {}, params)
    call = _optimizer_call(spec, options)
    return muon_and_adamw(params, **call.named) if spec.kind == "muon" else call.build(torch.optim, params)


@functools.cache
def fused_if_possible(torch_class: str, device: str) -> dict[str, bool]:
    """Return {"fused": True} where torch has a fused step of a class on a kind of device, else {}: torch's own choice.

    Fused, a step is one pass over the weights instead of up to ten. Which class has it where differs from one version
    of torch to the next (Adagrad on CUDA), and torch says so in a step alone: it is asked for one.

    >>> fused_if_possible("Adagrad", "cpu"), fused_if_possible("RMSprop", "cpu")
    ({'fused': True}, {})
    """
    import torch

    make = getattr(torch.optim, torch_class)
    if "fused" not in inspect.signature(make).parameters:
        return {}
    weight = torch.zeros(1, dtype=torch.float32, device=device)
    weight.grad = torch.zeros_like(weight)
    try:
        with uncompiled():
            inspect.unwrap(make.step)(make([weight], lr=1.0, fused=True))
    except RuntimeError:  # which is the answer
        return {}
    return {"fused": True}


def optimizer_code(spec: OptimizerSpec, params: str, **options: Any) -> str:
    """Return the call that builds torch's optimizer over `params`; what is at torch's default stays out, but lr.

    >>> from optim_viz import optimizer
    >>> optimizer_code(optimizer("adam", lr=0.05, beta1=0.8), "[x, y]")
    'torch.optim.Adam([x, y], lr=0.05, betas=(0.8, 0.999))'
    """
    if isinstance(spec.factory, FromPackage):
        return spec.factory.call().code("", params)
    if spec.factory is not None:
        raise SpecError(
            "{label} is an optimizer of your own: it has no PyTorch script but your own.", label=quoted(spec.label)
        )
    call = _optimizer_call(spec, options)
    if spec.kind == "muon":  # a function of the script's own
        return replace(call, name=muon_and_adamw.__name__).code("", params)
    return call.code("torch.optim", params)


def _optimizer_call(spec: OptimizerSpec, options: dict[str, Any]) -> Call:
    import torch

    return _call(torch.optim, OPTIMIZERS[spec.kind].torch_class, torch_arguments(spec) | options)


def torch_scheduler(spec: ScheduleSpec, optimizer: Any, total_steps: int) -> Any:
    """Build torch's own scheduler over `optimizer`, for a run of `total_steps` steps.

    Call its step() after every optimizer.step(); plateau's takes the loss: step(loss).
    """
    from torch.optim import lr_scheduler

    lrs = [group["lr"] for group in optimizer.param_groups]
    return _scheduler_call(spec, lrs, total_steps).build(lr_scheduler, optimizer)


def schedule_code(spec: ScheduleSpec | None, lrs: list[float], total: int) -> str:
    """Return the call that builds torch's scheduler over `optimizer`, for groups with the rates `lrs`, or "".

    >>> from optim_viz import schedule
    >>> schedule_code(schedule("cosine"), [0.1], 500)
    'lr_scheduler.CosineAnnealingLR(optimizer, T_max=500)'
    """
    if spec is None or spec.kind == "constant":
        return ""
    return _scheduler_call(spec, lrs, total).code("lr_scheduler", "optimizer")


def _scheduler_call(spec: ScheduleSpec, lrs: list[float], total: int) -> Call:
    values: dict[str, Any] = dict(spec.values)
    if spec.kind in _CALLS:
        return _CALLS[spec.kind](values, lrs, total)
    from torch.optim import lr_scheduler

    whole_run = {name: total for name in ("T_max", "total_iters") if values.get(name) == 0}
    return _call(lr_scheduler, SCHEDULES[spec.kind].torch_class, values | whole_run)


def _multistep(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    gamma = values.pop("gamma")
    return Call("MultiStepLR", {"gamma": gamma}, (sorted(m for m in values.values() if m > 0),))


def _warmup_cosine(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    up, down = map(int, rates.warmup_split(total, values["warmup"]))
    rising = Call("LinearLR", {"start_factor": values["start_factor"], "total_iters": up})
    falling = Call("CosineAnnealingLR", {"T_max": down, "eta_min": values["eta_min"]})
    return Call("SequentialLR", {"milestones": [up]}, ([rising, falling],))


def _cyclic(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    from torch.optim import lr_scheduler

    lows = [lr / values["div_factor"] for lr in lrs]
    mode = "triangular2" if values["triangular2"] else "triangular" if values["gamma"] == 1.0 else "exp_range"
    arguments = {
        "base_lr": lows if len(lrs) > 1 else lows[0],
        "max_lr": lrs if len(lrs) > 1 else lrs[0],
        "step_size_up": values["step_size_up"],
        "step_size_down": values["step_size_down"] or None,
        "mode": mode,
        "gamma": values["gamma"] if mode == "exp_range" else 1.0,
        **_cycle(values),
    }
    return _call(lr_scheduler, "CyclicLR", arguments)


def _cycle(values: dict[str, Any]) -> dict[str, Any]:
    """What torch is told of the momentum."""
    if not values["cycle_momentum"]:
        return {"cycle_momentum": False}
    return {name: values[name] for name in ("cycle_momentum", "base_momentum", "max_momentum")}


def _plateau(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    from torch.optim import lr_scheduler

    mode = "abs" if values.pop("threshold_abs") else "rel"
    return _call(lr_scheduler, "ReduceLROnPlateau", values | {"threshold_mode": mode})


def _onecycle(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    from torch.optim import lr_scheduler

    strategy = "linear" if values.pop("anneal_linear") else "cos"
    total = int(rates.cycle_length(total, values["pct_start"]))
    cycle = {name: values.pop(name) for name in ("cycle_momentum", "base_momentum", "max_momentum")}
    values = {"max_lr": lrs if len(lrs) > 1 else lrs[0], "total_steps": total, **values}
    return _call(lr_scheduler, "OneCycleLR", values | {"anneal_strategy": strategy, **_cycle(cycle)})


def _typed(name: str) -> Callable[[dict[str, Any], list[float], int], Call]:
    return lambda values, lrs, total: Call(name, {"lr_lambda": Lambda(values["lr_lambda"], total)})


def _sequential(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    starts, lengths = starts_of(values["milestones"]), lengths_of(values["milestones"], total)
    parts = zip(parts_of(values["parts"]), lengths, strict=True)
    made: list[Any] = [_scheduler_call(part, lrs, int(length)) for part, length in parts]
    return Call("SequentialLR", {"milestones": starts[1:]}, (made,))


def _chained(values: dict[str, Any], lrs: list[float], total: int) -> Call:
    made: list[Any] = [_scheduler_call(part, lrs, total) for part in parts_of(values["parts"])]
    return Call("ChainedScheduler", {}, (made,), behind="optimizer")


#: The schedules whose class does not take their values as they are.
_CALLS: dict[str, Callable[[dict[str, Any], list[float], int], Call]] = {
    "constant": lambda values, lrs, total: Call("ConstantLR", {"factor": 1.0}),
    "multistep": _multistep,
    "warmup_cosine": _warmup_cosine,
    "cyclic": _cyclic,
    "onecycle": _onecycle,
    "plateau": _plateau,
    "lambda": _typed("LambdaLR"),
    "multiplicative": _typed("MultiplicativeLR"),
    "sequential": _sequential,
    "chained": _chained,
}
