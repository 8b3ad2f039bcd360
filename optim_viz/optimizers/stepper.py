"""Any torch.optim.Optimizer, stepped as a careful loop in plain torch would: what it asks of the loop, it gets.

No list says what strangers' optimizers ask for, so each is met as it comes. Gradients are there before step(), and
step() gets a closure where it takes one: SAM needs both, L-BFGS the closure. What step() does to gradients is its own
affair: the next look makes new ones. One that differentiates its gradients (AdaHessian) is told by torch that they have
no graph: it is built anew, and from then on they have one. One with train() and eval() (schedule-free) looks from the
first's point and answers with the second's. What it draws comes from a stream of the run's own.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.optimizers.as_torch import torch_optimizer, torch_scheduler, uncompiled
from optim_viz.optimizers.clipping import clip_gradients
from optim_viz.optimizers.streams import Stream
from optim_viz.spec import OptimizerSpec, SpecError, short

if TYPE_CHECKING:
    from torch import Tensor

#: The loss at the parameters as they are, with its graph; the flag says whether it will be differentiated twice.
Loss = Callable[[bool], "Tensor"]

#: What is said of gradients that cannot be differentiated, by torch and by optimizers that look first.
_NO_GRAPH = re.compile(r"grad_fn|create_graph|does not require grad")
#: Characters of a stranger's own message that a sentence repeats.
_SHOWN = 160


class StrangerError(SpecError):
    """What an optimizer that is not ours stopped with, after so many steps.

    It `diverged` where it stopped on the way and its numbers were no longer finite, or the error is one of computing.
    """

    taken = 0
    diverged = False


class Stepper:
    """One optimizer over `params` for a run of `total` steps: `step`, then `schedule`, and `answer` when asked.

    `evaluations` counts the gradients so far; `gradients` are those that the last step began with. `graph` is whether
    they can be differentiated, `averages` whether it has train() and eval().
    Raises SpecError, in one sentence, where the optimizer itself raises.
    """

    def __init__(self, spec: OptimizerSpec, params: Sequence[Tensor], total: int, seed: int) -> None:
        self.name, self.params = spec.label or spec.kind, params
        self.gradients: list[Tensor | None] = []
        self._spec, self._total, self._seed = spec, total, seed
        self.graph = False
        self._failed_look: Exception | None = None
        self.taken, self._last = 0, 0.0
        with self._told():
            self._build()

    def _build(self) -> None:
        self.evaluations, self.taken, self._stream = 0, 0, Stream(self._seed)
        with self._stream:
            self.optimizer = torch_optimizer(self._spec, self.params)
        self._check_ours()
        self.graph = self.graph or getattr(self.optimizer, "is_second_order", False) is True  # timm's name for it
        self._closure = _closure_argument(self.optimizer.step)
        self.averages = all(callable(getattr(self.optimizer, name, None)) for name in ("train", "eval"))
        schedule = self._spec.schedule
        self._scheduler = torch_scheduler(schedule, self.optimizer, self._total) if schedule else None
        if self.averages:
            self.optimizer.train()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of the optimizer's into a sentence; one that a look ended with is not the optimizer's."""
        try:
            yield
        except SpecError:
            raise
        except Exception as error:
            if error is self._failed_look:
                raise
            message = _message(error)
            told = StrangerError(
                "{name} stopped with {error}: {message}", name=self.name, error=type(error).__name__, message=message
            )
            told.taken = self.taken
            told.diverged = self.taken > 0 and (_of_computing(error) or not self._is_finite())
            raise told from error

    def _is_finite(self) -> bool:
        """Whether the parameters and the last loss are."""
        return math.isfinite(self._last) and all(bool(p.detach().isfinite().all()) for p in self.params)

    def step(self, loss: Loss) -> float:
        """Take a step of the optimizer's and return the loss that it began with."""
        import torch

        before = self._values()
        with torch.enable_grad(), self._told():
            try:
                return self._step(loss, before)
            except RuntimeError as error:
                if self.taken or self.graph or not _NO_GRAPH.search(str(error)):
                    raise
            self._restore(before)
            self.graph = True
            self._build()
            return self._step(loss, before)

    def _step(self, loss: Loss, before: list[Tensor]) -> float:
        first, untouched = self._look(loss), True
        self.gradients = [None if p.grad is None else p.grad.clone() for p in self.params]

        def closure() -> Tensor:
            """Look again, but for the first time at a point that the optimizer has not moved from."""
            nonlocal untouched
            seen, untouched = untouched, False
            if not (seen and all(p.equal(value) for p, value in zip(self.params, before, strict=True))):
                return self._look(loss)
            for p, gradient in zip(self.params, self.gradients, strict=True):
                p.grad = None if gradient is None else gradient.clone()
            return first

        with self._stream:
            self._closure(self.optimizer.step, closure)
        self.taken += 1
        self._check_same(before)
        if self.graph:
            self._forget_graphs()
        return float(first.detach())

    def _look(self, loss: Loss) -> Tensor:
        import torch

        self.evaluations += 1
        with uncompiled():
            self.optimizer.zero_grad()
        try:
            value = loss(self.graph)
            self._last = float(value.detach())
            if not self.graph:
                value.backward()
                clip_gradients(self._spec, self.params)
                return value
            # backward(create_graph=True) would do the same, and warn of what `_forget_graphs` prevents.
            slopes = torch.autograd.grad(value, self.params, create_graph=True)
        except Exception as error:
            self._failed_look = error
            raise
        for p, slope in zip(self.params, slopes, strict=True):
            p.grad = slope
        clip_gradients(self._spec, self.params)
        return value

    def _check_ours(self) -> None:
        """One over other tensors alone would leave ours where they are."""
        groups = getattr(self.optimizer, "param_groups", None)
        ours = {id(p) for p in self.params}
        if groups and not any(id(p) in ours for group in groups for p in group["params"]):
            raise SpecError("{name} was made over other tensors than the parameters that it was given.", name=self.name)

    def _check_same(self, before: list[Tensor]) -> None:
        """A step changes values alone: of other shapes, or without gradients, no further step can be taken."""
        for p, value in zip(self.params, before, strict=True):
            if p.shape != value.shape or p.dtype != value.dtype or p.device != value.device:
                raise SpecError(
                    "{name} made a parameter another tensor, from {before} to {after}: a step may change its values.",
                    name=self.name, before=_kind(value), after=_kind(p),
                )  # fmt: skip
            if not p.requires_grad:
                raise SpecError(
                    "{name} switched off a parameter's gradient (requires_grad): no further step can be taken.",
                    name=self.name,
                )

    def _forget_graphs(self) -> None:
        """A gradient that knows its parameter, and a parameter that knows its gradient, would keep each other."""
        self.gradients = [None if g is None else g.detach() for g in self.gradients]
        for p in self.params:
            p.grad = None

    def schedule(self, loss: float) -> None:
        """Change the learning rate for the next step; `loss` is what a plateau is told by."""
        if self._scheduler is not None:
            with self._told():
                self._scheduler.step(*((loss,) if type(self._scheduler).__name__ == "ReduceLROnPlateau" else ()))

    @property
    def lr(self) -> float:
        """The learning rate of the next step; NaN where the optimizer has none."""
        with self._told():
            return float(self.optimizer.param_groups[0].get("lr", math.nan))

    @contextlib.contextmanager
    def answer(self) -> Iterator[None]:
        """Inside, the parameters are the method's answer: where it trains, or the mean that eval() gives."""
        if not (self.averages and self.taken):
            yield
            return
        training = self._values()
        with self._told():
            self.optimizer.eval()
        yield
        with self._told():
            self.optimizer.train()
        self._restore(training)  # to the last bit: train() only undoes what eval() did, with rounding

    def _values(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.params]

    def _restore(self, values: list[Tensor]) -> None:
        for p, value in zip(self.params, values, strict=True):
            p.detach().copy_(value)


def _kind(tensor: Tensor) -> str:
    return short(f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}")


def _of_computing(error: Exception) -> bool:
    """Whether numbers may have brought an error about; NotImplementedError, a RuntimeError to Python, is a mistake."""
    mistake = isinstance(error, NotImplementedError | RecursionError)
    return isinstance(error, ArithmeticError | RuntimeError | np.linalg.LinAlgError) and not mistake


def _message(error: Exception) -> str:
    """What an error says, on one line, cut to so many characters; nothing where it cannot say it."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - it is a stranger's, too
        return ""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 4] + " ..."


def _closure_argument(step: Callable[..., Any]) -> Callable[[Callable[..., Any], Callable[[], Any]], Any]:
    """Return how to call `step` with a closure: by name, by place where it must have something, or not at all."""
    parameters = inspect.signature(step).parameters
    if "closure" in parameters:
        return lambda step, closure: step(closure=closure)
    if any(p.default is p.empty and p.kind is not p.VAR_KEYWORD for p in parameters.values()):
        return lambda step, closure: step(closure)
    return lambda step, closure: step()
