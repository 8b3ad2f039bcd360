"""The weights of any torch module as one vector, and back: which there are, where each lies, each tied one once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.spec import SpecError, quoted

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter

#: What says which parameters are meant: by name and parameter, by beginnings of names, or all that are trained.
Filter = Callable[[str, Any], bool] | Iterable[str] | None


@dataclass(frozen=True)
class Shapes:
    """The names and shapes of the weights of a module, in the order in which they lie in a vector."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def spans(self) -> tuple[slice, ...]:
        """The part of the vector that each takes."""
        ends = np.cumsum([0, *(math.prod(shape) for shape in self.shapes)]).tolist()
        return tuple(slice(a, b) for a, b in itertools.pairwise(ends))

    @property
    def size(self) -> int:
        """How many weights there are."""
        return sum(math.prod(shape) for shape in self.shapes)

    def split(self, flat: Any) -> dict[str, Any]:
        """Return views of a vector (or of rows of them, [..., size]) by name, each in its shape."""
        rows = flat.shape[:-1]
        parts = zip(self.names, self.spans, self.shapes, strict=True)
        return {name: flat[..., span].reshape(*rows, *shape) for name, span, shape in parts}

    def of(self, module: Module) -> dict[str, Parameter]:
        """Return the module's parameters of these names; SpecError where it has others."""
        found = dict(module.named_parameters())
        for name, shape in zip(self.names, self.shapes, strict=True):
            if name not in found:
                raise SpecError("The model has no parameter {name}, which was recorded.", name=quoted(name))
            if tuple(found[name].shape) != shape:
                raise SpecError(
                    "The model's {name} has the shape {own}; recorded was {shape}.",
                    name=quoted(name),
                    own=tuple(found[name].shape),
                    shape=shape,
                )
        return {name: found[name] for name in self.names}


def chosen(module: Any, which: Filter = None) -> dict[str, Parameter]:
    """Return a module's parameters by name: those that are trained, or those that `which` says.

    >>> import torch
    >>> list(chosen(torch.nn.Linear(2, 1), ["weight"]))
    ['weight']
    """
    import torch

    if not isinstance(module, torch.nn.Module):
        raise SpecError("model is a torch.nn.Module; got {value}.", value=quoted(module))
    every = dict(module.named_parameters())
    if which is None:
        found = {name: p for name, p in every.items() if p.requires_grad}
    elif callable(which):
        found = {name: p for name, p in every.items() if which(name, p)}
    else:
        beginnings = _beginnings(which)
        found = {name: p for name, p in every.items() if name.startswith(beginnings)}
    if not sum(p.numel() for p in found.values()):
        raise SpecError("No parameter of this {kind} is to be recorded.", kind=type(module).__name__)
    if any(p.is_complex() for p in found.values()):
        raise SpecError("Complex parameters cannot be recorded.")
    return found


def _beginnings(which: Any) -> tuple[str, ...]:
    """One beginning of names, or several."""
    try:
        found = (which,) if isinstance(which, str) else tuple(which)
    except TypeError:
        found = (None,)
    if not all(isinstance(one, str) for one in found):
        raise SpecError(
            "params is a function of a name and a parameter, or a list of beginnings of names; got {value}.",
            value=quoted(which),
        )
    return found


def shapes(parameters: Mapping[str, Parameter]) -> Shapes:
    """Return what there is to know of parameters but their values."""
    return Shapes(tuple(parameters), tuple(tuple(p.shape) for p in parameters.values()))


class Vector:
    """All of some parameters as one vector, float32 [size] in main memory, from whatever device and type.

    >>> import torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> Vector(chosen(layer)).read().tolist() == [*layer.weight[0].tolist(), layer.bias.item()]
    True
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        import torch

        self._parameters, known = [*parameters.values()], shapes(parameters)
        self._whole = torch.empty(known.size, dtype=torch.float32)
        self._places = [*known.split(self._whole).values()]

    def read(self) -> Tensor:
        """Write them into the vector, as they are now, and return it: the same at every call."""
        import torch

        with torch.no_grad():
            if all(p.is_cpu for p in self._parameters):
                torch._foreach_copy_(self._places, self._parameters)  # one call for all: a fifth of the time of a loop
                return self._whole
            if len({(p.device, p.dtype) for p in self._parameters}) == 1:
                whole = torch.cat([p.reshape(-1) for p in self._parameters])  # one copy from the device, not many
                return self._whole.copy_(whole)
            for place, p in zip(self._places, self._parameters, strict=True):
                place.copy_(p)
        return self._whole


def statistics(module: Module) -> dict[str, np.ndarray]:
    """Return the running means and variances of a module's BatchNorms by name, float32."""
    found = {}
    for name, part in module.named_modules():
        for kind in ("running_mean", "running_var"):
            value = getattr(part, kind, None)
            if value is not None:
                found[f"{name}.{kind}".lstrip(".")] = value.detach().float().cpu().numpy().copy()
    return found
