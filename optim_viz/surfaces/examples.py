"""The DATASETS table: the examples of finite-sum surfaces, made once from a fixed seed.

Each example is a row (u, v); the surface's loss is the mean of its expression over the examples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

EXAMPLES = 24  # splits evenly into mini-batches of 1, 2, 3, 4, 6, 8 and 12


def _line(random: np.random.Generator) -> np.ndarray:
    """A noisy line: v = 1 + u / 2 + noise, u from -1 to 3."""
    u = np.linspace(-1.0, 3.0, EXAMPLES)
    return np.column_stack([u, 1.0 + 0.5 * u + random.normal(0.0, 0.6, EXAMPLES)])


def _classes(random: np.random.Generator) -> np.ndarray:
    """Two overlapping classes: v is 1 with the probability that a logistic curve in u gives, else -1."""
    u = np.linspace(-3.0, 3.0, EXAMPLES)
    chance = 1.0 / (1.0 + np.exp(-(0.8 + 1.5 * u)))
    return np.column_stack([u, np.where(random.random(EXAMPLES) < chance, 1.0, -1.0)])


#: name -> the examples' maker, float64 [EXAMPLES, 2] from a seeded generator.
DATASETS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {"line": _line, "classes": _classes}


@functools.cache
def examples(name: str) -> np.ndarray:
    """Return a data set's examples, float64 [24, 2]: columns u and v; the same on every call and machine.

    >>> examples("line").shape
    (24, 2)
    """
    rows = np.round(DATASETS[name](np.random.default_rng(20)), 3)  # three digits: short enough to print in full
    rows.setflags(write=False)
    return rows
