"""An experiment as a link and back: spec -> query -> spec, without loss.

A query is {key: [texts]}. Defaults stay out of it. What cannot be read is dropped, and said in a sentence.
An optimizer is written as its name and pairs joined by "~", which needs no escaping in a URL: adam~lr~0.05~beta1~0.8
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote, unquote

from optim_viz.experiments.fairness import FAIRNESS, Fair, check_fairness
from optim_viz.network import train
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import DescentSpec, NetworkSpec, OptimizerSpec, SpecError, Value, nearest
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import surface

Query = dict[str, list[str]]
MAX_OPTIMIZERS = 8


def write_optimizer(spec: OptimizerSpec) -> str:
    """Return an optimizer as text; hyperparameters at torch's defaults stay out.

    >>> write_optimizer(optimizer("adam", lr=0.05))
    'adam~lr~0.05'
    """
    defaults = {h.name: h.default for h in OPTIMIZERS[spec.kind].hyperparameters}
    parts = [spec.kind]
    for name, value in spec.values:
        if value != defaults[name]:
            parts += [name, _text(value)]
    for name, factor in spec.lr_scale:  # those of x and y are "scale" and two values
        parts += [*{"x": ["scale"], "y": []}.get(name, [name]), str(factor)]
    if spec.schedule:
        parts += ["s", spec.schedule.kind]
        known = {h.name: h.default for h in SCHEDULES[spec.schedule.kind].hyperparameters}
        for name, value in spec.schedule.values:
            parts += [f"s.{name}", _text(value)] if value != known[name] else []
    if spec.label:
        parts += ["label", quote(spec.label, safe="").replace("~", "%7E")]
    return "~".join(parts)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def read_optimizer(text: str) -> tuple[OptimizerSpec | None, list[str]]:
    """Return the optimizer that `text` names, if any, and a sentence for everything that was dropped.

    >>> read_optimizer("adam~lr~-1")[1]
    ["adam: lr must be a number above 0; got '-1'; the default is used."]
    """
    kind, *parts = text.split("~")
    if kind not in OPTIMIZERS:
        return None, [f"Unknown optimizer {kind!r}; {nearest(kind, OPTIMIZERS)}"]
    notes: list[str] = []
    options: dict[str, Any] = {}
    while parts:
        name, *parts = parts
        width = 2 if name == "scale" else 1
        taken, parts = parts[:width], parts[width:]
        if len(taken) < width:
            notes.append(f"The link gives {kind} no value for {name!r}.")
            continue
        try:
            name, value = _option(name, taken, options)
            optimizer(kind, **{**options, name: value})
            options[name] = value
        except SpecError as error:
            notes.append(f"{str(error).rstrip('.')}; the default is used.")
    return optimizer(kind, **options), notes


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
        return "schedule", schedule(before.kind, **{**dict(before.values), name[2:]: taken[0]})
    return name, unquote(taken[0])


def _optimizers(texts: list[str]) -> tuple[tuple[OptimizerSpec, ...], list[str]]:
    read = [read_optimizer(text) for text in texts[:MAX_OPTIMIZERS]]
    notes = [note for _, found in read for note in found]
    if len(texts) > MAX_OPTIMIZERS:
        notes.append(f"The link names {len(texts)} optimizers; the first {MAX_OPTIMIZERS} are shown.")
    return tuple(spec for spec, _ in read if spec), notes


def _take(spec: Any, query: Mapping[str, list[str]], readers: Mapping[str, Callable[[Any, str], Any]]) -> Any:
    """Apply each reader to its key; return the spec and a sentence for each key that was dropped."""
    notes = [f"The link's {key!r} is unknown here; {nearest(key, readers)}" for key in query if key not in readers]
    for key, read in readers.items():
        if key not in query:
            continue
        try:
            spec = read(spec, query[key][-1])
        except SpecError as error:
            notes.append(f"The link's {key} was dropped: {error}")
    return spec, notes


_DESCENT: dict[str, Callable[[DescentSpec, str], DescentSpec]] = {
    "f": lambda s, text: _on_surface(s, text),  # noqa: PLW0108 - defined below
    "box": lambda s, text: _on_surface(s, s.surface.expression, tuple(text.split("~"))),
    "start": lambda s, text: replace(s, start=descent.check_start(s.surface, tuple(text.split("~")))),
    "steps": lambda s, text: replace(s, steps=_checked(s, steps=text).steps),
    "noise": lambda s, text: replace(s, noise=_checked(s, noise=text).noise),
    "batch": lambda s, text: replace(s, batch_size=_checked(s, batch_size=text).batch_size),
    "seed": lambda s, text: replace(s, seed=_checked(s, seed=text).seed),
    "o": lambda s, text: s,  # read as a list, below
}


def _checked(spec: DescentSpec, **changes: Any) -> DescentSpec:
    return descent.check(spec.surface, spec.optimizers, **changes)


def _on_surface(spec: DescentSpec, text: str, bounds: Any = None) -> DescentSpec:
    found = surface(text, bounds=bounds) if bounds else surface(text)
    return replace(spec, surface=found, start=found.start, batch_size=None)


def read_descent(query: Mapping[str, list[str]], default: DescentSpec) -> tuple[DescentSpec, list[str]]:
    """Return the comparison that a link's query describes, `default` where it is silent, and what was dropped."""
    spec, notes = _take(default, query, _DESCENT)
    chosen, dropped = _optimizers(query.get("o", []))
    return (replace(spec, optimizers=chosen) if chosen else spec), notes + dropped


def write_descent(spec: DescentSpec, default: DescentSpec) -> Query:
    """Return the query of a comparison; what equals `default` stays out."""
    query: Query = {}
    if spec.surface != default.surface:
        own = spec.surface.name == "own"
        query["f"] = [spec.surface.expression if own else spec.surface.name]
        if own:
            query["box"] = ["~".join(map(repr, spec.surface.bounds))]
    if spec.start != (default.start if spec.surface == default.surface else spec.surface.start):
        query["start"] = ["~".join(map(repr, spec.start))]
    query |= {key: [repr(getattr(spec, key))] for key in ("steps", "noise", "seed") if _differs(spec, default, key)}
    if spec.batch_size is not None:
        query["batch"] = [str(spec.batch_size)]
    if spec.optimizers != default.optimizers:
        query["o"] = [write_optimizer(o) for o in spec.optimizers]
    return query


def _differs(spec: Any, default: Any, key: str) -> bool:
    return getattr(spec, key) != getattr(default, key)


def _network(change: Callable[[NetworkSpec, str], dict[str, Any]]) -> Callable[[NetworkSpec, str], NetworkSpec]:
    """A reader that makes `change`, checked together with the rest of the spec."""

    def read(spec: NetworkSpec, text: str) -> NetworkSpec:
        changed = replace(spec, **change(spec, text))
        given = {f.name: getattr(changed, f.name) for f in fields(changed)}
        return train.check(**given)

    return read


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise SpecError(f"relu must be true or false; got {text!r}.")
    return text == "true"


# A link never names a data file: what lies on the server's disk is not a visitor's business.
_NETWORK: dict[str, Callable[[NetworkSpec, str], NetworkSpec]] = {
    "epochs": _network(lambda s, text: {"epochs": text}),
    "batch": _network(lambda s, text: {"batch_size": text}),
    "hidden": _network(lambda s, text: {"hidden": tuple(text.split("~"))}),
    "relu": _network(lambda s, text: {"final_relu": _flag(text)}),
    "seed": _network(lambda s, text: {"seed": text}),
    "seeds": _network(lambda s, text: {"seeds": text}),
}


def read_network(query: Mapping[str, list[str]], default: NetworkSpec) -> tuple[NetworkSpec, list[str]]:
    """Return the training that a link's query describes, `default` where it is silent, and what was dropped."""
    spec, notes = _take(default, query, {**_NETWORK, "o": lambda s, text: s})
    chosen, dropped = _optimizers(query.get("o", []))
    if chosen:
        try:
            spec = _network(lambda s, text: {"optimizers": chosen})(spec, "")
        except SpecError as error:
            dropped.append(str(error))
    return spec, notes + dropped


def write_network(spec: NetworkSpec, default: NetworkSpec) -> Query:
    """Return the query of a training; what equals `default` stays out."""
    texts = {
        "epochs": ("epochs", str(spec.epochs)),
        "batch": ("batch_size", str(spec.batch_size)),
        "hidden": ("hidden", "~".join(map(str, spec.hidden))),
        "relu": ("final_relu", str(spec.final_relu).lower()),
        "seed": ("seed", str(spec.seed)),
        "seeds": ("seeds", str(spec.seeds)),
    }
    query = {key: [text] for key, (name, text) in texts.items() if _differs(spec, default, name)}
    if spec.optimizers != default.optimizers:
        query["o"] = [write_optimizer(o) for o in spec.optimizers]
    return query


def fairly(
    read: Callable[..., Any], ways: Iterable[str] = FAIRNESS
) -> Callable[[Mapping[str, list[str]], Fair[Any]], tuple[Fair[Any], list[str]]]:
    """Return a reader of a page's whole link: `read` for the experiment, and "fair", one of `ways`, for fairness."""

    def read_both(query: Mapping[str, list[str]], default: Fair[Any]) -> tuple[Fair[Any], list[str]]:
        spec, notes = read({key: texts for key, texts in query.items() if key != "fair"}, default.spec)
        try:
            return Fair(spec, check_fairness(query.get("fair", [default.mode])[-1], ways)), notes
        except SpecError as error:
            return Fair(spec, default.mode), [*notes, f"The link's fair was dropped: {error}"]

    return read_both


def write_fairly(write: Callable[..., Query], asked: Fair[Any], default: Fair[Any]) -> Query:
    """Return the query of a whole page: what `write` makes of the experiment, and its fairness."""
    return write(asked.spec, default.spec) | ({"fair": [asked.mode]} if asked.mode != default.mode else {})
