"""Files of results that were computed beforehand: arrays called "number.column", and beside them the entries' keys."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "data"


@functools.cache
def _arrays(file: Path) -> dict[str, np.ndarray]:
    with np.load(file) as stored:
        return dict(stored)


def keys(file: Path) -> tuple[str, ...]:
    """Return the keys of a file's entries, in their order."""
    return tuple(_arrays(file)["keys"].tolist())


def part(file: Path, key: str, prefix: str = "") -> dict[str, np.ndarray] | None:
    """Return the arrays of an entry by name, of those that begin with `prefix` without it; None where there is none."""
    if key not in keys(file):
        return None
    prefix = f"{keys(file).index(key)}.{prefix}"
    return {name.removeprefix(prefix): values for name, values in _arrays(file).items() if name.startswith(prefix)}


def gathered(entries: Iterable[tuple[str, Mapping[str, np.ndarray]]]) -> dict[str, np.ndarray]:
    """Return the arrays of a file that holds these entries: a key and its arrays each.

    >>> [*gathered([("a", {"x": np.zeros(2)}), ("b", {"x": np.ones(2)})])]
    ['keys', '0.x', '1.x']
    """
    every = list(entries)
    named = {f"{i}.{name}": values for i, (_, arrays) in enumerate(every) for name, values in arrays.items()}
    return {"keys": np.array([key for key, _ in every])} | named


def write(file: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a file of such arrays."""
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
