"""Digits from files: IDX and npz, checked before they are unpacked and never unpickled; and the full MNIST."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import os
import struct
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path
from zlib import error as ZlibError  # noqa: N812

import numpy as np

from optim_viz import log
from optim_viz.spec import SpecError, quoted

PIXELS, CLASSES = 28 * 28, 10
MIN_DIGITS, MAX_DIGITS = 100, 70_000
#: No file of digits is larger, packed or not.
MAX_BYTES = MAX_DIGITS * (PIXELS + 8) + 2**16
#: The IDX headers of images and of labels.
IMAGES, LABELS = 0x803, 0x801

URL_VARIABLE = "OPTIM_VIZ_MNIST_URL"
CACHE_VARIABLE = "OPTIM_VIZ_CACHE"
#: The 60,000 training digits of MNIST: file and sha256.
MNIST = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
}

Arrays = tuple[np.ndarray, np.ndarray]  # x uint8 [n, 784], y uint8 [n]


def read(path: str) -> Arrays:
    """Return the digits of an npz file, or of an IDX file of images whose labels lie beside it."""
    main = Path(path)
    names = [main] if main.suffix == ".npz" else [main, main.with_name(main.name.replace("images-idx3", "labels-idx1"))]
    try:
        files = {}
        for name in names:
            with name.open("rb") as file:
                files[name.name] = file.read(MAX_BYTES + 1)
        return parse(files)
    except OSError as error:
        raise SpecError(f"The digits in {quoted(path)} could not be read: {error.strerror or error}.") from None


def parse(files: Mapping[str, bytes]) -> Arrays:
    """Return x uint8 [n, 784] and y uint8 [n] from the bytes of one npz file or of two IDX files (gzip or plain).

    Raises SpecError, one sentence about what is wrong, for anything but 100 to 70,000 digits of 28x28 grey levels.
    """
    for name, content in files.items():
        if len(content) > MAX_BYTES:
            raise SpecError(f"{name} is too large: at most {MAX_BYTES / 1e6:.0f} MB hold {MAX_DIGITS:,} digits.")
    if len(files) == 1 and next(iter(files)).endswith(".npz"):
        return _checked(*_npz(*next(iter(files.items()))))
    found = dict(_idx(name, content) for name, content in files.items())
    if set(found) != {IMAGES, LABELS}:
        raise SpecError("Digits come as one .npz file, or as two IDX files, one of images and one of labels.")
    return _checked(found[IMAGES], found[LABELS])


def _npz(name: str, content: bytes) -> Arrays:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        if not {"x.npy", "y.npy"} <= set(sizes):
            raise SpecError(f"{name} must hold two arrays, x and y; it holds {', '.join(sizes) or 'nothing'}.")
        if sizes["x.npy"] + sizes["y.npy"] > MAX_BYTES:
            raise SpecError(
                f"{name} unpacks to more than the {MAX_BYTES / 1e6:.0f} MB that {MAX_DIGITS:,} digits take."
            )
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return arrays["x"], arrays["y"]
    except SpecError:
        raise
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, ZlibError, NotImplementedError):
        raise SpecError(f"{name} is not an npz file of plain numbers.") from None


def _idx(name: str, content: bytes) -> tuple[int, np.ndarray]:
    """Return the kind (IMAGES or LABELS) and the array of an IDX file."""
    try:
        if content[:2] == b"\x1f\x8b":
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(MAX_BYTES + 1)
        kind, count = struct.unpack_from(">II", content)
        shape = (count, *struct.unpack_from(">II", content, 8)) if kind == IMAGES else (count,)
    except (OSError, EOFError, ZlibError, struct.error):
        raise SpecError(f"{name} is not an IDX file.") from None
    if kind not in (IMAGES, LABELS):
        raise SpecError(f"{name} is not an IDX file of images or labels in bytes.")
    start, expected = 4 + 4 * len(shape), int(np.prod(shape, dtype=object))
    if len(content) - start != expected:
        raise SpecError(f"{name} says that it holds {expected:,} bytes of data; it holds {len(content) - start:,}.")
    return kind, np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _checked(x: np.ndarray, y: np.ndarray) -> Arrays:
    if x.dtype != np.uint8 or x.shape[1:] not in ((PIXELS,), (28, 28)):
        raise SpecError(
            f"x must be bytes [n, 784] or [n, 28, 28], grey levels 0 to 255; got {x.dtype} {list(x.shape)}."
        )
    if y.dtype.kind not in "iu" or y.shape != x.shape[:1]:
        raise SpecError(f"y must be one whole number for each of the {len(x):,} digits; got {y.dtype} {list(y.shape)}.")
    if not MIN_DIGITS <= len(x) <= MAX_DIGITS:
        raise SpecError(f"There must be {MIN_DIGITS} to {MAX_DIGITS:,} digits; got {len(x):,}.")
    if y.min() < 0 or y.max() >= CLASSES:
        raise SpecError(f"y must hold the digits 0 to 9; got {y.min()} to {y.max()}.")
    return np.array(x).reshape(len(x), PIXELS), y.astype(np.uint8)


def mnist() -> Arrays:
    """Return the 60,000 training digits of MNIST from the cache, or from the folder that OPTIM_VIZ_MNIST_URL names.

    Raises SpecError when there is no such folder, no network, or a file with another sha256 than MNIST's.
    """
    return parse({name: _fetched(name, digest) for name, digest in MNIST.items()})


def _fetched(name: str, digest: str) -> bytes:
    path = cache() / name
    try:
        content = path.read_bytes()
    except OSError:  # not there, or not ours to read: it can be fetched again
        content = b""
    if hashlib.sha256(content).hexdigest() == digest:
        return content
    base = os.environ.get(URL_VARIABLE, "")
    if not base.startswith(("https://", "http://")):
        raise SpecError(
            f"The full MNIST is not here: set {URL_VARIABLE} to the address of a folder with {' and '.join(MNIST)}."
        )
    try:
        with urllib.request.urlopen(f"{base.rstrip('/')}/{name}", timeout=30) as answer:  # noqa: S310 (checked above)
            content = answer.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SpecError(f"The full MNIST could not be fetched ({error}); the shipped digits need no network.") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise SpecError(f"{name} from {URL_VARIABLE} is not MNIST's: its sha256 is another.")
    try:
        write(path, content)
    except OSError as error:
        log.event("cache", logging.WARNING, ended=error.strerror)  # it serves this once, and is fetched again next time
    return content


def cache() -> Path:
    """Return the folder for files that are kept between runs: OPTIM_VIZ_CACHE, or ~/.cache/optim-viz."""
    return Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "optim-viz")


def write(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
