"""What stands still in a panel: its axes, its surface, and which part of the curves is shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.figures.ticks import log_ticks
from optim_viz.player.scenes import Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#262b33"
Columns = list[dict[str, np.ndarray]]
#: The surface from low to high, and where there is none.
_COLORS = ((0.0, "#fdfdfb"), (0.3, "#e9eff3"), (0.6, "#cbd9e4"), (0.85, "#a9c0d3"), (1.0, "#8fabc4"))
_HOLE = "#ececec"
#: A loss of one weight.
_LINE = "#5c6470"
_BANDS = 18
_DARKER = 0.82  # a contour line beside the band below it
_FINER = 4  # points drawn for one of the grid's
#: On a log axis nothing is shown further below the top than this factor, and a run may rise so far above every start.
_DEEPEST, _HIGHEST, _HIGHEST_LINEAR = 1e-18, 1e3, 1.6
#: Round steps of linear axes.
_TICKS: dict[str, Any] = {"nbins": 7, "steps": [1, 2, 5, 10]}


def lines(axes: Axes, panel: dict[str, Any], scene: Scene, kept: np.ndarray) -> np.ndarray:
    """Draw what stands still; return where every run is at the rows `kept`, float64 [runs, rows, 2], or NaN."""
    tracks = [_columns(track, scene.blobs, kept) for track in scene.data["tracks"]]
    axes.set_title(panel["title"], pad=7)
    axes.set(xlabel=panel["x_title"], ylabel=panel["y_title"])
    return _DRAWN[panel["kind"]](axes, panel, scene, tracks)


def _columns(track: dict[str, Any], blobs: dict[str, bytes], kept: np.ndarray) -> dict[str, np.ndarray]:
    """A track's numbers by name, float64 [rows], beside the numbers of the rows themselves."""
    numbers = np.frombuffer(blobs[track["blob"]], "<f4").astype(float)
    found = {"row": kept.astype(float)}
    for name, (offset, count, *times) in track["columns"].items():
        found[name] = np.repeat(numbers[offset : offset + count], times[0] if times else 1)[kept]
    return found


def _plane(axes: Axes, panel: dict[str, Any], scene: Scene, tracks: Columns) -> np.ndarray:
    x0, x1, y0, y1 = panel["bounds"]
    grid = np.frombuffer(scene.blobs[panel["surface"]["blob"]], "<f4").astype(float)
    surface(axes, grid.reshape(panel["surface"]["ny"], -1), panel["scale"] == "log", panel["bounds"])
    axes.set(xlim=(x0, x1), ylim=(y0, y1))
    axes.locator_params(**_TICKS)
    for (x, y), lowest in zip(panel["minima"], panel.get("lowest", [True] * len(panel["minima"])), strict=True):
        axes.plot(x, y, "*", color=INK, markerfacecolor=INK if lowest else "white", markersize=17)
    nowhere = tracks[0]["row"] * np.nan
    return np.array([[t.get(panel["x"], nowhere), t.get(panel["y"], nowhere)] for t in tracks]).transpose(0, 2, 1)


def surface(axes: Axes, grid: np.ndarray, log: bool, bounds: tuple[float, float, float, float]) -> None:
    """Draw a surface as bands of colour with a line between any two; in SVG it is an image.

    Arguments: `grid`, values on the plane, float64 [ny, nx], lowest row first, NaN where there is none; `log`, whether
    the height above the lowest value is told apart by its logarithm; `bounds`, those of x and of y.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from PIL import Image

    axes.set_facecolor(_HOLE)
    axes.set_rasterization_zorder(0)
    known = np.isfinite(grid)
    if not known.any():
        return
    low, high = float(grid[known].min()), float(grid[known].max())
    size = [_FINER * (n - 1) + 1 for n in grid.shape[::-1]]
    # The middles of the outermost pixels stay where they are.
    cells = (0.5 - 0.5 / _FINER,) * 2 + tuple(n - 0.5 + 0.5 / _FINER for n in grid.shape[::-1])
    # Between two points the raw values are smooth where their logarithm is not, so it is they that are interpolated.
    unit = math.ldexp(1.0, math.frexp(high - low)[1] - 1)  # a power of two: float32 overflows, and no digit is lost
    raw = Image.fromarray((np.where(known, grid - low, high - low) / unit).astype(np.float32))
    fine = (np.asarray(raw.resize(size, Image.Resampling.BICUBIC, cells), float) * unit).clip(0.0, high - low)
    if log:
        # The lowest point of a grid is an accident of the grid: below the lowest percent, all is "at the bottom".
        floor = max((high - low or 1.0) * 1e-7, float(np.quantile(grid[known], 0.01)) - low)
        fine = np.log10(fine + floor)
    holes = np.asarray(Image.fromarray((~known).astype(np.uint8)).resize(size, Image.Resampling.NEAREST, cells)) > 0
    across, up = np.linspace(*bounds[:2], size[0]), np.linspace(*bounds[2:], size[1])
    levels = np.linspace(fine.min(), fine.max() + 1e-6 * (float(np.ptp(fine)) or 1.0), _BANDS + 1)
    colors = LinearSegmentedColormap.from_list("surface", _COLORS)(np.linspace(0.0, 1.0, _BANDS))
    drawn = across, up, np.ma.masked_array(fine, holes)
    axes.contourf(*drawn, levels, colors=colors, antialiased=False, zorder=-2)
    axes.contour(*drawn, levels[1:-1], colors=colors[:-1] * (*[_DARKER] * 3, 1.0), linewidths=0.5, zorder=-1)


def _curve(axes: Axes, panel: dict[str, Any], scene: Scene, tracks: Columns) -> np.ndarray:
    beside = panel.get("lines", [])  # what is drawn thin beside every run's curve
    names = (panel["x"] or "row", panel["y"], *beside)
    found = np.array([[t[name] for name in names] for t in tracks])
    found[:, 1:][~np.isfinite(found[:, 1:])] = np.nan
    ys = found[:, 1]
    log = bool(panel["log"]) and bool((ys > 0).any())
    low, high = curve_range(found[:, 1:].reshape(-1, found.shape[2]), log, bool(panel.get("rising")))
    left, right = found[0, 0, 0], max(found[0, 0, -1], found[0, 0, 0] + 1)
    room = (right - left) * 0.015
    axes.locator_params(**_TICKS)
    if log:
        axes.set_yscale("log", nonpositive="mask")
        ticks = log_ticks(math.log10(low), math.log10(high))
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    axes.grid(axis="y")
    for track, (xs, _, *thin) in zip(scene.data["tracks"], found, strict=True):
        for line in thin:
            axes.plot(xs, line, color=track["color"]["light"], linewidth=0.8, alpha=0.5, zorder=1.5)
    axes.set(xlim=(left - room, right + room), ylim=(low, high))
    return np.stack([found[:, 0], ys], axis=2)


def curve_range(series: Iterable[np.ndarray], log: bool, rising: bool = False) -> tuple[float, float]:
    """Return the lowest and highest value to show: one diverged run must not flatten the others.

    >>> low, high = curve_range([np.array([1.0, 0.1]), np.array([1.0, 1e30])], log=True)
    >>> 0.05 < low < 0.1, 1e3 < high < 2e3
    (True, True)
    """
    sound = [s[np.isfinite(s)] for s in series if np.isfinite(s).any()]
    if not sound:
        return 0.0, 1.0
    values = np.concatenate(sound)
    usual = max(*(float(s[0]) for s in sound), min(float(s.max()) for s in sound))
    low, high = float(values.min()), float(values.max())
    if log:
        high = min(high, usual * _HIGHEST) if usual > 0 else high
        low = min(high, max(float(values[values > 0].min()), high * _DEEPEST))
        room = max((high / low) ** 0.05, 1.3)
        return low / room, high * room
    if not rising:
        high = min(high, low + (usual - low) * _HIGHEST_LINEAR)
    room = 0.05 * (high - low or abs(high) or 1.0)
    return low - room, high + room


def _profile(axes: Axes, panel: dict[str, Any], _: Scene, tracks: Columns) -> np.ndarray:
    """A loss of one weight; every run goes along it."""
    x0, x1, low, high = panel["bounds"]
    heights = np.array(panel["heights"], float)
    axes.plot(np.linspace(x0, x1, len(heights)), heights, color=_LINE, linewidth=2.0, zorder=1.5)
    axes.set(xlim=(x0, x1), ylim=(low, high))
    axes.locator_params(**_TICKS)
    axes.grid()
    return np.array([[t[panel["x"]], t[panel["y"]]] for t in tracks]).transpose(0, 2, 1)


#: What draws each kind of panel.
_DRAWN = {"plane": _plane, "profile": _profile, "curve": _curve}
