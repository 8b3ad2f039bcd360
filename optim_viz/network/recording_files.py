"""Recordings as .safetensors files: arrays by name and a few words of JSON. Nothing is ever run or unpickled.

Arrays begin with the recording that they are of, "0.losses", and with "plane." or "sharpness." where they are the
plane's or the sharpness's. Without weights a file holds what is drawn and is small, however large the network.
"""

from __future__ import annotations

import dataclasses
import json
import re
import string
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.plane import Plane
from optim_viz.network.recording import Recording, Recordings, gathered, with_sharpness
from optim_viz.network.recording_parts import (
    BY_LABEL,
    CURVES,
    OF_PLANE,
    OF_SHARPNESS,
    OF_WEIGHTS,
    SAID,
    NotOne,
    recordings,
    table,
)
from optim_viz.spec import SpecError, ordinary, path_of, quoted

if TYPE_CHECKING:
    from torch.nn import Module

    from optim_viz.network.curvature import Sharpness

VERSION = 2
#: The most bytes of names, shapes and words: those of a network of ten thousand parameters take less.
MAX_HEADER = 4 * 2**20
#: Bytes of plain text: eight of them are no length of a header.
_TEXT = frozenset(string.printable.encode())
#: The arrays that a file without weights does without.
_HEAVY = re.compile(r"\d+\.(snapshots\.|scales\.|statistics\.|start$|snapshot_steps$).*|plane\.(origin|axes)")


def save(
    runs: Any,
    path: str | Path,
    plane: Plane | None = None,
    weights: bool = True,
    sharpness: Sharpness | None = None,
) -> None:
    """Write recordings and, where they are given, a plane through them and their sharpness; SpecError where it cannot.

    Arguments: `runs`, one recording or a list of at most 8 of the same weights; `weights`, whether to keep their
    snapshots, for `ov.project` and others: what the app's page Network shows needs none. `sharpness`, what
    `ov.sharpness` returned of them; of recordings that were loaded with theirs it is kept.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    path = path_of(path, "path")
    if not path.name.endswith(".safetensors"):
        raise SpecError("A recording's file ends in .safetensors; got {path}.", path=quoted(str(path)))
    if not (plane is None or isinstance(plane, Plane)):
        raise SpecError("plane is what ov.project returns; got {value}.", value=quoted(plane))
    arrays, text = _readable(with_sharpness(gathered(runs), sharpness), plane, weights, path.name)
    try:
        save_file(arrays, path, {"optim_viz": text})
    except (OSError, SafetensorError) as error:
        raise SpecError("{path} could not be written: {reason}.", path=quoted(str(path)), reason=error) from None


def packed(runs: Recordings, plane: Plane | None = None) -> bytes:
    """Return the file of recordings without their weights."""
    from safetensors.numpy import save as written

    arrays, text = _readable(runs, plane, False, "recording.safetensors")
    return written(arrays, {"optim_viz": text})


def _readable(runs: Recordings, plane: Plane | None, weights: bool, name: str) -> tuple[dict[str, np.ndarray], str]:
    """The arrays and the words of a file that can be read again; SpecError, before anything is written, for others."""
    arrays, words = contents(runs, plane, weights)
    try:
        text = json.dumps(words, allow_nan=False)
        _check_header(_header(arrays, text))
        recordings(arrays, _words(text), words["held"])
    except (NotOne, TypeError, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, NotOne) else N_("its words are no JSON")
        raise SpecError(
            "{file} is not written, for ov.load could not read it again: {why}.", file=quoted(name), why=why
        ) from None
    return arrays, text


def _header(arrays: dict[str, np.ndarray], text: str) -> int:
    """The bytes of a file's header; some more, as if every array were the last one."""
    end = sum(array.nbytes for array in arrays.values())
    entries = {name: {"dtype": "BF16", "shape": a.shape, "data_offsets": (end, end)} for name, a in arrays.items()}
    said = {"__metadata__": {"optim_viz": text}, **entries}
    return len(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()) + 8


def _check_header(size: int) -> None:
    if size > MAX_HEADER:
        raise NotOne("its header claims {size:,} bytes, of which {most:,} are allowed", size=size, most=MAX_HEADER)


def _words(text: str) -> Any:
    """What a text of JSON says; ValueError for half a character of two, which would break whoever writes it."""
    found = json.loads(text)
    json.dumps(found, ensure_ascii=False).encode()
    return found


def contents(runs: Recordings, plane: Plane | None, weights: bool) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays of a file by name, and its words."""
    held = weights and all(run.held for run in runs)
    arrays = {f"{i}.{name}": array for i, run in enumerate(runs) for name, array in _arrays(run).items()}
    words: dict[str, Any] = {
        "version": VERSION, "held": held,
        "weights": [*zip(runs.runs[0].weights.names, runs.runs[0].weights.shapes, strict=True)],
        "runs": [{"label": run.label, "optimizer": table(run.optimizer)} for run in runs],
    }  # fmt: skip
    if plane is not None:
        arrays |= {f"plane.{name}": array for name, array in _plane_arrays(plane).items()}
        words["plane"] = {name: getattr(plane, name) for name in ("labels", "left_out", *SAID)}
    if (found := runs.sharpness) is not None:
        for i, curvature in enumerate(found):
            arrays |= {f"sharpness.{name}.{i}": getattr(curvature, name) for name in ("steps", *OF_SHARPNESS)}
        said = {name: getattr(found, name) for name in ("examples", "batchnorm", "over")}
        words["sharpness"] = {**said, "formulas": [curvature.words for curvature in found]}
    kept = {name: array for name, array in arrays.items() if held or not _HEAVY.fullmatch(name)}
    return {name: np.ascontiguousarray(array) for name, array in kept.items()}, words


def _arrays(run: Recording) -> dict[str, np.ndarray]:
    arrays = {name: getattr(run, name) for name in (*CURVES, "snapshot_steps")}
    arrays |= {f"snapshots.{i}": part for i, part in enumerate(run.parts)}
    arrays |= {f"scales.{i}": part for i, part in enumerate(run.scales)}
    arrays |= {f"statistics.{name}": np.ravel(values) for name, values in run.statistics.items()}
    return arrays | ({"start": run.start} if run.start is not None else {})


def _plane_arrays(plane: Plane) -> dict[str, np.ndarray]:
    arrays = {name: getattr(plane, name) for name in (*OF_PLANE, *OF_WEIGHTS)}
    for name in BY_LABEL:
        arrays |= {f"{name}.{i}": getattr(plane, name)[label] for i, label in enumerate(plane.labels)}
    return arrays


def load(path: str | Path, model: Module | None = None) -> Recording | Recordings:
    """Return the recording in a file that `rec.save` or `ov.save` wrote; of several, all of them.

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
    path = path_of(path, "path")
    found = read(path, path.name)
    if model is not None:
        found.runs[0].weights.of(model)
    runs = tuple(dataclasses.replace(run, module=model) for run in found)
    return runs[0] if len(runs) == 1 else Recordings(runs)


def read(path: Path, name: str, weights: bool = True) -> Recordings:
    """Return the recordings in a file that is called `name`; without `weights`, what is drawn of them alone."""
    try:
        arrays, words = _read(path, weights)
        return recordings(arrays, words, weights and words.get("held") is True)
    except NotOne as error:
        raise SpecError("{file} is no recording of optim-viz: {why}.", file=quoted(name), why=str(error)) from None


def _read(path: Path, weights: bool) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The arrays of a file, which safetensors has checked against its length, and its words."""
    from safetensors import SafetensorError, safe_open

    try:
        with ordinary(path).open("rb") as file:
            first = file.read(8)
        if len(first) == 8 and all(byte in _TEXT for byte in first):
            raise NotOne("it begins with text, as no safetensors file does")
        _check_header(int.from_bytes(first, "little"))
        with safe_open(path, "np") as file:
            words = _words((file.metadata() or {}).get("optim_viz", "null"))
            names = [name for name in file.keys() if weights or not _HEAVY.fullmatch(name)]  # noqa: SIM118
            arrays = {name: file.get_tensor(name) for name in names}
    except OSError as error:
        raise SpecError(
            "{path} could not be read: {reason}.", path=quoted(str(path)), reason=error.strerror or error
        ) from None
    except (SafetensorError, TypeError, KeyError, AttributeError):
        raise NotOne("it is cut off, or no safetensors file") from None
    except (ValueError, RecursionError):
        raise NotOne("its words are no JSON") from None
    if not isinstance(words, dict) or words.get("version") != VERSION:
        raise NotOne("it does not say that it is one of version {version}", version=VERSION)
    return arrays, words
