"""A picture in pixels: PNG of the last frame, GIF of all of them; drawn by Pillow, without a browser.

Everything is drawn at twice the size and halved, which smooths the edges. What stands still is drawn once; a frame adds
to each run's trail what is new and puts the heads on a copy. All frames share one palette.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.export import lines
from optim_viz.export.picture import HEIGHT, INK, MUTED, PAPER, RULE, WIDTH, Box, Look, Panel, Picture, legend_places

if TYPE_CHECKING:
    from PIL import Image, ImageDraw


SCALE = 2
MAX_FRAMES = 100
MILLISECONDS, LAST_MILLISECONDS = 60, 2000
#: Widths of trails, of paths not yet walked, and of the edge around markers, px of the finished picture.
TRAIL, FAINT, EDGE = 2.4, 1.0, 1.5
#: How much of its colour a run's whole path keeps where it will only go later.
FAINT_SHARE = 0.3
#: Fonts looked for, in order; Pillow's own is there everywhere but knows fewer letters.
_FONTS = {False: ("DejaVuSans.ttf", "Arial.ttf"), True: ("DejaVuSans-Bold.ttf", "Arial Bold.ttf")}


def png(picture: Picture) -> bytes:
    """Return the last frame as a PNG file, at twice the size of a clip's."""
    return _file(_Film(picture).image(picture.rows - 1), "PNG")


def gif(picture: Picture, frames: int = MAX_FRAMES, progress: Callable[[float], None] | None = None) -> bytes:
    """Return the whole run as an endless GIF of at most `frames` frames; `progress` is told the share that is done."""
    rows = np.unique(np.linspace(0, picture.rows - 1, min(frames, MAX_FRAMES, picture.rows)).round().astype(int))
    images = []
    for done, image in enumerate(_indexed(picture, rows), 1):
        images.append(image)
        if progress is not None:
            progress(done / len(rows))
    time = [MILLISECONDS] * (len(images) - 1) + [LAST_MILLISECONDS]
    options = {"save_all": True, "append_images": images[1:], "duration": time, "loop": 0, "disposal": 1}
    return _file(images[0], "GIF", **options)


def _file(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _indexed(picture: Picture, rows: np.ndarray) -> Iterator[Image.Image]:
    """The frames as numbers of colours of one palette."""
    from PIL import Image

    palette, table = _palette(picture)
    film = _Film(picture)
    numbers = _numbers(film.still.reduce(SCALE), table)
    for row in rows:
        for (left, top), part in film.frame(int(row)):
            new = _numbers(part, table)
            numbers[top : top + new.shape[0], left : left + new.shape[1]] = new
        image = Image.fromarray(numbers.copy(), "P")
        image.putpalette(palette)
        yield image


def _palette(picture: Picture) -> tuple[bytes, np.ndarray]:
    """Return 256 colours, the runs' own first, and for every colour of 15 bits the number of the nearest of them."""
    last = _Film(picture).image(picture.rows - 1).reduce(SCALE)
    exact = [_rgb(color) for color in dict.fromkeys([PAPER, INK, MUTED, *(look.color for look in picture.looks)])]
    taken = last.quantize(256 - len(exact)).getpalette() or []
    colors = np.array(exact + np.reshape(taken, (-1, 3)).tolist())[:256]
    axis = np.arange(32) * 255.0 / 31.0
    cube = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1).reshape(-1, 3)
    far = (colors**2).sum(1) - 2.0 * cube @ colors.T
    return colors.astype(np.uint8).tobytes(), far.argmin(1).astype(np.uint8)


def _numbers(image: Image.Image, table: np.ndarray) -> np.ndarray:
    """The palette's number of every pixel, uint8 [height, width]."""
    rgb = np.asarray(image).astype(np.uint16) >> 3
    return table[(rgb[..., 0] << 10) | (rgb[..., 1] << 5) | rgb[..., 2]]


class _Film:
    """The still part of a picture, and the trails drawn so far: frames are asked for in rising order of rows."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.still = _still(picture)
        self.row = 0
        self.corners = [(round(p.box.left), round(p.box.top)) for p in picture.panels]
        self.pieces = [[lines.pieces(line, p.box.width, p.box.height) for line in p.lines] for p in picture.panels]
        self.sheets = []
        for panel, corner, runs in zip(picture.panels, self.corners, self.pieces, strict=True):
            left, top, width, height = (SCALE * n for n in (*corner, round(panel.box.width), round(panel.box.height)))
            sheet = self.still.crop((left, top, left + width, top + height))
            draw = _draw(sheet)
            for look, found in zip(picture.looks, runs, strict=True):
                for piece in found:
                    _line(draw, piece.points, _mixed(look.color, FAINT_SHARE), FAINT)
            self.sheets.append(sheet)

    def frame(self, row: int) -> Iterator[tuple[tuple[int, int], Image.Image]]:
        """Go on to a row; yield corner and image, at the finished size, of every part that moves."""
        for panel, corner, sheet in zip(self.picture.panels, self.corners, self._trails(row), strict=True):
            shown = sheet.copy()
            draw = _draw(shown)
            for look, line in zip(self.picture.looks, panel.lines, strict=True):
                _head(draw, panel.box, look, line, row)
            yield corner, shown.reduce(SCALE)
        self.row = row
        yield _COUNT[:2], _count(self.picture.counts[row]).reduce(SCALE)

    def _trails(self, row: int) -> Iterator[Image.Image]:
        for sheet, runs in zip(self.sheets, self.pieces, strict=True):
            draw = _draw(sheet)
            for look, found in zip(self.picture.looks, runs, strict=True):
                for part in filter(None, (lines.stretch(piece, self.row, row) for piece in found)):
                    for points in lines.dashed(part, look.dash, TRAIL):
                        _line(draw, points, look.color, TRAIL)
            yield sheet

    def image(self, row: int) -> Image.Image:
        """Return the whole picture at a row, at SCALE times the finished size."""
        image = self.still.copy()
        for sheet, corner in zip(self._trails(row), self.corners, strict=True):
            image.paste(sheet, (SCALE * corner[0], SCALE * corner[1]))
        self.row = row
        for panel, corner in zip(self.picture.panels, self.corners, strict=True):
            width, height = round(SCALE * panel.box.width), round(SCALE * panel.box.height)
            place = (SCALE * corner[0], SCALE * corner[1])
            part = image.crop((*place, place[0] + width, place[1] + height))
            for look, line in zip(self.picture.looks, panel.lines, strict=True):
                _head(_draw(part), panel.box, look, line, row)
            image.paste(part, place)
        image.paste(_count(self.picture.counts[row]), (SCALE * _COUNT[0], SCALE * _COUNT[1]))
        return image


#: Left, top, width and height of the words that count the rows.
_COUNT = (WIDTH - 224, 14, 200, 20)


def _count(words: str) -> Image.Image:
    from PIL import Image

    image = Image.new("RGB", (SCALE * _COUNT[2], SCALE * _COUNT[3]), PAPER)
    _text(_draw(image), (_COUNT[2], 10), words, 13, "rm", MUTED)
    return image


def _head(draw: Any, box: Box, look: Look, line: np.ndarray, row: int) -> None:
    """The marker at a run's place; beyond the panel's edge a small triangle says which way it went."""
    outline = lines.head(line, row, look.marker, (box.width, box.height))
    if outline is not None:
        _polygon(draw, outline, look.color)


def _still(picture: Picture) -> Image.Image:
    """Everything that does not move: legend, titles, axes, surfaces."""
    from PIL import Image

    image = Image.new("RGB", (SCALE * WIDTH, SCALE * HEIGHT), PAPER)
    draw = _draw(image)
    _legend(draw, picture)
    for panel in picture.panels:
        box = panel.box
        if panel.ground is not None:
            image.paste(Image.fromarray(panel.ground), (SCALE * round(box.left), SCALE * round(box.top)))
        _frame(draw, panel)
        _upright(image, (box.left - 56, box.top + box.height / 2), panel.y.title)
    return image


def _legend(draw: Any, picture: Picture) -> None:
    for look, (x, y) in zip(picture.looks, legend_places(picture.looks), strict=True):
        ends = np.array([[x, y], [x + 34.0, y]])
        sample = lines.Piece(ends, np.array([0.0, 1.0]), np.array([0.0, 34.0]))
        for points in lines.dashed(sample, look.dash, TRAIL):
            _line(draw, points, look.color, TRAIL)
        _polygon(draw, lines.MARKERS[look.marker] * 5.0 + (x + 17.0, y), look.color)
        _text(draw, (x + 41.0, y), look.label, 13, "lm", INK)


def _frame(draw: Any, panel: Panel) -> None:
    """A panel's title, ticks with their numbers, grid and edge."""
    box = panel.box
    right, bottom = box.left + box.width, box.top + box.height
    _text(draw, (box.left, box.top - 12), panel.title, 14, "lm", INK, bold=True)
    for x, words in panel.x.ticks:
        _line(draw, np.array([[box.left + x, bottom], [box.left + x, bottom + 4]]), RULE, 1.0)
        _text(draw, (box.left + x, bottom + 7), words, 11, "ma", MUTED)
    for y, words in panel.y.ticks:
        end = right if panel.ground is None else box.left
        _line(draw, np.array([[box.left - 4, box.top + y], [end, box.top + y]]), RULE, 0.5)
        _text(draw, (box.left - 7, box.top + y), words, 11, "rm", MUTED)
    _line(draw, np.array([[box.left, box.top], [right, box.top], [right, bottom]]), RULE, 1.0)
    _line(draw, np.array([[right, bottom], [box.left, bottom], [box.left, box.top]]), RULE, 1.0)
    _text(draw, (box.left + box.width / 2, bottom + 25), panel.x.title, 12, "ma", MUTED)
    for x, y in panel.minima:
        _polygon(draw, lines.MARKERS["star"] * 6.0 + (box.left + x, box.top + y), INK)


def _draw(image: Image.Image) -> ImageDraw.ImageDraw:
    from PIL import ImageDraw

    return ImageDraw.Draw(image)


def _line(draw: Any, points: np.ndarray, color: str, width: float) -> None:
    draw.line([tuple(p) for p in (points * SCALE).tolist()], color, max(1, round(width * SCALE)), joint="curve")


def _polygon(draw: Any, points: np.ndarray, color: str) -> None:
    corners = [tuple(p) for p in (points * SCALE).tolist()]
    draw.line([*corners, corners[0], corners[1]], PAPER, round(2 * EDGE * SCALE), joint="curve")
    draw.polygon(corners, color)


def _text(
    draw: Any, at: tuple[float, float], words: str, size: int, anchor: str, color: str, bold: bool = False
) -> None:
    words = " ".join(words.split())  # one line, whatever a label holds
    draw.text((at[0] * SCALE, at[1] * SCALE), words, color, _font(size * SCALE, bold), anchor)


def _upright(image: Image.Image, at: tuple[float, float], words: str) -> None:
    """A text that reads upwards, its middle at `at`."""
    from PIL import Image

    font = _font(12 * SCALE, False)
    wide = round(font.getlength(words)) + 4
    strip = Image.new("RGB", (wide, 18 * SCALE), PAPER)
    _draw(strip).text((wide / 2, 9 * SCALE), words, MUTED, font, "mm")
    image.paste(strip.rotate(90, expand=True), (round(at[0] * SCALE), round(at[1] * SCALE - wide / 2)))


@functools.lru_cache(maxsize=32)
def _font(size: int, bold: bool) -> Any:
    from PIL import ImageFont

    for name in _FONTS[bold]:
        try:
            return ImageFont.truetype(name, size)
        except OSError:  # not on this machine
            continue
    return ImageFont.load_default(size)


def _rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def _mixed(color: str, share: float) -> str:
    """`share` of a colour, the rest paper."""
    mixed = [round(share * a + (1 - share) * b) for a, b in zip(_rgb(color), _rgb(PAPER), strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
