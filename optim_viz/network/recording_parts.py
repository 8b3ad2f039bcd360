"""What a file of recordings has to hold: each part is looked at when it is taken, its kind, shape and numbers."""

from __future__ import annotations

import dataclasses
import itertools
import math
import sys
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.curvature import Curvature, Sharpness
from optim_viz.network.edges import FORMULAS
from optim_viz.network.module_weights import Shapes
from optim_viz.network.plane import BATCHNORM, EXAMPLES, KINDS, Plane
from optim_viz.network.recording import MAX_RECORDINGS, Recording, Recordings
from optim_viz.optimizers.styles import kinds_of
from optim_viz.spec import ECHO, short, unicode

#: Runs that a plane may show, numbers that an optimizer may have, examples that a loss may be a mean over.
MAX_RUNS, MAX_NUMBERS, MAX_EXAMPLES = 64, 100, 10**12
#: Snapshots of one run, and eigenvalues at each, that a sharpness may be of: as many as ov.sharpness finds.
MAX_LOOKS, MAX_EIGENVALUES = 1000, 20
#: No coordinate, no share of a variance, and no eigenvalue is larger.
FAR, SHARE, SHARP = 1e30, 100.0, 1e300
LARGEST = sys.float_info.max
CURVES = ("losses", "lrs", "accuracies")
OF_PLANE = ("a", "b", "loss", "explained_variance", "random_walk")
#: As many numbers as there are weights, which a file without weights does without.
OF_WEIGHTS = ("origin", "axes")
BY_LABEL = ("coordinates", "snapshot_steps", "distances", "true_losses", "plane_losses")
OF_SHARPNESS = ("eigenvalues", "preconditioned", "edge")
#: What a plane says in words and numbers, and the tables that its words are rows of.
SAID = {"kind": str, "digits": int, "examples": str, "batchnorm": str}
_ROWS = {"kind": KINDS, "examples": EXAMPLES, "batchnorm": ("", *BATCHNORM)}


class NotOne(Exception):  # noqa: N818 - the rest of a sentence
    """Why a file is none."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(N_(message, **values))


class Shelf:
    """Arrays by name, each looked at when it is taken: its kind, its shape, and what its numbers may be."""

    def __init__(self, arrays: dict[str, np.ndarray], prefix: str = "") -> None:
        self.arrays = {name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)}

    def take(self, name: str, *shape: int | None, kinds: str = "f") -> np.ndarray:
        """Return an array of this shape, None being any length."""
        found = self.arrays.get(name)
        if found is None:
            raise NotOne("it has no {name}", name=name)
        fits = len(found.shape) == len(shape) and all(
            w is None or w == n for w, n in zip(shape, found.shape, strict=True)
        )
        if not fits or found.dtype.kind not in kinds:
            raise NotOne(
                "its {name} is {type} {shape}, where {wanted} numbers belong",
                name=name,
                type=found.dtype,
                shape=found.shape,
                wanted=" x ".join("n" if n is None else f"{n:,}" for n in shape),
            )
        return found

    def numbers(self, name: str, *shape: int | None, low: float, high: float, given: bool = True) -> np.ndarray:
        """Return float64 numbers from `low` to `high`; where `given` is False, NaN for what was not given as well."""
        found = self.take(name, *shape).astype(np.float64)
        if not (((found >= low) & (found <= high)) | (np.isnan(found) & (not given))).all():
            raise NotOne("its {name} holds a number that cannot be", name=name)
        return found

    def parts(self, name: str, count: int, size: int) -> tuple[np.ndarray, ...]:
        """Return name.0, name.1, ..., together `count` rows of `size`."""
        found: list[np.ndarray] = []
        while f"{name}.{len(found)}" in self.arrays:
            found.append(self.take(f"{name}.{len(found)}", None, size))
        if sum(map(len, found)) != count:
            raise NotOne(
                "it has {found:,} {name}, where {count:,} belong", found=sum(map(len, found)), name=name, count=count
            )
        return tuple(found)


def recordings(arrays: dict[str, np.ndarray], words: dict[str, Any], held: bool) -> Recordings:
    """Return what a file's arrays and words are recordings of; `held` says whether with their weights."""
    weights, said = _weights(words.get("weights")), words.get("runs")
    if not isinstance(said, list) or not 1 <= len(said) <= MAX_RECORDINGS:
        raise NotOne("it does not hold 1 to {most} recordings", most=MAX_RECORDINGS)
    size = weights.size if held else 0
    plane = _plane(Shelf(arrays, "plane."), words["plane"], size) if words.get("plane") is not None else None
    runs = [_recording(Shelf(arrays, f"{i}."), entry, weights, held, plane) for i, entry in enumerate(said)]
    if len({run.label for run in runs}) < len(runs):
        raise NotOne("two of its recordings have one label")
    if words.get("sharpness") is not None:
        sharpness = _sharpness(Shelf(arrays, "sharpness."), words["sharpness"], runs)
        runs = [dataclasses.replace(run, sharpness=sharpness) for run in runs]
    return Recordings(tuple(runs))


def _recording(shelf: Shelf, said: Any, weights: Shapes, held: bool, plane: Plane | None) -> Recording:
    said = said if isinstance(said, dict) else {}
    losses = shelf.numbers("losses", None, low=-np.finfo(float).max, high=math.inf, given=False)
    steps = _rising(shelf.take("snapshot_steps", None, kinds="iu"), len(losses)) if held else np.zeros(0, np.int64)
    label, optimizer = said.get("label"), said.get("optimizer")
    if not _is_label(label):
        raise NotOne("its label is no text of at most {most} characters", most=2 * ECHO)
    if not _is_table(optimizer):
        raise NotOne("its optimizer is no table of numbers")
    statistics = [name for name in shelf.arrays if name.startswith("statistics.")]
    start = held and "start" in shelf.arrays
    return Recording(
        label=label,
        weights=weights,
        losses=losses,
        lrs=shelf.numbers("lrs", len(losses), low=0.0, high=np.finfo(float).max, given=False),
        accuracies=shelf.numbers("accuracies", len(losses), low=0.0, high=1.0, given=False),
        snapshot_steps=steps,
        parts=shelf.parts("snapshots", len(steps), weights.size) if held else (),
        start=shelf.take("start", weights.size).astype(np.float32) if start else None,
        statistics={name.removeprefix("statistics."): shelf.take(name, None) for name in statistics},
        optimizer=optimizer,
        scales=shelf.parts("scales", len(steps), weights.size) if held and "scales.0" in shelf.arrays else (),
        plane=plane,
    )


def _is_label(given: Any) -> bool:
    return isinstance(given, str) and len(given) <= 2 * ECHO


def _is_table(given: Any) -> bool:
    """Whether these are the numbers of an optimizer and the name of its class."""
    return isinstance(given, dict) and len(given) <= MAX_NUMBERS and all(map(_is_entry, given.values()))


def _is_entry(value: Any) -> bool:
    """Whether it is a short text or a number that can be written again: JSON has none that is not finite."""
    if isinstance(value, str):
        return len(value) <= ECHO and unicode(value)
    return isinstance(value, bool | int | float) and abs(value) <= LARGEST


def table(given: dict[str, Any]) -> dict[str, Any]:
    """Return what a file takes of an optimizer's numbers and the name of its class; a long text is cut."""
    cut = {name: short(v) if isinstance(v, str) else v for name, v in given.items() if _is_entry(name)}
    return dict(itertools.islice(((name, v) for name, v in cut.items() if _is_entry(v)), MAX_NUMBERS))


def _weights(given: Any) -> Shapes:
    """Names and shapes, none of them twice, none of them absurd."""
    try:
        names, shapes = zip(*((name, tuple(shape)) for name, shape in given), strict=True)
    except (TypeError, ValueError):
        raise NotOne("its weights are not a list of names and shapes") from None
    numbers = [n for shape in shapes for n in shape]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise NotOne("its weights are not named, or one is named twice")
    if not all(type(n) is int and 0 <= n <= 2**40 for n in numbers) or sum(map(math.prod, shapes)) > 2**40:
        raise NotOne("its weights have shapes that cannot be")
    return Shapes(names, shapes)


def _rising(steps: np.ndarray, last: int, of: str = N_("snapshots")) -> np.ndarray:
    steps = steps.astype(np.int64)
    if not len(steps) or steps[0] < 0 or steps[-1] > last or (steps[1:] <= steps[:-1]).any():
        raise NotOne("the steps of its {part} do not rise from 0 to at most {last:,}", part=of, last=last)
    return steps


def _labels(given: Any) -> list[str]:
    """Labels of runs, none of them twice."""
    texts = isinstance(given, list) and all(map(_is_label, given))
    if not texts or len(set(given)) < len(given) or len(given) > MAX_RUNS:
        raise NotOne("its plane does not say what it is")
    return given


def _plane(shelf: Shelf, said: Any, size: int) -> Plane:
    """The plane that was saved with recordings of `size` weights."""
    said = said if isinstance(said, dict) else {}
    labels, left_out = _labels(said.get("labels")), _labels(said.get("left_out"))
    typed = all(type(said.get(name)) is kind for name, kind in SAID.items())
    if not (labels and typed and all(said[name] in rows for name, rows in _ROWS.items())):
        raise NotOne("its plane does not say what it is")
    if not 0 <= said["digits"] <= MAX_EXAMPLES:
        raise NotOne("its plane does not say what it is")
    a, b = (shelf.numbers(name, None, low=-FAR, high=FAR) for name in ("a", "b"))
    if not all(len(axis) >= 2 and (np.diff(axis) > 0).all() for axis in (a, b)):
        raise NotOne("the axes of its plane do not rise")
    columns: dict[str, Any] = {
        "loss": shelf.take("loss", len(b), len(a)),
        "origin": shelf.take("origin", size) if size else np.zeros(0, np.float32),
        "axes": shelf.take("axes", 2, size) if size else np.zeros((2, 0), np.float32),
        **{name: shelf.numbers(name, 2, low=0.0, high=SHARE) for name in ("explained_variance", "random_walk")},
    }
    steps = [_rising(shelf.take(f"snapshot_steps.{i}", None, kinds="iu"), 10**12) for i in range(len(labels))]
    columns |= {name: _by_label(shelf, name, labels, steps) for name in BY_LABEL}
    return Plane(a=a, b=b, left_out=tuple(left_out), **{n: said[n] for n in SAID}, **columns)


def _by_label(shelf: Shelf, name: str, labels: list[str], steps: list[np.ndarray]) -> dict[str, np.ndarray]:
    """One column of the paths on a plane, by run."""
    if name == "snapshot_steps":
        return dict(zip(labels, steps, strict=True))
    names = [f"{name}.{i}" for i in range(len(labels))]
    if name == "coordinates":
        rows = [shelf.numbers(n, len(s), 2, low=-FAR, high=FAR) for n, s in zip(names, steps, strict=True)]
    elif name == "distances":
        rows = [shelf.numbers(n, len(s), low=0.0, high=FAR) for n, s in zip(names, steps, strict=True)]
    else:  # losses, of which one may be infinite
        rows = [shelf.take(n, len(s)) for n, s in zip(names, steps, strict=True)]
    return dict(zip(labels, rows, strict=True))


def _sharpness(shelf: Shelf, said: Any, runs: list[Recording]) -> Sharpness:
    """The sharpness that was saved with recordings: a row of eigenvalues a snapshot, of every one of them."""
    said = said if isinstance(said, dict) else {}
    formulas, examples = said.get("formulas"), said.get("examples")
    told = isinstance(formulas, list) and len(formulas) == len(runs) and all(f in ("", *FORMULAS) for f in formulas)
    known = said.get("over") in list(EXAMPLES) and said.get("batchnorm") in ("", *BATCHNORM)
    if not (told and known and type(examples) is int and 0 <= examples <= MAX_EXAMPLES):
        raise NotOne("its sharpness does not say what it is")
    labels = tuple(run.label for run in runs)
    curvatures = tuple(
        Curvature(run.label, words=words, **_curvature(shelf, i, len(run.losses)))
        for i, (run, words) in enumerate(zip(runs, formulas, strict=True))
    )
    return Sharpness(curvatures, kinds_of(labels), examples, said["batchnorm"], said["over"])


def _curvature(shelf: Shelf, i: int, last: int) -> dict[str, np.ndarray]:
    """The columns of the curvature along one run; NaN where a number is not known."""
    steps = _rising(shelf.take(f"steps.{i}", None, kinds="iu"), last, N_("sharpness"))
    count = shelf.take(f"eigenvalues.{i}", None, None).shape[1]
    if len(steps) > MAX_LOOKS or not 1 <= count <= MAX_EIGENVALUES:
        raise NotOne(
            "its sharpness is of {looks:,} snapshots and {count:,} eigenvalues; {most:,} and 1 to {more} are allowed",
            looks=len(steps), count=count, most=MAX_LOOKS, more=MAX_EIGENVALUES,
        )  # fmt: skip
    shapes = {name: (len(steps), count) if name == "eigenvalues" else (len(steps),) for name in OF_SHARPNESS}
    found = {
        name: shelf.numbers(f"{name}.{i}", *shape, low=-SHARP, high=SHARP, given=False)
        for name, shape in shapes.items()
    }
    return {"steps": steps, **found}
