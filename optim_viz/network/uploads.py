"""A visitor's own digits, kept as a file among a bounded number of others."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from optim_viz.network.digit_files import cache, parse, write
from optim_viz.settings import limit
from optim_viz.spec import SpecError


def keep(files: Mapping[str, bytes]) -> str:
    """Check uploaded files, keep their digits in the cache under the hash of their content, and return the path.

    The cache may be deleted at any time; beyond the setting disk_mb the uploads that were longest unused are dropped.
    Raises SpecError where the files are not digits, and where the cache cannot be written.
    """
    x, y = parse(files)
    name = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()[:32]
    path = cache() / f"digits-{name}.npz"
    try:
        if path.exists():
            path.touch()
        else:
            packed = io.BytesIO()
            np.savez_compressed(packed, x=x, y=y)
            write(path, packed.getvalue())
            _drop_oldest(path)
    except OSError as error:
        raise SpecError(
            "These digits cannot be kept on this server just now ({reason}).", reason=error.strerror or error
        ) from None
    return str(path)


def _drop_oldest(newest: Path) -> None:
    """Delete uploads, the longest unused first, until the rest is within the budget; never `newest`."""
    others = [(file.stat(), file) for file in newest.parent.glob("digits-*.npz") if file != newest]
    total = newest.stat().st_size + sum(stat.st_size for stat, _ in others)
    for stat, file in sorted(others, key=lambda pair: pair[0].st_mtime):
        if total <= limit("disk_mb") * 2**20:
            return
        file.unlink(missing_ok=True)
        total -= stat.st_size
