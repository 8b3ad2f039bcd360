"""Optimizers of the package pytorch_optimizer by name, where it is installed: hyperparameters from the signature."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import math
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from optim_viz.optimizers.calls import Call
from optim_viz.spec import Hyperparameter, SpecError, Value, one_of, quoted

PACKAGE = "pytorch_optimizer"
_PREFIX = f"{PACKAGE}."
#: The first that is offered.
FIRST = f"{PACKAGE}.Lion"
#: No signature says what a fraction may be: the class itself does, when it is made.
_LARGEST = 1e9
#: A whole number may be a count of inner loops or of copies of all weights, and a link is anybody's: at most this or
#: so many times its default. Those that name a moment or a size to compare with cost nothing.
_MOST, _TIMES, _MOMENTS = 100, 10, ("warmup", "after", "before", "start_", "interval", "frequency", "gap", "dim")
#: What the package writes of a class that takes no parameters but in groups, Muon and its kin.
_OF_GROUPS = "a `use_muon` flag for each group"
#: Names of which all have the same range of a slider: low, high and scale.
_SLIDERS: dict[str, tuple[float, float, str]] = {
    "lr": (1e-5, 10.0, "log"),
    "weight_decay": (0.0, 0.5, "linear"),
    "eps": (1e-10, 1.0, "log"),
    "beta": (0.0, 0.999, "linear"),
    "momentum": (0.0, 0.999, "linear"),
}


@dataclass(frozen=True)
class FromPackage:
    """A class of the package with its values, as a factory params -> Optimizer: equal where its text is equal."""

    kind: str
    values: tuple[tuple[str, Value], ...]

    def call(self) -> Call:
        """What its class is called with; what is at its own default anyway stays out, but lr."""
        values, named = dict(self.values), {}
        for name, default in _numbers(_class(self.kind)):
            given = tuple(values[part] for part in parts(name, default)) if isinstance(default, tuple) else values[name]
            if name == "lr" or given != default:
                named[name] = given
        return Call(class_name(self.kind), named)

    def __call__(self, params: Any) -> Any:
        """Build the optimizer over `params`."""
        return self.call().build(_package(), params)


def is_of_package(kind: object) -> bool:
    """Whether a name is meant for the package: "pytorch_optimizer.Lion"."""
    return isinstance(kind, str) and kind.startswith(_PREFIX)


def class_name(kind: str) -> str:
    """Return the class that a name of the package's means.

    >>> class_name("pytorch_optimizer.Lion")
    'Lion'
    """
    return kind.removeprefix(_PREFIX)


@functools.cache
def hyperparameters(kind: str) -> tuple[Hyperparameter, ...]:
    """Return what numbers and switches the class of `kind` takes, at its own defaults, tuples as one number each.

    Raises SpecError where the package is missing, has no such optimizer, or the class needs more than numbers.
    """
    found: list[Hyperparameter] = []
    signature = inspect.signature(_class(kind)).parameters
    for name, default in _numbers(_class(kind)):
        whole = _is_whole(signature[name].annotation)
        each = default if isinstance(default, tuple) else (default,)
        names = parts(name, default) if isinstance(default, tuple) else [name]
        found += [_hyperparameter(n, value, whole) for n, value in zip(names, each, strict=True)]
    return tuple(found)


def parts(name: str, default: tuple[float, ...]) -> list[str]:
    """Return the names of a tuple's numbers.

    >>> parts("betas", (0.9, 0.99))
    ['beta1', 'beta2']
    """
    return [f"{name.removesuffix('s')}{i}" for i, _ in enumerate(default, 1)]


def _is_whole(annotation: Any) -> bool:
    """Whether an argument's type is int, or int and None."""
    kinds = set(typing.get_args(annotation) or (annotation,))
    return int in kinds and float not in kinds


def _hyperparameter(name: str, default: Value, whole: bool) -> Hyperparameter:
    if isinstance(default, bool):
        return Hyperparameter(name, default, scale="bool")
    if whole:
        most = _LARGEST if any(part in name for part in _MOMENTS) else max(_MOST, _TIMES * default)
        low, high = min(-1, default), max(10, 2 * default)
        return Hyperparameter(name, default, low, high, "int", minimum=low, maximum=most)
    low, high, scale = _slider(name, default)
    if name == "lr":
        return Hyperparameter(name, default, low, high, scale, open_low=True)
    return Hyperparameter(name, default, low, high, scale, minimum=-_LARGEST, maximum=_LARGEST)


def _slider(name: str, default: float) -> tuple[float, float, str]:
    """The range of a slider: that of the name, of a share, of a tiny number, or so many times the default."""
    known = _SLIDERS.get(name) or _SLIDERS.get(name.rstrip("0123456789"))
    if known and (known[0] <= default <= known[1] or known[2] == "log"):
        return known
    if 0.0 < default <= 1e-3:
        return float(f"{default / 1e3:.0e}"), 1.0, "log"
    ends = (0.0, 1.0, 2.0 * default)
    return min(ends), max(ends), "linear"


def _numbers(made: type) -> Iterator[tuple[str, Any]]:
    """The arguments of a class that numbers and switches can say, with their defaults."""
    for name, parameter in inspect.signature(made).parameters.items():
        each = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
        if each and all(type(value) in (bool, int, float) and math.isfinite(value) for value in each):
            yield name, parameter.default


def _package() -> Any:
    try:
        return importlib.import_module(PACKAGE)  # seconds: only for those who name one of it
    except ImportError:
        raise SpecError(
            "{package} is not installed where optim-viz runs: pip install pytorch-optimizer.", package=PACKAGE
        ) from None


@functools.cache
def installed() -> bool:
    """Whether the package can be imported; looking costs nothing, importing it takes seconds."""
    return importlib.util.find_spec(PACKAGE) is not None


def about(kind: str) -> str:
    """Return what the package says of one of its classes, on one line: its paper's title, for most."""
    lines = (inspect.getdoc(_class(kind)) or "").strip().partition("\n\n")[0].splitlines()
    return f"{class_name(kind)}: {' '.join(lines)}" if lines else class_name(kind)


@functools.cache
def kinds() -> tuple[str, ...]:
    """Return the names of all classes that numbers and switches can make, as `ov.optimizer` takes them."""
    return tuple(_PREFIX + name for name, made in _classes().items() if not _needs(made))


@functools.cache
def _classes() -> dict[str, type]:
    import torch

    found = inspect.getmembers(_package(), inspect.isclass)
    return {name: made for name, made in found if issubclass(made, torch.optim.Optimizer)}


def _class(kind: str) -> type:
    made = _classes()[one_of(class_name(kind), _classes(), PACKAGE)]
    if needed := _needs(made):
        raise SpecError(
            "{kind} needs {needed}, which has no default: give a function params -> optimizer instead.",
            kind=quoted(kind),
            needed=", ".join(needed),
        )
    return made


def _needs(made: type) -> list[str]:
    """What a class must be given beside parameters."""
    first, *others = inspect.signature(made).parameters.values()
    needed = [p.name for p in others if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    if _OF_GROUPS in (inspect.getdoc(made) or ""):  # what plain parameters end in says nothing to anybody
        needed.append("use_muon")
    return needed or [first.name] * (first.name != "params")
