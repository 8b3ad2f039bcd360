"""The loss of any torch module as a function of its weights alone: dropout off, and BatchNorm in the mode asked for."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.looks import look
from optim_viz.network.chunks import channels_last, chunked
from optim_viz.network.module_weights import Shapes
from optim_viz.spec import SpecError, as_float, quoted

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Loss = Callable[[Callable[..., Any], Any], Any]


@dataclass(frozen=True, eq=False)
class Given:
    """What a caller says of the loss: a function of the model's call and a batch, the data, and BatchNorm's mode."""

    loss: Loss | None
    data: Any
    batchnorm: str = "batch"

    def batches(self) -> list[Any]:
        """The batches that the loss is a mean over: one, or those of a DataLoader."""
        from torch.utils.data import DataLoader

        if not callable(self.loss):
            raise SpecError(
                "Recordings need a loss, such as loss=lambda call, batch: F.cross_entropy(call(batch[0]), batch[1]); "
                "got {value}.",
                value=quoted(self.loss),
            )
        if self.data is None:
            raise SpecError("Recordings need data: a batch that the loss takes, or a DataLoader; got None.")
        found = list(self.data) if isinstance(self.data, DataLoader) else [self.data]
        if not found:
            raise SpecError("data is a DataLoader without a single batch.")
        return found


def rows_of(batch: Any) -> int:
    """Return how many examples a batch has, as its first tensor says; 0 where it has none.

    >>> import torch
    >>> rows_of({"x": torch.zeros(5, 2)}), rows_of((torch.zeros(3), None)), rows_of("a")
    (5, 3, 0)
    """
    import torch

    if isinstance(batch, torch.Tensor):
        return len(batch) if batch.ndim else 0
    if isinstance(batch, Mapping):
        batch = [*batch.values()]
    return next((n for part in batch if (n := rows_of(part))), 0) if isinstance(batch, list | tuple) else 0


class ModuleLoss:
    """The loss of a module at any weights, as `Losses` of a plane asks for it.

    Weights that were not recorded, and buffers other than BatchNorm's, are as the module has them now.
    """

    def __init__(self, module: Module, weights: Shapes, statistics: Mapping[str, np.ndarray], given: Given) -> None:
        self.module, self.weights, self.mode = _exchangeable(module), weights, given.batchnorm
        self.loss, self.batches = given.loss, given.batches()
        rows = [rows_of(batch) for batch in self.batches]
        self.examples = sum(rows)
        self.shares = [n / self.examples for n in rows] if all(rows) else [1 / len(rows)] * len(rows)
        own = weights.of(module)
        self.types = {name: (p.device, p.dtype) for name, p in own.items()}
        self.norms: list[Any] = [part for part in module.modules() if getattr(part, "running_mean", None) is not None]
        self.said = self.mode if self.norms else ""  # what a picture has to say of BatchNorm
        self.buffers = self._statistics(statistics)
        self.channels_last = False  # whether images lie in memory pixel by pixel, if that was found to be faster

    def _statistics(self, given: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """BatchNorm's running means and variances, as recorded; those of another module are refused."""
        import torch

        own, found = dict(self.module.named_buffers()), {}
        for name, values in given.items():
            shape = tuple(own[name].shape) if name in own else None
            if shape is None or values.shape not in (shape, (math.prod(shape),)):  # files hold each as one row
                raise SpecError(
                    "The model has no BatchNorm statistics {name} of the shape {shape}.",
                    name=quoted(name),
                    shape=values.shape,
                )
            found[name] = torch.from_numpy(values.reshape(shape)).to(own[name])
        return found

    @contextlib.contextmanager
    def ready(self) -> Iterator[None]:
        """Inside, the module is in the mode asked for; after, as its owner had it."""
        import torch
        from torch.backends import mha
        from torch.nn.attention import SDPBackend, sdpa_kernel

        fast = mha.get_fastpath_enabled()
        parts = [*self.module.modules()]
        modes = [part.training for part in parts]
        tracked = [getattr(part, "track_running_stats", None) for part in self.norms]
        try:
            self.module.eval()
            mha.set_fastpath_enabled(False)  # a whole layer in one operation, which has neither vmap nor derivatives
            for part in self.norms if self.mode == "batch" else ():
                part.training, part.track_running_stats = True, False  # then nothing is written into its buffers
            with sdpa_kernel(SDPBackend.MATH), torch.random.fork_rng(devices=[]):  # the kernel with all derivatives
                yield
        finally:
            mha.set_fastpath_enabled(fast)
            for part, mode in zip(parts, modes, strict=True):
                part.training = mode
            for part, value in zip(self.norms, tracked, strict=True):
                part.track_running_stats = value

    def tensors(self, flat: Tensor) -> dict[str, Tensor]:
        """A vector of weights as the module's parameters, each on its device, of its type and in its layout."""
        found = {name: part.to(*self.types[name]) for name, part in self.weights.split(flat).items()}
        return {name: channels_last(part) for name, part in found.items()} if self.channels_last else found

    def value(self, flat: Tensor, what: Loss | None = None) -> Tensor:
        """Return the loss (or `what` else is a function of call and batch) at weights float32 [weights], a scalar."""
        tensors = self.tensors(flat)
        buffers = self._anew(tensors) if self.mode == "recalibrate" and self.norms else self.buffers
        return self._mean(tensors, buffers if self.mode != "batch" else {}, what or self.loss)

    def _mean(self, tensors: dict[str, Tensor], buffers: dict[str, Tensor], what: Any) -> Tensor:
        from torch.func import functional_call

        def call(*arguments: Any, **named: Any) -> Any:
            return functional_call(self.module, (tensors, buffers), arguments, named)

        name = "loss" if what is self.loss else "accuracy"
        batches = zip(self.batches, self.shares, strict=True)
        parts = [_scalar(what(call, batch), name) * share for batch, share in batches]
        return sum(parts[1:], parts[0])

    def _anew(self, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        """BatchNorm's statistics at these weights: the mean over the batches, from a pass as while training."""
        import torch

        names = {part: name for name, part in self.module.named_modules()}
        fresh = {f"{names[part]}.{name}".lstrip("."): torch.zeros_like(buffer)
                 for part in self.norms for name, buffer in part.named_buffers(recurse=False)}  # fmt: skip
        before = [part.momentum for part in self.norms]
        try:
            for part in self.norms:
                part.training, part.momentum = True, None  # None: the plain mean over all batches
            with torch.no_grad():
                self._mean({name: t.detach() for name, t in tensors.items()}, fresh, self.loss)
        finally:
            for part, momentum in zip(self.norms, before, strict=True):
                part.training, part.momentum = False, momentum
        return fresh

    def at(self, weights: Callable[[int], np.ndarray], count: int, what: Loss | None = None) -> np.ndarray:
        """Return the loss of `count` vectors weights(i), float32 [weights]; float64 [count], inf where not finite."""
        import torch

        out = np.empty(count)
        with self.ready(), torch.no_grad():
            for i in range(count):
                look()
                out[i] = float(self.value(torch.from_numpy(weights(i)), what))
        return np.where(np.isfinite(out), out, np.inf)

    def on_plane(self, plane: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return the loss at points [n, 2] of a plane float32 [3, weights]; float64 [n], inf where not finite."""
        import torch

        base = torch.from_numpy(np.ascontiguousarray(plane, np.float32))
        place = next(iter({device for device, _ in self.types.values()}))
        base = base.to(place) if len({device for device, _ in self.types.values()}) == 1 else base
        with self.ready(), torch.no_grad():
            out = chunked(self, base, torch.from_numpy(points).float().to(base.device))
        return np.where(np.isfinite(out), out, np.inf)


def _exchangeable(module: Module) -> Module:
    """Return a module that computes with other weights than its own; SpecError for one that torch.jit compiled."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        raise SpecError(
            "A model that torch.jit compiled computes with its own weights alone: save the recording, and load it with "
            "the module that was compiled, ov.load(path, module)."
        )
    return module


#: What returns a number, and how it is written most often.
_EXAMPLES = {"loss": "F.cross_entropy(call(x), y)", "accuracy": "(call(x).argmax(1) == y).float().mean()"}


def _scalar(value: Any, what: str) -> Tensor:
    """The one number that a loss or an accuracy is."""
    import torch

    a_tensor = isinstance(value, torch.Tensor)
    if a_tensor and value.numel() == 1:
        return value.reshape(())
    found = as_float(value) if isinstance(value, int | float | np.number | np.bool_) else None
    found = float(value) if isinstance(value, bool | np.bool_) else found
    if found is None:
        raise SpecError(
            "{what} returns one number, such as {example} does; it returned {value}.",
            what=what,
            example=_EXAMPLES[what],
            value=N_("a tensor of shape {shape}", shape=tuple(value.shape)) if a_tensor else quoted(value),
        )
    return torch.tensor(found, dtype=torch.float32)
