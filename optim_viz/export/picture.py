"""A scene as one picture of two panels, ready to be drawn: boxes, ticks, colours and lines in px, no drawing library.

What draws it (raster.py with Pillow, svg.py as text) knows nothing of scenes or experiments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.player.scenes import Scene

WIDTH, HEIGHT = 960, 480
#: Room left of each panel for its axis.
_LEFT = 72.0
#: Colours of a slide: page, text, quiet text, lines of axes, and the surface from low to high.
PAPER, INK, MUTED, RULE = "#ffffff", "#262b33", "#5c6470", "#c9ced6"
_SURFACE = ("#fdfdfb", "#e9eff3", "#cbd9e4", "#a9c0d3", "#8fabc4")
_STOPS = (0.0, 0.3, 0.6, 0.85, 1.0)
_LINE = 0.82  # a contour line is this much darker than the band below it
BANDS = 18
#: Rows of a run that are drawn; of longer ones, evenly spread.
MAX_ROWS = 3000
#: On a log axis nothing is shown further below the top than this factor, and a run may rise so far above every start.
_DEEPEST, _HIGHEST, _HIGHEST_LINEAR = 1e-18, 1e3, 1.6


@dataclass(frozen=True)
class Look:
    """How one run is drawn, by the names of optim_viz.export.lines."""

    label: str
    color: str
    dash: str
    marker: str


@dataclass(frozen=True)
class Box:
    """A rectangle in px."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Axis:
    """One axis: its title, and where its ticks are, px from the panel's left or top."""

    title: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True, eq=False)
class Panel:
    """One plot; all positions but the box's own are px from its left and top."""

    box: Box
    title: str
    x: Axis
    y: Axis
    lines: tuple[np.ndarray, ...]  # float64 [rows, 2] of every run; NaN where there is nothing
    ground: np.ndarray | None = None  # uint8 [h, w, 3], the surface, at twice the box's resolution
    minima: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """Everything that is drawn; a frame is a row, from 0 to `rows` - 1."""

    looks: tuple[Look, ...]
    panels: tuple[Panel, ...]
    rows: int
    counts: tuple[str, ...]  # what is said of every row, such as "step 12"


def picture(scene: Scene) -> Picture:
    """Return the first two panels of a scene side by side.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.player.scenes import compare
    >>> p = picture(compare(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20)))
    >>> p.rows, p.counts[-1], p.panels[0].lines[0].shape
    (21, 'step 20', (21, 2))
    """
    data = scene.data
    kept = np.unique(np.linspace(0, data["frames"] - 1, min(MAX_ROWS, data["frames"])).round().astype(int))
    tracks = [_columns(track, scene.blobs) for track in data["tracks"]]
    tracks = [{name: values[kept] for name, values in track.items()} for track in tracks]
    looks = tuple(Look(t["label"], t["color"]["light"], t["dash"], t["marker"]) for t in data["tracks"])
    values = data["frame_values"]
    counts = tuple(f"{data['frame_title']} {values[i] if values else i:,}" for i in kept)
    shown, bottom = data["panels"][:2], 52.0
    top = 58.0 + legend_places(looks)[-1][1]
    width = (WIDTH - _LEFT * len(shown) - 24.0) / len(shown)
    panels = []
    for i, panel in enumerate(shown):
        box = Box(_LEFT + i * (width + _LEFT), top, width, HEIGHT - top - bottom)
        draw = _plane if panel["kind"] == "plane" else _curve
        panels.append(draw(panel, box, tracks, scene.blobs, kept))
    return Picture(looks, tuple(panels), len(kept), counts)


def legend_width(look: Look) -> float:
    """About how many px an entry of the legend takes."""
    return 66.0 + 8.2 * len(look.label)


def legend_places(looks: tuple[Look, ...]) -> list[tuple[float, float]]:
    """Return where each entry of the legend begins, px; its first line leaves room for the words that count rows."""
    x, y, found = 24.0, 24.0, []
    for look in looks:
        if x > 24.0 and x + legend_width(look) > WIDTH - (230.0 if y < 30.0 else 24.0):
            x, y = 24.0, y + 20.0
        found.append((x, y))
        x += legend_width(look)
    return found


def _columns(track: dict[str, Any], blobs: dict[str, bytes]) -> dict[str, np.ndarray]:
    """A track's numbers by name, float64 [frames]."""
    numbers = np.frombuffer(blobs[track["blob"]], "<f4").astype(float)
    found = {}
    for name, (offset, count, *times) in track["columns"].items():
        column = numbers[offset : offset + count]
        found[name] = np.repeat(column, times[0]) if times else column
    return found


def _plane(panel: dict[str, Any], box: Box, tracks: list[Any], blobs: dict[str, bytes], kept: np.ndarray) -> Panel:
    x0, x1, y0, y1 = panel["bounds"]
    across, up = box.width / (x1 - x0), box.height / (y1 - y0)

    def place(x: Any, y: Any) -> Any:
        return (np.asarray(x) - x0) * across, (y1 - np.asarray(y)) * up

    grid = np.frombuffer(blobs[panel["surface"]["blob"]], "<f4").astype(float)
    grid = grid.reshape(panel["surface"]["ny"], panel["surface"]["nx"])
    return Panel(
        box,
        panel["title"],
        Axis(panel["x_title"], tuple((float(place(t, 0)[0]), words) for t, words in ticks(x0, x1))),
        Axis(panel["y_title"], tuple((float(place(0, t)[1]), words) for t, words in ticks(y0, y1))),
        tuple(np.column_stack(place(t[panel["x"]], t[panel["y"]])) if panel["x"] in t else _nothing(t) for t in tracks),
        ground(grid, panel["scale"] == "log", (round(2 * box.width), round(2 * box.height))),
        tuple((float(x), float(y)) for x, y in (place(*m) for m in panel["minima"])),
    )


def _nothing(track: dict[str, np.ndarray]) -> np.ndarray:
    return np.full((len(next(iter(track.values()))), 2), np.nan)


def _curve(panel: dict[str, Any], box: Box, tracks: list[Any], blobs: dict[str, bytes], kept: np.ndarray) -> Panel:
    ys = [np.where(np.isfinite(t[panel["y"]]), t[panel["y"]], np.nan) for t in tracks]
    xs = [t[panel["x"]] if panel["x"] else kept.astype(float) for t in tracks]
    log = bool(panel["log"]) and any((y > 0).any() for y in ys)
    low, high = curve_range(ys, log, bool(panel.get("rising")))
    left, right = float(xs[0][0]), float(max(xs[0][-1], xs[0][0] + 1))

    def height(y: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return (high - (np.log10(np.where(y > 0, y, np.nan)) if log else y)) / (high - low) * box.height

    across = box.width / ((right - left) * 1.03)
    start = left - (right - left) * 0.015
    marks = log_ticks(low, high) if log else [(t, w) for t, w in ticks(low, high)]
    upright = tuple((float((high - t) / (high - low) * box.height), words) for t, words in marks)
    return Panel(
        box,
        panel["title"],
        Axis(panel["x_title"], tuple(((t - start) * across, words) for t, words in ticks(left, right))),
        Axis(panel["y_title"], upright),
        tuple(np.column_stack([(x - start) * across, height(y)]) for x, y in zip(xs, ys, strict=True)),
    )


def curve_range(series: list[np.ndarray], log: bool, rising: bool = False) -> tuple[float, float]:
    """Return the lowest and highest value to show (log10 on a log axis): one diverged run must not flatten the others.

    >>> curve_range([np.array([1.0, 0.1]), np.array([1.0, 1e30])], log=True)
    (-1.5, 3.5)
    """
    sound = [s[np.isfinite(s)] for s in series]
    sound = [s for s in sound if s.size]
    if not sound:
        return 0.0, 1.0
    values = np.concatenate(sound)
    starts, calmest = [float(s[0]) for s in sound], min(float(s.max()) for s in sound)
    usual = max(*starts, calmest)
    low, high = float(values.min()), float(values.max())
    if log:
        high = min(high, usual * _HIGHEST) if usual > 0 else high
        low = max(float(values[values > 0].min()), high * _DEEPEST)
        return _round_out(math.log10(min(low, high)), math.log10(high), 0.5)
    if not rising:
        high = min(high, low + (usual - low) * _HIGHEST_LINEAR)
    span = high - low or abs(high) or 1.0
    bottom, top = _round_out(low, low + span, nice_step(span) / 2)
    return (-0.03 * top, top) if low >= 0 >= bottom else (bottom, top)


def _round_out(low: float, high: float, step: float) -> tuple[float, float]:
    room = max((high - low) * 0.03, step * 0.1)
    return math.floor((low - room) / step) * step, math.ceil((high + room) / step) * step


def nice_step(span: float, count: int = 5) -> float:
    """Return 1, 2 or 5 times a power of ten, about a `count`-th of `span`.

    >>> nice_step(4.0), nice_step(500.0)
    (1.0, 100.0)
    """
    raw = abs(span) / count or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    lead = raw / power
    return float(f"{next(n for limit, n in ((1.5, 1), (3.5, 2), (7.5, 5), (99, 10)) if lead < limit) * power:.3g}")


def ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return round values from `low` to `high` and their words.

    >>> [words for _, words in ticks(-2.0, 2.0)]
    ['-2', '-1', '0', '1', '2']
    """
    step = nice_step(high - low)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(i * step, f"{i * step:,.10g}" if abs(i * step) < 1e5 else f"{i * step:g}") for i in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return round values between two powers of ten, as log10, and their words.

    >>> [words for _, words in log_ticks(-6.0, 2.0)]
    ['1e-6', '1e-4', '0.01', '1', '100']
    """
    every = max(1, math.ceil((high - low) / 7))
    powers = [p for p in range(math.ceil(low), math.floor(high) + 1) if p % every == 0]
    if len(powers) > 1:
        return [(p, f"{10.0**p:g}" if -3 <= p <= 4 else f"1e{p}") for p in powers]
    found = [(math.log10(d) + p, float(f"{d}e{p}")) for p in range(math.floor(low), math.ceil(high)) for d in (1, 2, 5)]
    return [(at, f"{value:g}") for at, value in found if low <= at <= high]


def ground(grid: np.ndarray, log: bool, size: tuple[int, int]) -> np.ndarray:
    """Return the surface as bands of colour with a line between any two, uint8 [height, width, 3], top row first.

    Arguments: `grid`, values on the plane, float64 [ny, nx], lowest row first, NaN where there is none; `log`, whether
    the height above the lowest value is told apart by its logarithm; `size`, (width, height) in px.
    """
    from PIL import Image

    known = np.isfinite(grid)
    if not known.any():
        return np.full((size[1], size[0], 3), 240, np.uint8)
    low, high = float(grid[known].min()), float(grid[known].max())
    # Between two points the raw values are smooth where their logarithm is not, so it is they that are interpolated.
    image = Image.fromarray(np.where(known, grid - low, high - low)[::-1].astype(np.float32))
    # The grid's outermost points lie on the edge, not half a cell inside of it.
    cells = (0.5, 0.5, grid.shape[1] - 0.5, grid.shape[0] - 0.5)
    fine = np.asarray(image.resize(size, Image.Resampling.BICUBIC, cells), float).clip(0.0, high - low)
    if log:
        # The lowest point of a grid is an accident of the grid: below the lowest percent, all is "at the bottom".
        floor = max((high - low or 1.0) * 1e-7, float(np.quantile(grid[known], 0.01)) - low)
        fine = np.log10(fine + floor)
    span = float(np.ptp(fine)) or 1.0
    level = ((fine - fine.min()) / span * (BANDS - 1e-6)).astype(int)
    shade = _shades()[level]
    edge = np.zeros(level.shape, bool)
    edge[:, 1:] |= level[:, 1:] != level[:, :-1]
    edge[1:] |= level[1:] != level[:-1]
    shade[edge] = (shade[edge] * _LINE).astype(np.uint8)
    hole = Image.fromarray((~known[::-1]).astype(np.uint8)).resize(size, Image.Resampling.NEAREST, cells)
    shade[np.asarray(hole) > 0] = 236
    return shade


def _shades() -> np.ndarray:
    """The colour of every band, uint8 [BANDS, 3]."""
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in _SURFACE])
    at = np.linspace(0.0, 1.0, BANDS)
    return np.column_stack([np.interp(at, _STOPS, stops[:, c]) for c in range(3)]).round().astype(np.uint8)
