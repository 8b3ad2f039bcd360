"""A scene as an image: PNG and SVG of its last row, GIF of all of them; drawn by Matplotlib, without a browser.

What stands still in a clip is drawn once; a frame puts trails and heads on a copy. All frames share one palette.
`origin`, where a picture comes from, stands at its foot and in its file: PNG and GIF call that a comment, SVG a source.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.export.drawing import DPI, HEIGHT, MUTED, PAPER, WIDTH, Drawing, styled
from optim_viz.export.panels import INK
from optim_viz.player.scenes import Scene, shown

if TYPE_CHECKING:
    from PIL import Image


#: How many px of a still picture one of a clip becomes.
SCALE = 2
MAX_FRAMES = 100
MILLISECONDS, LAST_MILLISECONDS = 60, 2000


def png(scene: Scene, origin: str = "") -> bytes:
    """Return the last row as a PNG file, at twice the size of a clip's."""
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    if origin:
        words.add_text("Comment", origin)
    with styled(_said(scene)):
        drawing = Drawing(scene, origin)
        drawing.figure.set_dpi(SCALE * DPI)
        drawing.canvas.draw()
        return _file(pixels(drawing), "PNG", pnginfo=words)


def svg(scene: Scene, origin: str = "") -> bytes:
    """Return the last row as an SVG file: lines and words, sharp at every size; the surface is an image in it.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.player.scenes import compare
    >>> svg(compare(descend("quadratic", [optimizer("sgd", label="<b>")], steps=5))).count(b"&lt;b&gt;")
    1
    """
    file = io.StringIO()
    said = dict.fromkeys(("Creator", "Date", "Format", "Type")) | ({"Source": origin} if origin else {})
    with styled(_said(scene)):
        Drawing(scene, origin).figure.savefig(file, format="svg", dpi=SCALE * DPI, metadata=said)
    size = f'width="{WIDTH}{{0}}" height="{HEIGHT}{{0}}"'
    return file.getvalue().replace(size.format("pt"), size.format(""), 1).encode()


def gif(scene: Scene, progress: Callable[[float], None] | None = None, origin: str = "") -> bytes:
    """Return an endless GIF of at most MAX_FRAMES rows; `progress` is told the share that is done."""
    from PIL import Image

    images = []
    with styled(_said(scene)):
        drawing = Drawing(scene, origin)
        rows = np.unique(np.linspace(0, drawing.rows - 1, min(MAX_FRAMES, drawing.rows)).round().astype(int)).tolist()
        palette, nearest = _palette(drawing)
        before, numbers = np.zeros((HEIGHT, WIDTH), np.uint32), np.zeros((HEIGHT, WIDTH), np.uint8)
        for frame in _film(drawing, rows):
            now = frame.view(np.uint32)[..., 0]
            new, before = now != before, now
            numbers[new] = nearest[tuple((frame[new, :3] >> 3).T)]
            images.append(Image.fromarray(numbers.copy()))
            images[-1].putpalette(palette)
            if progress is not None:
                progress(len(images) / len(rows))
    time = [MILLISECONDS] * (len(images) - 1) + [LAST_MILLISECONDS]
    clip = {"save_all": True, "append_images": images[1:], "duration": time, "loop": 0, "disposal": 1}
    return _file(images[0], "GIF", **clip, **({"comment": origin} if origin else {}))


def _said(scene: Scene) -> str:
    """All words that are drawn."""
    data = scene.told
    axes = [str(panel.get(name)) for panel in shown(data) for name in ("title", "x_title", "y_title")]
    return "".join([*axes, str(data["frame_title"]), *(track["label"] for track in data["tracks"])])


def _film(drawing: Drawing, rows: list[int]) -> Iterator[np.ndarray]:
    """The picture at each of some rising rows, uint8 [height, width, 4]; trails grow, heads stand on a copy."""
    canvas = drawing.canvas
    for part in (*drawing.trails, *drawing.heads):
        part.set_animated(True)
    canvas.draw()
    for since, row in zip([0, *rows], rows, strict=False):
        drawing.show(row, since)
        for part in drawing.trails:
            part.draw(canvas.get_renderer())
        still = canvas.copy_from_bbox(drawing.figure.bbox)
        for part in drawing.heads:
            part.draw(canvas.get_renderer())
        yield np.array(canvas.buffer_rgba())
        canvas.restore_region(still)


def _palette(drawing: Drawing) -> tuple[bytes, np.ndarray]:
    """Return 255 colours, the runs' own first, and of every colour of 15 bits which is nearest, uint8 [32, 32, 32]."""
    from matplotlib.colors import to_rgb

    drawing.canvas.draw()
    own = [[round(255 * part) for part in to_rgb(color)] for color in (PAPER, INK, MUTED, *drawing.colors)]
    others = pixels(drawing).quantize(255 - len(own)).getpalette() or []
    colors = np.array([*own, *np.reshape(others, (-1, 3))])[:255]
    cube = np.moveaxis(np.indices((32, 32, 32)), 0, -1) * 255 / 31
    return colors.astype(np.uint8).tobytes(), ((colors**2).sum(1) - 2 * cube @ colors.T).argmin(-1).astype(np.uint8)


def pixels(drawing: Drawing) -> Image.Image:
    """What the canvas holds."""
    from PIL import Image

    return Image.fromarray(np.asarray(drawing.canvas.buffer_rgba())).convert("RGB")


def _file(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
