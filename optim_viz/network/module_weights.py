"""The weights of any torch module as one vector, and back: which there are, where each lies, each tied one once."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.spec import SpecError, quoted, unicode

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
        return {name: flat[..., span].reshape((*rows, *shape)) for name, span, shape in parts}

    def of(self, module: Module) -> dict[str, Parameter]:
        """Return the module's parameters of these names; SpecError where it has others."""
        found = dict(module.named_parameters())
        for name, shape in zip(self.names, self.shapes, strict=True):
            if name not in found:
                raise SpecError("The model has no parameter {name}, which was recorded.", name=quoted(name))
            _same_shape(name, found[name], shape)
        return {name: found[name] for name in self.names}


def _same_shape(name: str, parameter: Parameter, shape: tuple[int, ...]) -> None:
    if tuple(parameter.shape) != shape:
        raise SpecError(
            "The model's {name} has the shape {own}; recorded was {shape}.",
            name=quoted(name),
            own=tuple(parameter.shape),
            shape=shape,
        )


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
    recordable(found)
    if not sum(p.numel() for p in found.values()):
        raise SpecError("No parameter of this {kind} is to be recorded.", kind=type(module).__name__)
    return found


def recordable(parameters: Mapping[str, Parameter]) -> Mapping[str, Parameter]:
    """Return parameters by name, all of which can be recorded; SpecError for the first that cannot."""
    import torch

    for name, p in parameters.items():
        if torch.nn.parameter.is_lazy(p):  # has no numbers, and refuses to be asked for them: so it comes first
            raise SpecError(
                "The model's {name} has no shape yet: call the model once with a batch, then record it.",
                name=quoted(name),
            )
        if not unicode(name):
            raise SpecError(
                "The model's {name} has half a character in its name, which no file can hold: give that part another "
                "name.",
                name=quoted(name),
            )
        if p.is_complex():
            raise SpecError("Complex parameters cannot be recorded.")
        if p.is_meta or p.layout is not torch.strided:
            raise SpecError(
                "The model's {name} is {kind}: only dense parameters that hold numbers can be recorded.",
                name=quoted(name),
                kind=N_("on the device 'meta'") if p.is_meta else N_("sparse"),
            )
        if p.is_inference():
            raise SpecError(
                "The model's {name} was made under torch.inference_mode() and cannot be trained: make the model "
                "outside of it.",
                name=quoted(name),
            )
    return parameters


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


class Followed:
    """The parameters of some names as the module has them now: its owner may put others in their place at any time."""

    def __init__(self, module: Module, parameters: Mapping[str, Parameter]) -> None:
        self.module, self.weights = module, shapes(parameters)
        self._take(parameters)

    def _take(self, parameters: Mapping[str, Parameter]) -> None:
        self.parameters, self._vector = [*parameters.values()], Vector(parameters)
        places = _places(self.module, {id(p) for p in self.parameters})
        self._places: Any = [*zip(*places, strict=True)] or [(), (), ()]
        self._pointers, self._shapes = [p.data_ptr() for p in self.parameters], [p.shape for p in self.parameters]

    @property
    def versions(self) -> list[tuple[int, int]]:
        """What changes whenever a weight is written: so the end of a path is known to be that of the last step."""
        return [(p._version, p.data_ptr()) for p in self.parameters]

    @property
    def fit(self) -> bool:
        """Whether they have the shapes that they had."""
        return [p.shape for p in self.parameters] == self._shapes

    def look(self, wanted: bool) -> list[tuple[int, int]]:
        """Take what was put in the place of a parameter, or of a part with some; SpecError where that does not fit.

        Returns their versions. Every step waits for this: it looks at the places alone, names would take 4 times as
        long, and at shapes where the weights are `wanted`, or lie elsewhere than at the last look.
        """
        tables, keys, held = self._places
        try:
            same = all(map(operator.is_, map(operator.getitem, tables, keys), held))
        except KeyError:
            same = False
        if not same:
            self._take(self._found())
        versions = self.versions
        pointers = [pointer for _, pointer in versions]
        if (wanted or pointers != self._pointers) and not self.fit:
            self._check_shapes(dict(zip(self.weights.names, self.parameters, strict=True)))
        self._pointers = pointers
        return versions

    def _found(self) -> dict[str, Parameter]:
        """The module's parameters of these names."""
        own = dict(self.module.named_parameters(remove_duplicate=False))
        there, found = {id(p) for p in own.values()}, dict(zip(self.weights.names, self.parameters, strict=True))
        for name in self.weights.names:
            if name not in own and id(found[name]) not in there:  # one that is pruned goes on under another name
                raise SpecError("The model has no parameter {name}, which was recorded.", name=quoted(name))
            found[name] = own.get(name, found[name])
        self._check_shapes(recordable(found))
        return found

    def _check_shapes(self, parameters: Mapping[str, Parameter]) -> None:
        for name, shape in zip(self.weights.names, self.weights.shapes, strict=True):
            _same_shape(name, parameters[name], shape)

    def read(self) -> Tensor:
        """Return their vector, as `Vector` does."""
        return self._vector.read()


def _places(module: Module, wanted: set[int]) -> Iterator[tuple[Any, str, Any]]:
    """Where parameters of these ids lie, and the parts that hold them: a table, the key in it, and what is there."""
    for part in module.modules():
        for name, child in part._modules.items():
            if child is not None and any(id(p) in wanted for p in child.parameters()):
                yield part._modules, name, child
        yield from ((part._parameters, name, p) for name, p in part._parameters.items() if id(p) in wanted)


def statistics(module: Module) -> dict[str, np.ndarray]:
    """Return the running means and variances of a module's BatchNorms by name, float32."""
    import torch

    found = {}
    for name, part in module.named_modules():
        for kind in ("running_mean", "running_var"):
            value = getattr(part, kind, None)
            if value is not None and not (torch.nn.parameter.is_lazy(value) or value.is_meta):
                found[f"{name}.{kind}".lstrip(".")] = value.detach().float().cpu().numpy().copy()
    return found
