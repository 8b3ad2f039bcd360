"""The digits that the network learns: the shipped 10,000, the full MNIST, or a file of the user's own."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.language import N_
from optim_viz.network import digit_files
from optim_viz.spec import SpecError, quoted

if TYPE_CHECKING:
    from optim_viz.network.training import Training

SHIPPED = Path(__file__).parents[1] / "data" / "mnist10k.npz"
TEST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits, split once and for all into what is learned and what is asked."""

    train_x: np.ndarray  # uint8 [n, 784], grey levels 0 to 255; the network sees them divided by 255
    train_y: np.ndarray  # uint8 [n], 0 to 9
    test_x: np.ndarray  # uint8 [m, 784]
    test_y: np.ndarray  # uint8 [m]
    title: str
    digest: str = ""  # of those that a file holds, which may hold others another day


def load(data: str = "") -> Digits:
    """Return the digits that a NetworkSpec names, split 80/20 by a permutation that never changes.

    Arguments: `data`, "" for the shipped 10,000 digits, "mnist" for MNIST's 60,000 training digits (fetched once from
    where OPTIM_VIZ_MNIST_URL says), or the path of an npz file (x uint8 [n, 784], y [n]) or of an IDX file of images
    with its labels beside it.
    Raises SpecError, one sentence that says what is wrong with the file.

    >>> load().train_x.shape, load().test_x.shape
    ((8000, 784), (2000, 784))

    Reference: LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition (1998).
    """
    if data in ("", "mnist"):
        return kept(data, ())
    version = digit_files.version_of(data)
    return kept(data, version) if version else _read(data)  # which says what is missing


@functools.lru_cache(maxsize=2)
def kept(data: str, version: tuple[object, ...]) -> Digits:
    """Return digits that stay in memory; those of a file for as long as it is this version of it."""
    return _read(data)


def loaded_for(training: Training) -> Digits:
    """Return the digits of a training, or raise a SpecError where its file holds others by now."""
    found = load(training.spec.data)
    if training.digest not in ("", found.digest):
        raise SpecError(
            "The digits in {path} have changed since this training: train again, or bring the old file back.",
            path=quoted(training.spec.data),
        )
    return found


def _read(data: str) -> Digits:
    if data == "mnist":
        return _split(*digit_files.mnist(), N_("MNIST, 60,000 digits"))
    x, y = digit_files.read(data or str(SHIPPED))
    if not data:
        return _split(x, y, N_("a 10,000-digit subset of MNIST"))
    digest = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    return _split(x, y, N_("{count:,} digits of your own", count=len(x)), digest)


def _split(x: np.ndarray, y: np.ndarray, title: str, digest: str = "") -> Digits:
    train, test = split_rows(len(x))
    return Digits(x[train], y[train], x[test], y[test], title, digest)


def split_rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of `count` digits are learned and which are asked, int64 each: the same split every time."""
    order = np.random.default_rng(0).permutation(count)
    test = round(count * TEST_SHARE)
    return order[test:], order[:test]
