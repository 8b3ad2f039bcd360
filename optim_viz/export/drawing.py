"""A scene drawn by Matplotlib: two panels side by side, and the parts of them that move from row to row.

At 72 dots an inch Matplotlib's points are px, so all sizes here are px of the finished picture.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.export.panels import INK, lines
from optim_viz.player.scenes import Scene, shown
from optim_viz.spec import SpecError, quoted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from matplotlib.text import Text

DPI = 72
WIDTH, HEIGHT = 960, 480
#: Room left of each panel for its axis, below it, above it, and between two lines of the legend.
_LEFT, _BOTTOM, _TOP, _LEGEND = 72.0, 52.0, 58.0, 20.0
#: Height of the line at the foot that says where a picture comes from, and of its letters.
_FOOT, _SMALL = 20.0, 10.0
#: Colours of page, quiet text and lines of axes.
PAPER, MUTED, _RULE = "#ffffff", "#5c6470", "#c9ced6"
#: Rows of a run that are drawn; of longer ones, evenly spread.
MAX_ROWS = 3000
#: Widths of trails, of whole paths and of the edge around heads, and the heads' size.
_TRAIL, _FAINT, _EDGE, _HEAD = 2.4, 1.0, 1.5, 14.0
#: Size of the dots that a run leaves on a curve.
_DOT = 5.5
#: How far inside a panel's edge the triangle stands that says which way a run went.
_INSIDE = 8.0
#: Lengths of dashes and gaps in units of the line's width, by plotly's names; the player has the same.
DASHES: dict[str, tuple[float, ...]] = {
    "solid": (),
    "dot": (1.1, 1.6),
    "dash": (3.6, 2.2),
    "longdash": (7.0, 2.6),
    "dashdot": (4.0, 1.8, 1.1, 1.8),
    "longdashdot": (7.0, 2.0, 1.1, 2.0),
}
#: Matplotlib's markers by plotly's names.
MARKERS = {
    "circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "triangle-down": "v", "pentagon": "p",
    "hexagon": "H", "star": "*", "cross": "P", "x": "X",
}  # fmt: skip
#: Where this differs from Matplotlib's own settings. No `$` of a label starts a formula; words in SVG stay words.
_STYLE: dict[str, Any] = {
    "text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": "optim-viz", "axes.formatter.useoffset": False,
    "figure.dpi": DPI, "figure.figsize": (WIDTH / DPI, HEIGHT / DPI), "font.size": 13, "text.color": INK,
    "axes.edgecolor": _RULE, "axes.linewidth": 1, "axes.labelsize": 12, "axes.labelcolor": MUTED,
    "axes.titlelocation": "left", "axes.titlesize": 14, "axes.titleweight": "bold", "axes.titlecolor": INK,
    "axes.axisbelow": True, "grid.color": _RULE, "grid.linewidth": 0.5,
    "xtick.color": _RULE, "xtick.labelcolor": MUTED, "xtick.labelsize": 11, "xtick.major.size": 4,
    "ytick.color": _RULE, "ytick.labelcolor": MUTED, "ytick.labelsize": 11, "ytick.major.size": 4,
    "lines.linewidth": _TRAIL, "lines.markeredgecolor": PAPER, "lines.markeredgewidth": _EDGE,
}  # fmt: skip
#: Chinese characters and their punctuation.
_HAN = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")
_ALONE = threading.Lock()


@contextlib.contextmanager
def styled(words: str = "") -> Iterator[None]:
    """Draw with these settings, whatever the user's are, one thread at a time: Matplotlib has one set for all.

    Where `words` are written in characters that its own font lacks, another stands behind that one.
    """
    from matplotlib import style

    with _ALONE, style.context(["default", _STYLE, _fonts(words)]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # a letter that the font lacks is drawn as a box
        yield


def _fonts(words: str) -> dict[str, Any]:
    """The settings that draw Chinese with a font that was installed with us, in its one weight."""
    from matplotlib import rcParamsDefault

    if not _HAN.search(words):
        return {}
    return {"font.family": [rcParamsDefault["font.sans-serif"][0], _chinese()], "axes.titleweight": "normal"}


@functools.cache
def _chinese() -> str:
    """The name of a font with the characters of Simplified Chinese, known to Matplotlib from now on."""
    from matplotlib.font_manager import FontProperties, fontManager
    from pylopdf_fonts_zh_cn import sans_path

    path = str(sans_path())
    fontManager.addfont(path)
    return FontProperties(fname=path).get_name()


class Drawing:
    """A scene's first two panels of paths, and at the foot where it comes from; made, shown and saved inside `styled`.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.player.scenes import compare
    >>> with styled():
    ...     drawing = Drawing(compare(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20)))
    >>> drawing.rows, drawing.count.get_text(), [runs.points.shape for runs in drawing.panels]
    (21, 'step 20', [(1, 21, 2), (1, 21, 2)])
    """

    def __init__(self, scene: Scene, origin: str = "") -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        data, frames = scene.told, scene.data["frames"]
        drawn = _drawn(data)
        kept = np.unique(np.linspace(0, frames - 1, min(MAX_ROWS, frames)).round().astype(int))
        self.rows = len(kept)
        self.counts = [f"{data['frame_title']} {(data['frame_values'] or range(frames))[i]:,}" for i in kept]
        self.colors = [track["color"]["light"] for track in data["tracks"]]
        self.figure = Figure()
        self.canvas = FigureCanvasAgg(self.figure)
        self.count = _words(self.figure, WIDTH - 24.0, 24.0, "", color=MUTED, ha="right")
        bottom = _BOTTOM + (_foot(self.figure, origin) if origin else 0.0)
        height = HEIGHT - bottom - _TOP - _legend(self.figure, data["tracks"])
        width = (WIDTH - _LEFT * len(drawn) - 24.0) / len(drawn)
        self.panels = []
        for i, panel in enumerate(drawn):
            box = _shaped(panel, np.array([_LEFT + i * (width + _LEFT), bottom, width, height]))
            axes = self.figure.add_axes(tuple(box / (WIDTH, HEIGHT, WIDTH, HEIGHT)))
            drawn_runs = _runs(axes, data["tracks"], lines(axes, panel, scene, kept), panel["kind"] == "profile")
            self.panels.append(drawn_runs)
        self.trails = [runs.trails for runs in self.panels]
        self.heads = [*(runs.heads for runs in self.panels), self.count]
        self.show(self.rows - 1)

    def show(self, row: int, since: int = 0) -> None:
        """Go to a row; of the trails only what is new since an earlier one, so that a clip draws nothing twice."""
        self.count.set_text(self.counts[row])
        for runs in self.panels:
            runs.show(row, since)


def _drawn(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels of a picture; SpecError where there is none, as of a recording to which no loss was given."""
    found = [panel for panel in shown(data) if panel["kind"] != "fit"][:2]
    if not found:
        raise SpecError(
            "There is nothing to draw of {names}: no loss and no accuracy that is a finite number, and no plane.",
            names=", ".join(quoted(track["label"]) for track in data["tracks"]),
        )
    return found


def _shaped(panel: dict[str, Any], box: np.ndarray) -> np.ndarray:
    """The part of a box that a panel fills: of one on equal axes what has the shape of its bounds, in the middle."""
    if not panel.get("equal"):
        return box
    x0, x1, y0, y1 = panel["bounds"]
    sides = np.array([x1 - x0, y1 - y0]) * min(box[2] / (x1 - x0), box[3] / (y1 - y0))
    return np.concatenate([box[:2] + (box[2:] - sides) / 2, sides])


def _words(figure: Figure, x: float, y: float, words: str, **options: Any) -> Text:
    """Words of one line at a place in px from the figure's left and top, less what cannot be printed."""
    clean = "".join(c for c in " ".join(words.split()) if c.isprintable())
    return figure.text(x / WIDTH, 1 - y / HEIGHT, clean, va="center_baseline", **options)


def _foot(figure: Figure, origin: str) -> float:
    """Write where a picture comes from, cut where it is too long; return the height that it takes."""
    words = _words(figure, 24.0, HEIGHT - 14.0, origin, color=MUTED, fontsize=_SMALL)
    whole, room = words.get_text(), 0.96 * (WIDTH - 48.0)  # at another size letters are up to so much wider
    wide = words.get_window_extent().width
    kept = len(whole)
    while wide > room:
        kept = min(kept - 1, int(kept * room / wide))
        words.set_text(f"{whole[:kept]}\u2026")
        wide = words.get_window_extent().width
    return _FOOT


def _legend(figure: Figure, tracks: list[dict[str, Any]]) -> float:
    """Write the legend, whose first line leaves room for the count of rows; return how far down its last line is."""
    from matplotlib.lines import Line2D

    x = y = 24.0
    for track in tracks:
        words = _words(figure, x + 41, y, track["label"])
        wide = 66.0 + words.get_window_extent().width
        if x > 24.0 and x + wide > WIDTH - (230.0 if y < 30.0 else 24.0):
            x, y = 24.0, y + _LEGEND
            words.set_position(((x + 41) / WIDTH, 1 - y / HEIGHT))
        sample = Line2D(np.array([x, x + 17, x + 34]) / WIDTH, [1 - y / HEIGHT] * 3, color=track["color"]["light"])
        sample.set(linestyle=_dashes(track), marker=MARKERS[track["marker"]], markevery=[1], markersize=11)
        figure.add_artist(sample)
        x += wide
    return y


def _dashes(track: dict[str, Any], gone: float = 0.0) -> Any:
    """A run's dashes as Matplotlib takes them, for a line that goes on after so many of its own widths."""
    dashes = DASHES[track["dash"]]
    return (gone, dashes) if dashes else "solid"


@dataclass(frozen=True, eq=False)
class Runs:
    """All runs in one panel, places in shares of it: their trails and heads."""

    tracks: list[dict[str, Any]]
    points: np.ndarray  # float64 [runs, rows, 2]; NaN where a run is nowhere
    along: np.ndarray  # float64 [runs, rows], how far it has come, in widths of its trail
    places: np.ndarray  # float64 [runs, rows, 2], where its head stands
    turns: np.ndarray  # float64 [runs, rows], which way it left the panel, degrees; NaN while it is inside
    trails: LineCollection | PathCollection  # lines, or the places where the run was as dots
    heads: PathCollection

    def show(self, row: int, since: int) -> None:
        """Go to a row."""
        from matplotlib.collections import PathCollection

        first = max(since - 1, 0)  # one row more, so that no corner has a gap
        if isinstance(self.trails, PathCollection):
            self.trails.set_offsets(self.points[:, first : row + 1].reshape(-1, 2))
            colors = [track["color"]["light"] for track in self.tracks for _ in range(first, row + 1)]
            self.trails.set_facecolor(colors)
        else:
            self.trails.set_segments([*self.points[:, first : row + 1]])
            dashes = zip(self.tracks, self.along[:, first], strict=True)
            self.trails.set_linestyle([_dashes(track, gone) for track, gone in dashes])
        turned = zip(self.tracks, self.turns[:, row], strict=True)
        self.heads.set_paths([_outline(MARKERS[t["marker"]] if np.isnan(turn) else (3, 0, turn)) for t, turn in turned])
        self.heads.set_offsets(self.places[:, row])


def _outline(marker: Any) -> Path:
    """A marker's outline, as wide as its size says once it is scaled."""
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())


def _runs(axes: Axes, tracks: list[dict[str, Any]], values: np.ndarray, dotted: bool) -> Runs:
    """Draw all runs' whole paths, faint, and add what moves on them; `dotted` are places on a curve that is there."""
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.transforms import IdentityTransform

    size = np.array(axes.bbox.size)
    points = axes.transLimits.transform(axes.transScale.transform(values.reshape(-1, 2))).reshape(values.shape)
    steps = np.diff(np.nan_to_num(points).clip(0.0, 1.0), axis=1) * size
    along = np.pad(np.hypot(steps[..., 0], steps[..., 1]).cumsum(axis=1), ((0, 0), (1, 0))) / _TRAIL
    look = {"colors": [track["color"]["light"] for track in tracks], "transform": axes.transAxes}
    placed = {"transform": IdentityTransform(), "offset_transform": axes.transAxes}
    faint = LineCollection([] if dotted else [*points], linewidths=_FAINT, alpha=0.3, zorder=2.0, **look)
    trails = (
        PathCollection([_outline("o")], [_DOT**2], linewidths=0.0, zorder=2.5, **placed)
        if dotted
        else LineCollection([*points], linewidths=_TRAIL, zorder=2.5, **look)
    )  # fmt: skip
    heads = PathCollection(
        [], [_HEAD**2], facecolors=look["colors"], edgecolors=PAPER, linewidths=_EDGE, zorder=3.0, clip_on=False,
        **placed,
    )  # fmt: skip
    for part in (faint, trails, heads):
        axes.add_collection(part, autolim=False)
    return Runs(tracks, points, along, *_heads(points, size), trails, heads)


def _heads(points: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where every run last was; outside the panel, the place beside its edge and which way it went."""
    sound = np.isfinite(points).all(axis=2)
    last = np.maximum.accumulate(np.where(sound, np.arange(points.shape[1]), 0), axis=1)
    place = np.take_along_axis(points, last[..., None], axis=1)
    edge = place.clip(_INSIDE / size, 1 - _INSIDE / size)
    x, y = np.moveaxis((place.clip(-1e9, 1e9) - edge) * size, 2, 0)
    away = np.maximum(abs(x), abs(y)) > _INSIDE + 1.0
    return np.where(away[..., None], edge, place), np.where(away, np.degrees(np.arctan2(y, x)) - 90.0, np.nan)
