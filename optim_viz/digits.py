"""The digits that the network learns: the shipped 10,000, or a file of the user's own in the same form."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SHIPPED = Path(__file__).parent / "data" / "mnist10k.npz"
PIXELS = 28 * 28
CLASSES = 10
TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits, split once and for all into what is learned and what is asked."""

    train_x: np.ndarray  # uint8 [n, 784], grey levels 0 to 255
    train_y: np.ndarray  # uint8 [n], 0 to 9
    test_x: np.ndarray  # uint8 [m, 784]
    test_y: np.ndarray  # uint8 [m]
    title: str = "a 10,000-digit subset of MNIST"


def split(x: np.ndarray, y: np.ndarray, title: str) -> Digits:
    """Split digits 80/20 by a permutation that never changes, so that everyone's test digits are the same."""
    order = np.random.default_rng(0).permutation(len(x))
    test = round(len(x) * TEST_SHARE)
    return Digits(x[order[test:]], y[order[test:]], x[order[:test]], y[order[:test]], title)


@functools.lru_cache(maxsize=2)
def load(data: str = "") -> Digits:
    """Return the digits that a NetworkSpec names.

    >>> load().train_x.shape, load().test_x.shape
    ((8000, 784), (2000, 784))
    """
    with np.load(SHIPPED, allow_pickle=False) as arrays:
        return split(arrays["x"], arrays["y"], Digits.title)
