"""Frozen values that say everything about an experiment.

A spec is hashable, so it can be cached; made of plain numbers and names, so it fits into a URL; and complete, so that
equal specs give bit-equal results. Nothing here knows which optimizers or surfaces exist: the tables do.
"""

from __future__ import annotations

import difflib
import errno
import itertools
import math
import os
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optim_viz.language import N_, Words

Value = float | int | bool
#: Seeds are whole numbers from 0 to below this; after the last comes 0.
SEEDS = 2**32

#: How a surface is drawn: "" as a map whose sides fill the picture, or a function of x alone as a curve; as a map even
#: so; as a map on which one unit of x is as long as one unit of y.
DRAWN = ("", "map", "equal")
#: What the weights of a surface are called.
COORDINATES = ("x", "y")
#: The same of a model b + w·u of data, where people read them.
OF_MODELS = ("b", "w")
#: Letters that a typed function may hold beside them, each a number of its own; 1 where none is given.
PARAMETERS = ("a", "b", "c", "d")
#: The most that a number may be where its row says nothing else: beyond it floats soon overflow.
LARGEST = 1e6
#: The most items that are taken of what does not say how many it has: more than any list but an axis may hold.
MOST_ITEMS = 100_000
#: The most names that a sentence lists.
MOST_NAMES = 60
#: The most characters of an input that a sentence repeats; no label is longer.
ECHO = 80


class SpecError(ValueError):
    """A value that an experiment cannot be made of; the message is one sentence for the person who typed it.

    The sentence and its values come apart, so that it can be told in other languages: see `language.N_`.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(N_(message, **values))


class _Short(reprlib.Repr):
    """repr() that stops early: whoever hands over a book is not read it back."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = ECHO // 4
        self.maxstring = self.maxlong = self.maxother = ECHO

    def repr_int(self, x: int, level: int) -> str:
        """An integer; Python refuses to write down the longest ones."""
        bits = x.bit_length()
        return super().repr_int(x, level) if bits < 4000 else N_("a whole number of {bits:,} bits", bits=bits)


def short(text: str) -> str:
    """Return `text`, cut to ECHO characters.

    >>> short("x" * 500)[-2:]
    'x…'
    """
    return text if len(text) <= ECHO else text[: ECHO - 1] + "…"


def quoted(value: object) -> str:
    """Return `value` as a sentence names it: its repr on one line, cut to ECHO characters.

    >>> quoted("adam"), len(quoted("x" * 500))
    ("'adam'", 80)
    """
    text = _Short().repr(value)
    return text if isinstance(text, Words) else short(" ".join(text.splitlines()))


def nearest(name: object, names: Iterable[str]) -> str:
    """Return the hint that names what was probably meant: the nearest name, or all of them where they are few.

    >>> nearest("adma", ["sgd", "momentum", "adam"])
    "did you mean 'adam'?"
    """
    names, given = list(names), name
    name = (name if isinstance(name, str) else quoted(name))[:ECHO].lower()
    if not names:
        return N_("there are none.")
    swapped = [n for n in names if sorted(n) == sorted(name)]  # "adma" is adam with two keys swapped, not adamax
    close = [] if isinstance(given, int | float) else swapped or difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return N_("did you mean {close!r}?", close=close[0])
    if len(names) > MOST_NAMES:
        return N_("none of the {count} is called like that.", count=len(names))
    return N_("choose one of {names}.", names=", ".join(names))


def one_of(name: object, names: Iterable[str], what: str) -> str:
    """Return `name`, which must be one of `names`, or raise a SpecError with the nearest of them.

    >>> one_of("adam", ["sgd", "adam"], "optimizer")
    'adam'
    """
    names = list(names)
    if not isinstance(name, str) or name not in names:
        raise SpecError("Unknown {what} {name}; {hint}", what=what, name=quoted(name), hint=nearest(name, names))
    return name


def number(value: object, what: str, low: float = -math.inf, high: float = math.inf) -> float:
    """Return `value` as a finite float in [low, high], or raise a SpecError that names it and the range.

    >>> number("0.5", "lr")
    0.5
    """
    result = as_float(value)
    if result is not None and math.isfinite(result) and low <= result <= high:
        return result
    if math.inf == high == -low:
        if result is None:
            raise SpecError("{what} must be a number; got {value}.", what=what, value=quoted(value))
        raise SpecError("{what} must be a finite number; got {value}.", what=what, value=quoted(value))
    raise SpecError(
        "{what} must be a number from {low} to {high}; got {value}.",
        what=what,
        low=readable(low),
        high=readable(high),
        value=quoted(value),
    )


def as_float(value: Any) -> float | None:
    """What is a number, or the text of one, as a float; None for all else: switches, bytes and complex numbers, too."""
    if type(value) is float:  # an axis has millions of them
        return value
    kind = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if isinstance(value, bool | bytes | bytearray) or kind.startswith(("bool", "complex")):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last of a tensor of many
        return None


def whole(value: object, what: str, low: int, high: int) -> int:
    """Return `value` as an int in [low, high], or raise a SpecError that names it and the range.

    >>> whole(500, "steps", 1, 1000)
    500
    """
    result = as_float(value)
    if result is not None and low <= result <= high and result == int(result):
        return int(result)
    raise SpecError(
        "{what} must be a whole number from {low:,} to {high:,}; got {value}.",
        what=what,
        low=low,
        high=high,
        value=quoted(value),
    )


def flag(value: object, what: str) -> bool:
    """Return a switch, also one that a link has written, as a bool, or raise a SpecError.

    >>> flag("false", "relu"), flag(1, "relu")
    (False, True)
    """
    words = {True: True, False: False, "true": True, "1": True, "false": False, "0": False}
    try:
        return words[value.lower() if isinstance(value, str) else value]
    except (KeyError, TypeError):
        raise SpecError("{what} must be true or false; got {value}.", what=what, value=quoted(value)) from None


def parts(value: Any, most: int = MOST_ITEMS) -> tuple[Any, ...]:
    """Return the items of a sequence; TypeError for what is none, and for a text, whose characters are no items.

    Of what has no length, and may have no end, one more than `most` are taken, so that whoever asks can refuse it.

    >>> parts([300, 200])
    (300, 200)
    """
    if isinstance(value, str | bytes | Mapping | set):
        raise TypeError("no sequence")
    return tuple(value if hasattr(value, "__len__") else itertools.islice(value, most + 1))


def path_of(value: Any, what: str) -> Path:
    """Return a path that a file may have, or raise a SpecError: True would be the terminal, which would be closed.

    Nor is an empty text one, which a variable is that was never set: it would be the folder that one is in.

    >>> path_of("runs/one.csv", "path").name
    'one.csv'
    """
    try:
        found = Path(value)
        if value != "" and b"\0" not in os.fsencode(found):
            return found
    except (TypeError, UnicodeEncodeError):
        pass
    raise SpecError("{what} must be a path, as a text or a pathlib.Path; got {value}.", what=what, value=quoted(value))


def ordinary(path: Path) -> Path:
    """Return a path to read; OSError where it leads to what may never end, such as a pipe that nobody writes to."""
    if path.exists() and not (path.is_file() or path.is_dir() or str(path) == os.devnull):
        raise OSError(errno.EINVAL, N_("it is no file, but a pipe or a device"))
    return path


def label_of(value: object) -> str:
    """Return the text of a label, or raise a SpecError: one that is too long, or half a character of two.

    >>> label_of(3)
    '3'
    """
    label = str(value)
    if len(label) > ECHO:
        raise SpecError(
            "A label has at most {most} characters; {label} has {count:,}.",
            most=ECHO,
            label=quoted(label),
            count=len(label),
        )
    if not unicode(label):
        raise SpecError(
            "A label is Unicode text; {label} holds half a character, which no file can hold.", label=quoted(label)
        )
    return label


def unicode(text: str) -> bool:
    """Return whether a file can hold a text: not where it has half a character of two.

    >>> unicode("ü"), unicode(chr(0xD800))
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def hooks(progress: Any, cancel: Any = None, executor: Any = None) -> tuple[Any, Any, Any]:
    """Return what is told, what stops and what runs a piece of work; SpecError before it begins where it cannot.

    >>> hooks(print)[1:]
    (None, None)
    """
    if not (progress is None or callable(progress)):
        raise SpecError("progress is a function, called with how far it is; got {value}.", value=quoted(progress))
    if not (cancel is None or callable(getattr(cancel, "is_set", None))):
        raise SpecError("cancel is a threading.Event; got {value}.", value=quoted(cancel))
    if not (executor is None or callable(getattr(executor, "submit", None))):
        raise SpecError("executor is a concurrent.futures.Executor; got {value}.", value=quoted(executor))
    return progress, cancel, executor


def readable(value: float) -> str:
    """Return a number as people write it.

    >>> readable(1e6), readable(0.01)
    ('1,000,000', '0.01')
    """
    return f"{value:,.15g}"


@dataclass(frozen=True)
class Hyperparameter:
    """torch.optim's name and default of a hyperparameter, what is allowed, and how a slider should show it.

    `low` and `high` bound the slider; `minimum` and `maximum` bound what is accepted at all, `open_low` and `open_high`
    say whether the bound itself is excluded. `scale` is "log", "linear", "int" or "bool". One that comes `after`
    another is shown once that one is not 0.
    """

    name: str
    default: Value
    low: float = 0.0
    high: float = 1.0
    scale: str = "linear"
    text: str = ""
    minimum: float = 0.0
    maximum: float = LARGEST
    open_low: bool = False
    open_high: bool = False
    after: str = ""

    def shown(self, values: Mapping[str, Any]) -> bool:
        """Whether it is worth a widget beside these values: it, or the one that it comes after, is not 0."""
        return not self.after or bool(values.get(self.name) or values.get(self.after))

    @property
    def allowed(self) -> str:
        """The accepted range, in words."""
        low, high = readable(self.minimum), readable(self.maximum)
        from_ = N_("above {number}", number=low) if self.open_low else N_("at least {number}", number=low)
        to = N_("below {number}", number=high) if self.open_high else N_("at most {number}", number=high)
        return N_("{low} and {high}", low=from_, high=to)

    def check(self, value: object, owner: str) -> Value:
        """Return `value` as this hyperparameter's type, or raise a SpecError that names it and the range."""
        if self.scale == "bool":
            return flag(value, f"{owner}: {self.name}")
        if isinstance(value, bool):
            raise self._refused(value, owner)
        try:
            result = number(value, self.name)
        except SpecError:
            raise self._refused(value, owner) from None
        inside = (result > self.minimum or (result == self.minimum and not self.open_low)) and (
            result < self.maximum or (result == self.maximum and not self.open_high)
        )
        if not inside or (self.scale == "int" and result != int(result)):
            raise self._refused(value, owner, whole=self.scale == "int")
        return int(result) if self.scale == "int" else result

    def _refused(self, value: object, owner: str, whole: bool = False) -> SpecError:
        kind = N_("a whole number") if whole else N_("a number")
        return SpecError(
            "{owner}: {name} must be {kind} {allowed}; got {value}.",
            owner=owner, name=self.name, kind=kind, allowed=self.allowed, value=quoted(value),
        )  # fmt: skip


def check_values(
    owner: str, hyperparameters: Iterable[Hyperparameter], given: Mapping[str, object], also: Iterable[str] = ()
) -> tuple[tuple[str, Value], ...]:
    """Return every hyperparameter with its checked value, in the table's order; defaults fill the gaps.

    `also` are names of what is taken beside them, for the hint.
    """
    table = {h.name: h for h in hyperparameters}
    for name in given:
        if name not in table:
            raise SpecError(
                "{owner} has no hyperparameter {name}; {hint}",
                owner=owner,
                name=quoted(name),
                hint=nearest(name, [*table, *also]),
            )
    return tuple((name, h.check(given.get(name, h.default), owner)) for name, h in table.items())


@dataclass(frozen=True)
class ScheduleSpec:
    """A learning-rate schedule by name, with every one of its hyperparameters; those that are typed are texts."""

    kind: str
    values: tuple[tuple[str, Any], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.values)[name]

    #: With __getitem__ alone Python would take it for a sequence.
    __iter__ = None


@dataclass(frozen=True)
class OptimizerSpec:
    """An optimizer by name, with every one of its hyperparameters, its schedule and its label.

    `lr_scale` holds the factors on the learning rate of torch's param groups by name: of the coordinates "x" and "y" of
    a surface, or of single layers. `factory` is the user's own torch.optim.Optimizer factory, if any. `clip` holds the
    bounds on every gradient before the optimizer sees it, by name; those that are not set are not there.
    """

    kind: str
    values: tuple[tuple[str, Value], ...] = ()
    schedule: ScheduleSpec | None = None
    lr_scale: tuple[tuple[str, float], ...] = ()
    label: str = ""
    factory: Callable[..., Any] | None = field(default=None, compare=True)
    clip: tuple[tuple[str, float], ...] = ()

    def __getitem__(self, name: str) -> Value:
        return dict(self.values)[name]

    __iter__ = None  # as above

    @property
    def hyperparameters(self) -> dict[str, Value]:
        """All hyperparameters by torch's name."""
        return dict(self.values)

    def factor(self, group: str) -> float:
        """The factor on the learning rate of a coordinate or a layer."""
        return dict(self.lr_scale).get(group, 1.0)


def unique_labels(specs: Iterable[OptimizerSpec]) -> tuple[str, ...]:
    """Return one label per spec; the second of the same name becomes "name 2", and so on.

    >>> unique_labels([OptimizerSpec("adam"), OptimizerSpec("adam")])
    ('adam', 'adam 2')
    """
    return unique(spec.label or spec.kind for spec in specs)


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names, none of them twice.

    >>> unique(["a", "b", "a"])
    ('a', 'b', 'a 2')
    """
    labels: list[str] = []
    for wanted in names:
        label, copy = wanted, 2
        while label in labels:
            label, copy = f"{wanted} {copy}", copy + 1
        labels.append(label)
    return tuple(labels)


@dataclass(frozen=True)
class Surface:
    """A loss over two weights: one expression in x and y, and the facts that are known of it.

    `bounds` is (x low, x high, y low, y high), the part of the plane that is drawn; `minima` are (x, y, f) triples, the
    global ones first; `log` says whether its levels are told apart better on a log colour scale. `data` names the
    examples (u, v) of a finite sum, whose loss is the mean of the expression over them; "" for a plain function.
    `parameters` are the values of the letters of PARAMETERS that the expression holds. `alone` is whether x
    occurs in it, and y does not.
    """

    name: str
    title: str
    expression: str
    bounds: tuple[float, float, float, float]
    start: tuple[float, float]
    minima: tuple[tuple[float, float, float], ...] = ()
    smooth: bool = True
    log: bool = True
    story: str = ""
    source: str = ""
    data: str = ""
    parameters: tuple[tuple[str, float], ...] = ()
    alone: bool = False

    @property
    def global_minima(self) -> tuple[tuple[float, float, float], ...]:
        """Those of `minima` that no other undercuts."""
        if not self.minima:
            return ()
        best = min(f for _, _, f in self.minima)
        return tuple(m for m in self.minima if m[2] - best <= 1e-9 * max(1.0, abs(best)))

    @property
    def weights(self) -> tuple[str, str]:
        """What people read its two weights as; in links, tables and calls they are COORDINATES everywhere."""
        return OF_MODELS if self.data else COORDINATES

    @property
    def called(self) -> str:
        """The loss as a formula begins with it: "f(x, y)", or "f(x)"."""
        return f"f({', '.join(self.weights[: 1 if self.alone else 2])})"

    @property
    def formula(self) -> str:
        """The loss as people read it, in plain text."""
        names = dict(zip(COORDINATES, self.weights, strict=True))
        return f"{self.called} = " + re.sub(r"\b[xy]\b", lambda found: names[found[0]], self.with_values)

    @property
    def with_values(self) -> str:
        """The expression, and behind it the value of each of its parameters."""
        return ", ".join([self.expression, *(f"{name} = {value:g}" for name, value in self.parameters)])

    @property
    def diagonal(self) -> float:
        """Length of the drawn region's diagonal: the unit in which distances on this surface are judged."""
        x0, x1, y0, y1 = self.bounds
        return math.hypot(x1 - x0, y1 - y0)

    def contains(self, point: Any) -> Any:
        """Whether `point` (x, y), or each of points [2, ...], lies in the drawn region."""
        (x, y), (x0, x1, y0, y1) = point, self.bounds
        return (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)


@dataclass(frozen=True)
class DescentSpec:
    """A comparison on a surface: what `optim_viz.descend` is asked for; `drawn` is one of DRAWN."""

    surface: Surface
    optimizers: tuple[OptimizerSpec, ...]
    start: tuple[float, float]
    steps: int = 500
    noise: float = 0.0
    batch_size: int | None = None
    seed: int = 0
    drawn: str = ""

    @property
    def as_curve(self) -> bool:
        """Whether it is drawn as a curve over x: so is a function of x alone, where nothing else is asked for."""
        return self.surface.alone and not self.drawn


@dataclass(frozen=True)
class SweepSpec:
    """Many runs of one optimizer on a surface: what `optim_viz.sweep` is asked for.

    `axes` are pairs of a name (a hyperparameter, or "x" or "y" of the start) and its values; every combination is a
    cell, or, where they are `paired`, each axis has one value a cell. Each cell runs once per seed: `seed`,
    `seed` + 1, ... up to `seeds` of them. `tolerance` is the share of the start's excess loss at which a run counts as
    arrived.
    """

    surface: Surface
    optimizer: OptimizerSpec
    axes: tuple[tuple[str, tuple[float, ...]], ...]
    start: tuple[float, float]
    steps: int = 300
    noise: float = 0.0
    batch_size: int | None = None
    seed: int = 0
    seeds: int = 1
    tolerance: float = 1e-3
    paired: bool = False
    #: Those that are an axis, "optimizer", whose values are their numbers; `optimizer` is the first of them then.
    optimizers: tuple[OptimizerSpec, ...] = field(default=(), repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """How many values each axis has; of paired axes how many all have."""
        sides = tuple(len(values) for _, values in self.axes)
        return sides[:1] if self.paired else sides

    def values_at(self, cell: tuple[int, ...]) -> dict[str, float]:
        """The axes' values of one cell."""
        places = cell * len(self.axes) if self.paired else cell
        return {name: axis[i] for (name, axis), i in zip(self.axes, places, strict=True)}

    @property
    def cells(self) -> int:
        """How many combinations there are."""
        return math.prod(self.shape)

    @property
    def random(self) -> bool:
        """Whether anything is drawn, so that seeds differ."""
        return self.noise > 0.0 or self.batch_size is not None

    @property
    def runs(self) -> int:
        """How many runs there are; without draws the seeds share one."""
        return self.cells * (self.seeds if self.random else 1)

    @property
    def steps_in_all(self) -> int:
        """The steps of all runs together."""
        return self.runs * self.steps

    @property
    def each_seed(self) -> tuple[int, ...]:
        """The seeds of a cell's runs."""
        return _successive(self.seed, self.seeds)

    def of_seed(self, index: int) -> DescentSpec:
        """The comparison whose draws the runs of one seed see."""
        seed = self.each_seed[index]
        return DescentSpec(self.surface, (self.optimizer,), self.start, self.steps, self.noise, self.batch_size, seed)


def _successive(seed: int, count: int) -> tuple[int, ...]:
    return tuple((seed + i) % SEEDS for i in range(count))


@dataclass(frozen=True)
class NetworkSpec:
    """A comparison on the network: what `optim_viz.train` is asked for.

    Each optimizer runs once per seed: `seed`, `seed` + 1, ... up to `seeds` of them. `data` names the digits: "" for
    the shipped 10,000, or the path of a file.
    """

    optimizers: tuple[OptimizerSpec, ...]
    epochs: int = 5
    batch_size: int = 64
    hidden: tuple[int, ...] = (300, 200)
    final_relu: bool = True
    seed: int = 0
    seeds: int = 1
    data: str = ""

    @property
    def each_seed(self) -> tuple[int, ...]:
        """The seeds of an optimizer's runs."""
        return _successive(self.seed, self.seeds)


@dataclass(frozen=True)
class MatrixSpec:
    """A comparison on the matrix task: what `optim_viz.matrix_task` is asked for.

    `condition` says how many times as often the first key is asked for as the last; `shape` is that of the matrix, how
    many numbers a value has and how many keys there are. Each optimizer runs once per seed: `seed`, `seed` + 1, ...
    """

    optimizers: tuple[OptimizerSpec, ...]
    condition: float = 1e4
    shape: tuple[int, int] = (16, 16)
    steps: int = 100
    seed: int = 0
    seeds: int = 1

    @property
    def each_seed(self) -> tuple[int, ...]:
        """The seeds of an optimizer's runs."""
        return _successive(self.seed, self.seeds)
