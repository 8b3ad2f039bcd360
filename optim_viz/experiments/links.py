"""An experiment as a link and back: spec -> query -> spec, without loss; a table of keys for each kind of experiment.

A query is {key: [texts]}. Defaults stay out of it. What cannot be read is dropped, and said in a sentence.
An optimizer is written as its name and pairs joined by "~", which needs no escaping in a URL: adam~lr~0.05~beta1~0.8
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from optim_viz.experiments.fairness import FAIRNESS, ON_NETWORK, check_fairness
from optim_viz.language import N_
from optim_viz.network import matrix_task, train
from optim_viz.optimizers import trials
from optim_viz.optimizers.packages import class_name, is_of_package
from optim_viz.optimizers.packages import hyperparameters as package_hyperparameters
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.table import NOWHERE, OPTIMIZERS
from optim_viz.spec import (
    PARAMETERS,
    DescentSpec,
    Hyperparameter,
    OptimizerSpec,
    SpecError,
    Surface,
    Value,
    flag,
    nearest,
    number,
    quoted,
)
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import described, seen

Query = dict[str, list[str]]
MAX_OPTIMIZERS = 8


def write_optimizer(spec: OptimizerSpec) -> str:
    """Return an optimizer as text; hyperparameters at torch's defaults stay out.

    >>> write_optimizer(optimizer("adam", lr=0.05))
    'adam~lr~0.05'
    """
    given = package_hyperparameters if is_of_package(spec.kind) else _of_table
    defaults = {h.name: h.default for h in given(spec.kind)}
    parts = [spec.kind]
    for name, value in spec.values:
        if value != defaults[name]:
            parts += [name, _text(value)]
    parts += [text for name, bound in spec.clip for text in (name, str(bound))]
    for name, factor in spec.lr_scale:  # those of x and y are "scale" and two values
        parts += [*{"x": ["scale"], "y": []}.get(name, [name]), str(factor)]
    if spec.schedule:
        parts += ["s", spec.schedule.kind]
        known = {h.name: h.default for h in SCHEDULES[spec.schedule.kind].settings(dict(spec.schedule.values))}
        for name, value in spec.schedule.values:
            parts += [f"s.{name}", _text(value)] if value != known[name] else []
    if spec.label and not (is_of_package(spec.kind) and spec.label == class_name(spec.kind)):
        parts += ["label", _escaped(spec.label)]
    return "~".join(parts)


def _of_table(kind: str) -> tuple[Hyperparameter, ...]:
    return OPTIMIZERS[kind].hyperparameters


def _escaped(text: str) -> str:
    """A text without the sign that joins, and the one that escapes; an address escapes the rest."""
    return text.replace("%", "%25").replace("~", "%7E")


def _text(value: Value | str) -> str:
    if isinstance(value, str):
        return _escaped(value)
    return str(value).lower() if isinstance(value, bool) else repr(value)


def read_optimizer(text: str) -> tuple[OptimizerSpec | None, list[str]]:
    """Return the optimizer that `text` names, if any, and a sentence for everything that was dropped.

    One of the package pytorch_optimizer is read where that is installed. A link never has anything else imported.

    >>> read_optimizer("adam~lr~-1")[1]
    ["The default is used: adam: lr must be a number above 0 and at most 1,000,000; got '-1'."]
    """
    kind, *parts = text.split("~")
    if kind in NOWHERE:
        return None, [NOWHERE[kind]]
    if is_of_package(kind):
        try:
            package_hyperparameters(kind)
        except SpecError as error:
            return None, [N_(str(error))]
    elif kind not in OPTIMIZERS:
        return None, [N_("Unknown optimizer {kind}; {hint}", kind=quoted(kind), hint=nearest(kind, OPTIMIZERS))]
    notes: list[str] = []
    options: dict[str, Any] = {}
    while parts:
        name, *parts = parts
        width = 2 if name == "scale" else 1
        taken, parts = parts[:width], parts[width:]
        if name == "s" and taken:
            parts = _whole_schedule(kind, taken, parts, options)
            if "schedule" in options:
                continue
        if len(taken) < width:
            notes.append(N_("The link gives {kind} no value for {name}.", kind=kind, name=quoted(name)))
            continue
        try:
            name, value = _option(name, taken, options)
            optimizer(kind, **{**options, name: value})
            options[name] = value
        except SpecError as error:
            notes.append(N_("The default is used: {error}", error=str(error)))
    return optimizer(kind, **options), notes


def _whole_schedule(kind: str, taken: list[str], parts: list[str], options: dict[str, Any]) -> list[str]:
    """Read a schedule with all its settings, which may fit each other alone; return the pairs behind it.

    Where they make none, they are left to be read one by one.
    """
    behind = next((i for i in range(0, len(parts), 2) if not parts[i].startswith("s.")), len(parts))
    settings = {name[2:]: unquote(value) for name, value in zip(parts[:behind:2], parts[1:behind:2], strict=False)}
    with suppress(SpecError):
        found = schedule(*taken, **settings)
        optimizer(kind, **{**options, "schedule": found})
        options["schedule"] = found
        return parts[behind:]
    options.pop("schedule", None)
    return parts


def _option(name: str, taken: list[str], options: Mapping[str, Any]) -> tuple[str, Any]:
    """The argument of `optimizer` that a pair of a link stands for."""
    if name == "scale":
        return "lr_scale", tuple(taken)
    if name.startswith("layer."):
        before = options.get("lr_scale")
        return "lr_scale", {**(before if isinstance(before, dict) else {}), name: taken[0]}
    if name == "s":
        return "schedule", schedule(taken[0])
    if name.startswith("s.") and "schedule" in options:
        before = options["schedule"]
        return "schedule", schedule(before.kind, **{**dict(before.values), name[2:]: unquote(taken[0])})
    return name, unquote(taken[0])


@dataclass(frozen=True)
class Key:
    """A row: one key of a link.

    `read` changes a spec as the key's texts say, and gives a sentence for each part that it dropped; SpecError drops
    the key. `write` gives the texts of a spec. `silent` is whether the key stays out of a link to a spec, which is read
    with a default; the default is None where the link must say everything.
    """

    read: Callable[[Any, list[str]], tuple[Any, list[str]]]
    write: Callable[[Any], list[str]]
    silent: Callable[[Any, Any], bool]


Table = Mapping[str, Key]


def read(table: Table, query: Mapping[str, list[str]], default: Any) -> tuple[Any, list[str]]:
    """Return the spec that a link's query describes, `default` where it is silent, and a sentence for what was dropped.

    >>> from optim_viz.experiments.presets import PRESETS
    >>> spec, notes = read(DESCENT, {"steps": ["7"], "seed": ["x"]}, PRESETS["valley"].spec)
    >>> spec.steps, notes
    (7, ["The link's seed was dropped: seed must be a whole number from 0 to 4,294,967,295; got 'x'."])
    """
    notes: list[str] = [
        N_("The link's {key} is unknown here; {hint}", key=quoted(key), hint=nearest(key, table))
        for key in query
        if key not in table
    ]
    spec = default
    for key, row in table.items():
        if key in query:
            try:
                spec, dropped = row.read(spec, query[key])
                notes += dropped
            except SpecError as error:
                notes.append(N_("The link's {key} was dropped: {error}", key=key, error=str(error)))
    return spec, notes


def write(table: Table, spec: Any, default: Any = None) -> Query:
    """Return the query of a spec: all that a reader with `default` must be told, or with any default at all.

    >>> from optim_viz.experiments.presets import PRESETS
    >>> default = PRESETS["valley"].spec
    >>> write(DESCENT, replace(default, steps=7), default)
    {'steps': ['7']}
    """
    return {key: row.write(spec) for key, row in table.items() if not row.silent(spec, default)}


def _same(name: str) -> Callable[[Any, Any], bool]:
    return lambda spec, default: default is not None and getattr(spec, name) == getattr(default, name)


def field(
    name: str,
    parse: Callable[[Any, str], Any],
    text: Callable[[Any], str] = str,
    silent: Callable[[Any, Any], bool] | None = None,
) -> Key:
    """Return the row of one field, whose value `parse` makes of the spec so far and a text."""
    return Key(
        lambda spec, texts: (replace(spec, **{name: parse(spec, texts[-1])}), []),
        lambda spec: [text(getattr(spec, name))],
        silent or _same(name),
    )


def _checked(check: Callable[..., Any], name: str, parse: Callable[[str], Any] = str, **rest: Any) -> Key:
    """The row of one field that is checked together with the others: they are the arguments of `check`."""
    return field(name, lambda spec, text: getattr(check(**vars(spec) | {name: parse(text)}), name), **rest)


def tried(check: Callable[..., Any], place: str) -> Callable[..., Any]:
    """Return `check` with one more before it: that a package's classes run in `place`, one of trials.PLACES."""

    def checked(**asked: Any) -> Any:
        for spec in filter(lambda one: is_of_package(one.kind), asked["optimizers"]):
            if error := trials.refusal(spec, place):
                raise error
        return check(**asked)

    return checked


def optimizers(check: Callable[..., Any]) -> Key:
    """Return the row of the optimizers, a text each; `check` says which its page can show."""

    def read_all(spec: Any, texts: list[str]) -> tuple[Any, list[str]]:
        found = [read_optimizer(text) for text in texts[:MAX_OPTIMIZERS]]
        notes = [note for _, dropped in found for note in dropped]
        if len(texts) > MAX_OPTIMIZERS:
            notes.append(
                N_(
                    "The link names {count} optimizers; the first {most} are shown.",
                    count=len(texts),
                    most=MAX_OPTIMIZERS,
                )
            )
        chosen = []
        for one in (one for one, _ in found if one):
            try:
                check(**vars(spec) | {"optimizers": (one,)})
                chosen.append(one)
            except SpecError as error:  # what another page can show
                notes.append(N_(str(error)))
        said_once = list(dict.fromkeys(notes))  # a package that is missing is missing for each of its classes
        return (check(**vars(spec) | {"optimizers": tuple(chosen)}) if chosen else spec), said_once

    return Key(read_all, lambda spec: [write_optimizer(o) for o in spec.optimizers], _same("optimizers"))


def inside(name: str, row: Key) -> Key:
    """Return the row of a key that belongs to the field `name` of a larger spec."""

    def read_part(spec: Any, texts: list[str]) -> tuple[Any, list[str]]:
        part, notes = row.read(getattr(spec, name), texts)
        return replace(spec, **{name: part}), notes

    return Key(
        read_part,
        lambda spec: row.write(getattr(spec, name)),
        lambda spec, default: row.silent(getattr(spec, name), default and getattr(default, name)),
    )


def parts(text: str) -> tuple[str, ...]:
    """Split a text into the values that "~" joins."""
    return tuple(text.split("~"))


def joined(values: Iterable[object]) -> str:
    """Join values by "~", numbers in full."""
    return "~".join(map(str, values))


def _on_surface(spec: DescentSpec, text: str, **options: Any) -> tuple[DescentSpec, list[str]]:
    found = described(text, **options)
    found = found if found.parameters else seen(found)  # else its letters' values come with keys of their own
    return replace(spec, surface=found, start=found.start, batch_size=None), []


def _called(surface: Surface) -> str:
    """What a link calls a surface."""
    return surface.expression if surface.name == "own" else surface.name


def _parameter(name: str) -> Key:
    """The row of one letter of a function of one's own, which is 1 where a link is silent."""

    def read_letter(spec: DescentSpec, texts: list[str]) -> tuple[DescentSpec, list[str]]:
        own = spec.surface
        given = dict(own.parameters) | {name: number(texts[-1], name)}
        return replace(spec, surface=described(_called(own), own.bounds, given)), []

    def silent(spec: DescentSpec, default: DescentSpec | None) -> bool:
        value = dict(spec.surface.parameters).get(name)
        return value is None or (default is not None and (value == 1.0 or spec.surface == default.surface))

    return Key(read_letter, lambda spec: [str(dict(spec.surface.parameters)[name])], silent)


def _starts_there(spec: DescentSpec, default: DescentSpec | None) -> bool:
    """Whether a reader who knows the surface knows the start."""
    return spec.start == (default.start if default and spec.surface == default.surface else spec.surface.start)


#: Keys are read and written in the order of their rows.
DESCENT: Table = {
    "f": Key(
        lambda spec, texts: _on_surface(spec, texts[-1]),
        lambda spec: [_called(spec.surface)],
        _same("surface"),
    ),
    "box": Key(
        lambda spec, texts: _on_surface(spec, spec.surface.expression, bounds=parts(texts[-1])),
        lambda spec: [joined(spec.surface.bounds)],
        lambda spec, default: spec.surface.name != "own" or _same("surface")(spec, default),
    ),
    **{name: _parameter(name) for name in PARAMETERS},
    "start": field("start", lambda s, text: descent.check_start(s.surface, parts(text)), joined, _starts_there),
    "steps": _checked(descent.check, "steps"),
    "noise": _checked(descent.check, "noise"),
    "seed": _checked(descent.check, "seed"),
    "batch": _checked(descent.check, "batch_size", silent=lambda spec, _: spec.batch_size is None),
    "drawn": _checked(
        descent.check, "drawn", silent=lambda spec, default: spec.drawn == (default.drawn if default else "")
    ),
    "o": optimizers(tried(descent.check, "surface")),
}
# A link never names a data file: what lies on the server's disk is not a visitor's business.
TRAINING: Table = {
    "epochs": _checked(train.check, "epochs"),
    "batch": _checked(train.check, "batch_size"),
    "hidden": _checked(train.check, "hidden", parts, text=joined),
    "relu": _checked(train.check, "final_relu", lambda text: flag(text, "relu"), text=lambda on: str(on).lower()),
    "seed": _checked(train.check, "seed"),
    "seeds": _checked(train.check, "seeds"),
    "o": optimizers(tried(train.check, "network")),
}
#: What a link says first of an experiment that is no training on digits.
_TASK = "task"
MATRIX: Table = {
    _TASK: Key(lambda spec, texts: (spec, []), lambda spec: ["matrix"], lambda spec, default: False),
    "condition": _checked(matrix_task.check, "condition"),
    "shape": _checked(matrix_task.check, "shape", parts, text=joined),
    "steps": _checked(matrix_task.check, "steps"),
    "seed": _checked(matrix_task.check, "seed"),
    "seeds": _checked(matrix_task.check, "seeds"),
    "o": optimizers(tried(matrix_task.check, "network")),
}


def asks_for_matrix(query: Mapping[str, list[str]]) -> bool:
    """Whether a link of the page Network is one of the matrix task.

    >>> asks_for_matrix({"task": ["matrix"]}), asks_for_matrix({"epochs": ["3"]})
    (True, False)
    """
    return query.get(_TASK, [""])[-1] == "matrix"


def _fair(table: Table, ways: Iterable[str]) -> Table:
    """The keys of a whole page: those of its experiment, and "fair", one of `ways`."""
    mode = field("mode", lambda _, text: check_fairness(text, ways))
    return {key: inside("spec", row) for key, row in table.items()} | {"fair": mode}


FAIR_DESCENT, FAIR_TRAINING = _fair(DESCENT, FAIRNESS), _fair(TRAINING, ON_NETWORK)
FAIR_MATRIX = _fair(MATRIX, ON_NETWORK)
