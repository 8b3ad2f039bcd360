"""Lines as they are drawn: cut to a box, measured along, split into dashes; and the outlines of markers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Lengths of dashes and gaps in units of the line's width, by plotly's names; the player has the same.
DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dot": (1.1, 1.6),
    "dash": (3.6, 2.2),
    "longdash": (7.0, 2.6),
    "dashdot": (4.0, 1.8, 1.1, 1.8),
    "longdashdot": (7.0, 2.0, 1.1, 2.0),
}


def _ring(count: int, turn: float, scale: float = 1.0, inner: float = 0.0) -> np.ndarray:
    corners = 2 * count if inner else count
    angle = turn + np.arange(corners) * (2 * math.pi / corners)
    radius = np.where((np.arange(corners) % 2 == 1) & (inner > 0), inner, 1.0)
    return scale * np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


def _cross(turn: float) -> np.ndarray:
    a = 0.36
    corners = [(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a)]
    corners += [(-x, -y) for x, y in corners]
    c, s = math.cos(turn), math.sin(turn)
    return np.array(corners) @ np.array([[c, s], [-s, c]])


_UP = -math.pi / 2
#: Outlines in a unit circle, y down, by plotly's names; float64 [corners, 2].
MARKERS: dict[str, np.ndarray] = {
    "circle": _ring(28, 0.0),
    "square": _ring(4, math.pi / 4, 1.2),
    "diamond": _ring(4, 0.0, 1.12),
    "triangle-up": _ring(3, _UP, 1.15) + np.array([0.0, 0.15]),
    "triangle-down": _ring(3, -_UP, 1.15) - np.array([0.0, 0.15]),
    "pentagon": _ring(5, _UP),
    "hexagon": _ring(6, 0.0),
    "star": _ring(5, _UP, 1.18, 0.48),
    "cross": _cross(0.0),
    "x": _cross(math.pi / 4),
}


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of a line that lies in the box."""

    points: np.ndarray  # float64 [n, 2], px
    rows: np.ndarray  # float64 [n], which row of the whole line each is, with fractions where it was cut
    along: np.ndarray  # float64 [n], px drawn before it, all pieces together


def pieces(points: np.ndarray, width: float, height: float, room: float = 12.0) -> list[Piece]:
    """Cut a line to the box from (0, 0) to (width, height), with some room around it; NaN breaks the line.

    >>> [p.points.tolist() for p in pieces(np.array([[0.0, 5.0], [1e30, 5.0]]), 10, 10, room=0)]
    [[[0.0, 5.0], [10.0, 5.0]]]
    """
    if len(points) < 2:
        return []
    a, b = points[:-1], points[1:]
    low, high = np.array([-room, -room]), np.array([width + room, height + room])
    # How much of each segment, seen from either end, lies before it leaves the box: from the near end that is exact
    # even where the other end is at 1e300.
    out, back = _share(a, b, low, high), _share(b, a, low, high)
    outside = ((a < low) & (b < low)) | ((a > high) & (b > high))
    seen = np.where(back >= 1, out > 0, np.where(out >= 1, back > 0, out + back > 1))
    seen &= np.isfinite(a).all(1) & np.isfinite(b).all(1) & ~outside.any(1)
    numbers = np.flatnonzero(seen)
    breaks = (np.diff(numbers) > 1) | (out[numbers[:-1]] < 1) | (back[numbers[1:]] < 1)
    found, total = [], 0.0
    for part in np.split(numbers, np.flatnonzero(breaks) + 1):
        if part.size:
            first, last = part[0], part[-1]
            with np.errstate(over="ignore", invalid="ignore"):
                ends = b[first] + back[first] * (a[first] - b[first]), a[last] + out[last] * (b[last] - a[last])
            drawn = np.concatenate([[ends[0] if back[first] < 1 else a[first]], b[part[:-1]]])
            drawn = np.concatenate([drawn, [ends[1] if out[last] < 1 else b[last]]]).clip(low, high)
            rows = np.concatenate([[first + 1 - back[first]], part[:-1] + 1, [last + out[last]]])
            rows[0], rows[-1] = min(rows[0], np.nextafter(rows[1], -1.0)), max(rows[-1], np.nextafter(rows[-2], np.inf))
            along = total + np.append(0.0, np.hypot(*np.diff(drawn, axis=0).T).cumsum())
            total = float(along[-1])
            found.append(Piece(drawn, rows, along))
    return found


def _share(a: np.ndarray, b: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How far along each segment from `a` to `b`, 0 to 1, it is still on the near side of where it leaves the box."""
    with np.errstate(all="ignore"):
        limit = np.fmax((low - a) / (b - a), (high - a) / (b - a))
    return np.where(a == b, 1.0, limit).min(1).clip(0.0, 1.0)


#: Radius of a head, and of the triangle that stands for one outside, px.
HEAD, AWAY = 6.5, 6.0


def head(line: np.ndarray, row: int, marker: str, size: tuple[float, float]) -> np.ndarray | None:
    """Return the outline of a run's head at a row, float64 [corners, 2] px: its marker, where the run last was.

    Beyond the panel, whose `size` is (width, height), a triangle at the edge says which way it went.
    """
    sound = np.flatnonzero(np.isfinite(line[: row + 1]).all(1))
    if not sound.size:
        return None
    place, room = line[sound[-1]], np.array(size)
    if (place >= -1.0).all() and (place <= room + 1.0).all():
        return MARKERS[marker] * HEAD + place
    edge = place.clip(8.0, room - 8.0)
    x, y = place.clip(-1e9, 1e9) - edge
    away = math.atan2(y, x) + math.pi / 2
    turn = np.array([[math.cos(away), math.sin(away)], [-math.sin(away), math.cos(away)]])
    return MARKERS["triangle-up"] * AWAY @ turn + edge


def stretch(piece: Piece, start: float, end: float) -> Piece | None:
    """Return the part of a piece between two rows, or None."""
    start, end = max(start, float(piece.rows[0])), min(end, float(piece.rows[-1]))
    if end <= start:
        return None
    return _part(piece, piece.rows, start, end)


def _part(piece: Piece, scale: np.ndarray, start: float, end: float) -> Piece:
    """The part where `scale`, which rises along the piece, goes from `start` to `end`."""
    inside = slice(int(np.searchsorted(scale, start, "right")), int(np.searchsorted(scale, end, "left")))
    at = np.array([start, end])

    def cut(values: np.ndarray) -> np.ndarray:
        ends = np.interp(at, scale, values)
        return np.concatenate([ends[:1], values[inside], ends[1:]])

    x, y = piece.points.T
    return Piece(np.column_stack([cut(x), cut(y)]), cut(piece.rows), cut(piece.along))


def dashed(piece: Piece, dash: str, width: float) -> list[np.ndarray]:
    """Split a piece into its dashes, float64 [n, 2] each; they go on where the piece before it left off."""
    pattern = np.array(DASHES[dash]) * width
    if not pattern.size:
        return [piece.points]
    start, end, period = float(piece.along[0]), float(piece.along[-1]), float(pattern.sum())
    found = []
    for turn in range(int(start // period), int(end // period) + 1):
        edges = turn * period + np.append(0.0, pattern.cumsum())
        for on, off in zip(edges[:-1:2], edges[1::2], strict=True):
            a, b = max(float(on), start), min(float(off), end)
            if b > a:
                found.append(_part(piece, piece.along, a, b).points)
    return found
