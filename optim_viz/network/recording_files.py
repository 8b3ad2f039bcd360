"""Recordings as .safetensors files: arrays by name and a few words of JSON. Nothing is ever run or unpickled."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.module_weights import Shapes
from optim_viz.network.plane import BATCHNORM, EXAMPLES, KINDS, Plane
from optim_viz.network.recording import Recording
from optim_viz.spec import ECHO, SpecError, quoted

if TYPE_CHECKING:
    from torch.nn import Module

VERSION = 1
#: The most bytes of names, shapes and words: those of a network of ten thousand parameters take less.
MAX_HEADER = 4 * 2**20
#: Runs that a plane may show.
MAX_RUNS = 64
_CURVES = ("losses", "lrs", "accuracies")
_OF_PLANE = ("origin", "axes", "a", "b", "loss", "explained_variance", "random_walk")
_BY_LABEL = ("coordinates", "snapshot_steps", "distances", "true_losses", "plane_losses")


def save(recording: Recording, path: str | Path, plane: Plane | None = None) -> None:
    """Write a recording and, if there is one, a plane through it; SpecError where that is not possible."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    if not str(path).endswith(".safetensors"):
        raise SpecError("A recording's file ends in .safetensors; got {path}.", path=quoted(str(path)))
    if not (plane is None or isinstance(plane, Plane)):
        raise SpecError("plane is what ov.project returns; got {value}.", value=quoted(plane))
    arrays = {name: getattr(recording, name) for name in (*_CURVES, "snapshot_steps")}
    arrays |= {f"snapshots.{i}": part for i, part in enumerate(recording.parts)}
    arrays |= {f"scales.{i}": part for i, part in enumerate(recording.scales)}
    arrays |= {f"statistics.{name}": values for name, values in recording.statistics.items()}
    arrays |= {"start": recording.start} if recording.start is not None else {}
    words: dict[str, Any] = {
        "version": VERSION, "label": recording.label, "optimizer": recording.optimizer,
        "weights": [*zip(recording.weights.names, recording.weights.shapes, strict=True)],
    }  # fmt: skip
    if plane is not None:
        arrays |= _plane_arrays(plane)
        words["plane"] = {name: getattr(plane, name) for name in ("labels", "left_out", *_SAID)}
    try:
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        save_file(whole, path, {"optim_viz": json.dumps(words, allow_nan=False)})
    except (OSError, SafetensorError) as error:
        raise SpecError("{path} could not be written: {reason}.", path=quoted(str(path)), reason=error) from None


#: What a plane says in words and numbers, and the tables that its words are rows of.
_SAID = {"kind": str, "digits": int, "examples": str, "batchnorm": str}
_ROWS = {"kind": KINDS, "examples": EXAMPLES, "batchnorm": ("", *BATCHNORM)}


def _plane_arrays(plane: Plane) -> dict[str, np.ndarray]:
    arrays = {f"plane.{name}": getattr(plane, name) for name in _OF_PLANE}
    for name in _BY_LABEL:
        arrays |= {f"plane.{name}.{i}": getattr(plane, name)[label] for i, label in enumerate(plane.labels)}
    return arrays


def load(path: str | Path, model: Module | None = None) -> Recording:
    """Return the recording in a file that `save` wrote.

    Problem: a training that took a night is looked at in the morning, on another machine, by someone else.
    Arguments: `path`; `model`, the module that was recorded, for what has to compute its loss: a file has none.
    Raises SpecError, one sentence, where the file is no recording, is cut off, or its parts do not fit together.

    >>> import tempfile, torch
    >>> from optim_viz.network.recorder import record
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     record(torch.nn.Linear(2, 1), "sgd").save(f"{folder}/run.safetensors")
    ...     load(f"{folder}/run.safetensors")
    <Recording 'sgd': 0 steps of 3 weights, 1 snapshots>

    Reference: safetensors (Hugging Face, 2022): a header of JSON, then numbers; read here at most 4 MiB of it.
    """
    try:
        arrays, words = _read(Path(path))
        found = _recording(arrays, words)
    except _NotOne as error:
        raise SpecError(
            "{file} is no recording of optim-viz: {why}.", file=quoted(Path(path).name), why=str(error)
        ) from None
    except TypeError:
        raise SpecError("path is the path of a file; got {value}.", value=quoted(path)) from None
    if model is not None:
        found.weights.of(model)
    return dataclasses.replace(found, module=model)


class _NotOne(Exception):  # noqa: N818 - the rest of a sentence
    """Why a file is none."""

    def __init__(self, message: str, /, **values: object) -> None:
        super().__init__(N_(message, **values))


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file, which safetensors has checked against its length, and its words."""
    from safetensors import SafetensorError, safe_open

    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
        if header > MAX_HEADER:
            raise _NotOne(
                "its header claims {size:,} bytes, of which {most:,} are allowed", size=header, most=MAX_HEADER
            )
        with safe_open(path, "np") as file:
            words = json.loads((file.metadata() or {}).get("optim_viz", "null"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except OSError as error:
        raise SpecError(
            "{path} could not be read: {reason}.", path=quoted(str(path)), reason=error.strerror or error
        ) from None
    except (SafetensorError, TypeError, KeyError, AttributeError):
        raise _NotOne("it is cut off, or no safetensors file") from None
    except (ValueError, RecursionError):
        raise _NotOne("its words are no JSON") from None
    if not isinstance(words, dict) or words.get("version") != VERSION:
        raise _NotOne("it does not say that it is one of version {version}", version=VERSION)
    return arrays, words


class _Shelf:
    """Arrays by name, each looked at when it is taken: its kind, its shape, and what its numbers may be."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def take(self, name: str, *shape: int | None, kinds: str = "f") -> np.ndarray:
        """Return an array of this shape, None being any length."""
        found = self.arrays.get(name)
        if found is None:
            raise _NotOne("it has no {name}", name=name)
        fits = len(found.shape) == len(shape) and all(
            w is None or w == n for w, n in zip(shape, found.shape, strict=True)
        )
        if not fits or found.dtype.kind not in kinds:
            raise _NotOne(
                "its {name} is {type} {shape}, where {wanted} numbers belong",
                name=name,
                type=found.dtype,
                shape=found.shape,
                wanted=" x ".join("n" if n is None else f"{n:,}" for n in shape),
            )
        return found

    def parts(self, name: str, count: int, size: int) -> tuple[np.ndarray, ...]:
        """Return name.0, name.1, ..., together `count` rows of `size`."""
        found: list[np.ndarray] = []
        while f"{name}.{len(found)}" in self.arrays:
            found.append(self.take(f"{name}.{len(found)}", None, size))
        if sum(map(len, found)) != count:
            raise _NotOne(
                "it has {found:,} {name}, where {count:,} belong", found=sum(map(len, found)), name=name, count=count
            )
        return tuple(found)


def _recording(arrays: dict[str, np.ndarray], words: dict[str, Any]) -> Recording:
    shelf, weights = _Shelf(arrays), _weights(words.get("weights"))
    losses = shelf.take("losses", None).astype(np.float64)
    curves: dict[str, Any] = {name: shelf.take(name, len(losses)).astype(np.float64) for name in _CURVES}
    steps = _rising(shelf.take("snapshot_steps", None, kinds="iu"), len(losses))
    label, optimizer = words.get("label"), words.get("optimizer")
    if not isinstance(label, str) or len(label) > ECHO:
        raise _NotOne("its label is no text of at most {most} characters", most=ECHO)
    if not isinstance(optimizer, dict) or not all(isinstance(v, bool | int | float | str) for v in optimizer.values()):
        raise _NotOne("its optimizer is no table of numbers")
    return Recording(
        label=label,
        weights=weights,
        snapshot_steps=steps,
        parts=shelf.parts("snapshots", len(steps), weights.size),
        start=shelf.take("start", weights.size).astype(np.float32) if "start" in arrays else None,
        statistics={n.removeprefix("statistics."): shelf.take(n, None) for n in arrays if n.startswith("statistics.")},
        optimizer=optimizer,
        scales=shelf.parts("scales", len(steps), weights.size) if "scales.0" in arrays else (),
        plane=_plane(shelf, words["plane"], weights.size) if words.get("plane") is not None else None,
        **curves,
    )


def _weights(given: Any) -> Shapes:
    """Names and shapes, none of them twice, none of them absurd."""
    try:
        names, shapes = zip(*((name, tuple(shape)) for name, shape in given), strict=True)
    except (TypeError, ValueError):
        raise _NotOne("its weights are not a list of names and shapes") from None
    numbers = [n for shape in shapes for n in shape]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise _NotOne("its weights are not named, or one is named twice")
    if not all(type(n) is int and 0 <= n <= 2**40 for n in numbers) or sum(map(math.prod, shapes)) > 2**40:
        raise _NotOne("its weights have shapes that cannot be")
    return Shapes(names, shapes)


def _rising(steps: np.ndarray, last: int) -> np.ndarray:
    steps = steps.astype(np.int64)
    if not len(steps) or steps[0] < 0 or steps[-1] > last or (np.diff(steps) <= 0).any():
        raise _NotOne("the steps of its snapshots do not rise from 0 to at most {last:,}", last=last)
    return steps


def _labels(given: Any) -> list[str]:
    """Labels of runs, none of them twice."""
    texts = isinstance(given, list) and all(isinstance(v, str) and len(v) <= 2 * ECHO for v in given)
    if not texts or len(set(given)) < len(given) or len(given) > MAX_RUNS:
        raise _NotOne("its plane does not say what it is")
    return given


def _plane(shelf: _Shelf, said: Any, size: int) -> Plane:
    """The plane that was saved with a recording."""
    said = said if isinstance(said, dict) else {}
    labels, left_out = _labels(said.get("labels")), _labels(said.get("left_out"))
    typed = all(type(said.get(name)) is kind for name, kind in _SAID.items())
    if not (labels and typed and all(said[name] in rows for name, rows in _ROWS.items())):
        raise _NotOne("its plane does not say what it is")
    a, b = (shelf.take(f"plane.{name}", None).astype(np.float64) for name in ("a", "b"))
    shapes: dict[str, tuple[int, ...]] = {
        "origin": (size,), "axes": (2, size), "loss": (len(b), len(a)), "explained_variance": (2,), "random_walk": (2,)
    }  # fmt: skip
    columns: dict[str, Any] = {name: shelf.take(f"plane.{name}", *shape) for name, shape in shapes.items()}
    if not all(len(axis) >= 2 and np.isfinite(axis).all() and (np.diff(axis) > 0).all() for axis in (a, b)):
        raise _NotOne("the axes of its plane do not rise")
    rows = [shelf.take(f"plane.snapshot_steps.{i}", None, kinds="iu") for i in range(len(labels))]
    steps = [_rising(row, 10**12) for row in rows]
    for name in _BY_LABEL:
        wide = (2,) if name == "coordinates" else ()
        columns[name] = {
            label: s if name == "snapshot_steps" else shelf.take(f"plane.{name}.{i}", len(s), *wide)
            for i, (label, s) in enumerate(zip(labels, steps, strict=True))
        }
    return Plane(a=a, b=b, left_out=tuple(left_out), **{n: said[n] for n in _SAID}, **columns)
