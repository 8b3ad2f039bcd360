"""Digits from files: IDX and npz, checked before they are unpacked and never unpickled; and the full MNIST."""

from __future__ import annotations

import hashlib
import io
import logging
import math
import os
import struct
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import Any
from zlib import decompressobj
from zlib import error as ZlibError  # noqa: N812

import numpy as np
from numpy.lib import format as npy

from optim_viz import log
from optim_viz.language import N_
from optim_viz.spec import SpecError, ordinary, quoted, short

PIXELS, CLASSES = 28 * 28, 10
MIN_DIGITS, MAX_DIGITS = 100, 70_000
#: No file of digits is larger, packed or not.
MAX_BYTES = MAX_DIGITS * (PIXELS + 8) + 2**16
#: How an array of a zip file may begin, and the longest header of plain numbers; the bit of an encrypted file.
HEADERS: dict[tuple[int, int], Callable[..., Any]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}
MAX_HEADER, ENCRYPTED = 256, 1
#: How an entry of a zip file's table of contents begins, and the most of them that are read.
ENTRY, MAX_ENTRIES = b"PK\x01\x02", 100
#: What reading a zip file or the header of an array may end with; brackets alone bring the last four.
BROKEN = (
    *(zipfile.BadZipFile, ZlibError, EOFError, OSError, NotImplementedError, ValueError, OverflowError, TypeError),
    *(SyntaxError, TokenError, RecursionError, MemoryError),
)
#: What zlib calls gzip's format. One part is read: a file of a million empty ones would take a minute.
GZIP = 31
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


def names_of(path: str) -> list[Path]:
    """Return which files hold the digits of a path: one npz file, or IDX files of images and of labels.

    >>> [name.name for name in names_of("my-images-idx3-ubyte.gz")]
    ['my-images-idx3-ubyte.gz', 'my-labels-idx1-ubyte.gz']
    """
    main = Path(path)
    return [main] if main.suffix == ".npz" else [main, main.with_name(main.name.replace("images-idx3", "labels-idx1"))]


def version_of(path: str) -> tuple[object, ...]:
    """Return what changes where one of a path's files does, or another comes to be meant; () where one is missing."""
    try:
        known = [(name.stat(), name.resolve()) for name in names_of(path)]
    except (OSError, ValueError):  # reading it says why
        return ()
    return tuple((name, one.st_mtime_ns, one.st_size, one.st_dev, one.st_ino) for one, name in known)


def read(path: str) -> Arrays:
    """Return the digits of an npz file, or of an IDX file of images whose labels lie beside it."""
    try:
        files = {}
        for name in names_of(path):
            with ordinary(name).open("rb") as file:
                files[name.name] = file.read(MAX_BYTES + 1)
        return parse(files)
    except SpecError:
        raise
    except (OSError, ValueError) as error:  # no name of a file
        reason = getattr(error, "strerror", None) or error
        raise SpecError("The digits in {path} could not be read: {reason}.", path=quoted(path), reason=reason) from None


def parse(files: Mapping[str, bytes]) -> Arrays:
    """Return x uint8 [n, 784] and y uint8 [n] from the bytes of one npz file or of two IDX files (gzip or plain).

    Raises SpecError, one sentence about what is wrong, for anything but 100 to 70,000 digits of 28x28 grey levels.
    """
    named = [(short(name), content) for name, content in files.items()]
    for name, content in named:
        if len(content) > MAX_BYTES:
            raise SpecError(
                "{name} is too large: at most {size:.0f} MB hold {most:,} digits.",
                name=name,
                size=MAX_BYTES / 1e6,
                most=MAX_DIGITS,
            )
    if len(files) == 1 and next(iter(files)).endswith(".npz"):
        return _checked(*_npz(*named[0]))
    found = dict(_idx(name, content) for name, content in named) if len(named) == 2 else {}
    if set(found) != {IMAGES, LABELS}:
        raise SpecError("Digits come as one .npz file, or as two IDX files, one of images and one of labels.")
    return _checked(found[IMAGES], found[LABELS])


def _npz(name: str, content: bytes) -> Arrays:
    if content.count(ENTRY) > MAX_ENTRIES:
        raise SpecError(
            "{name} must hold two arrays, x and y; it holds over {most} files.", name=name, most=MAX_ENTRIES
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            held = archive.namelist()
            if not {"x.npy", "y.npy"} <= set(held):
                raise SpecError(
                    "{name} must hold two arrays, x and y; it holds {held}.",
                    name=name,
                    held=short(", ".join(held)) or N_("nothing"),
                )
            members = [archive.getinfo(part) for part in ("x.npy", "y.npy")]
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise SpecError(
                    "{name} unpacks to more than the {size:.0f} MB that {most:,} digits take.",
                    name=name,
                    size=MAX_BYTES / 1e6,
                    most=MAX_DIGITS,
                )
            x, y = (_npy(name, archive, member) for member in members)
            return x, y
    except SpecError:
        raise
    except BROKEN:
        raise _no_npz(name) from None


def _no_npz(name: str) -> SpecError:
    return SpecError("{name} is not an npz file of plain numbers.", name=name)


def _npy(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """Return one array of an archive. Its memory is taken only once the header is held to the bytes that follow it."""
    if member.flag_bits & ENCRYPTED:
        raise SpecError("{name} is encrypted: digits are read from open files.", name=name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # all that np.savez writes
        raise _no_npz(name)
    with archive.open(member) as file:
        content = io.BytesIO(file.read(MAX_BYTES + 1))
    version = npy.read_magic(content)
    if version not in HEADERS:
        raise _no_npz(name)
    shape, by_columns, dtype = HEADERS[version](content, max_header_size=MAX_HEADER)
    data = content.getbuffer()[content.tell() :]
    if dtype.hasobject or min(shape, default=0) < 0 or len(data) != math.prod(shape) * dtype.itemsize:
        raise _no_npz(name)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")


def _idx(name: str, content: bytes) -> tuple[int, np.ndarray]:
    """Return the kind (IMAGES or LABELS) and the array of an IDX file."""
    try:
        if content[:2] == b"\x1f\x8b":
            content = decompressobj(GZIP).decompress(content, MAX_BYTES + 1)
        kind, count = struct.unpack_from(">II", content)
        shape = (count, *struct.unpack_from(">II", content, 8)) if kind == IMAGES else (count,)
    except (ZlibError, struct.error):
        raise SpecError("{name} is not an IDX file.", name=name) from None
    if kind not in (IMAGES, LABELS):
        raise SpecError("{name} is not an IDX file of images or labels in bytes.", name=name)
    start, expected = 4 + 4 * len(shape), int(np.prod(shape, dtype=object))
    if len(content) - start != expected:
        raise SpecError(
            "{name} says that it holds {expected:,} bytes of data; it holds {count:,}.",
            name=name,
            expected=expected,
            count=len(content) - start,
        )
    return kind, np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _checked(x: np.ndarray, y: np.ndarray) -> Arrays:
    if x.dtype != np.uint8 or x.shape[1:] not in ((PIXELS,), (28, 28)):
        raise SpecError("x must be bytes [n, 784] or [n, 28, 28], grey levels 0 to 255; got {kind}.", kind=_kind(x))
    if y.dtype.kind not in "iu" or y.shape != x.shape[:1]:
        raise SpecError(
            "y must be one whole number for each of the {count:,} digits; got {kind}.", count=len(x), kind=_kind(y)
        )
    if not MIN_DIGITS <= len(x) <= MAX_DIGITS:
        raise SpecError(
            "There must be {least} to {most:,} digits; got {count:,}.", least=MIN_DIGITS, most=MAX_DIGITS, count=len(x)
        )
    if y.min() < 0 or y.max() >= CLASSES:
        raise SpecError("y must hold the digits 0 to 9; got {low} to {high}.", low=y.min(), high=y.max())
    return np.array(x).reshape(len(x), PIXELS), y.astype(np.uint8)


def _kind(array: np.ndarray) -> str:
    return short(f"{array.dtype} {list(array.shape)}")


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
            "The full MNIST is not here: set {variable} to the address of a folder with {names}.",
            variable=URL_VARIABLE,
            names=" and ".join(MNIST),
        )
    try:
        with urllib.request.urlopen(f"{base.rstrip('/')}/{name}", timeout=30) as answer:  # noqa: S310 (checked above)
            content = answer.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SpecError(
            "The full MNIST could not be fetched ({error}); the shipped digits need no network.", error=error
        ) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise SpecError(
            "{name} from {variable} is not MNIST's: its sha256 is another.", name=name, variable=URL_VARIABLE
        )
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
