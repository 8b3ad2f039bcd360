"""A picture's last frame as an SVG file: lines and words, sharp at every size; the surface is an image in it."""

from __future__ import annotations

import base64
import io
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from optim_viz.export import lines
from optim_viz.export.picture import HEIGHT, INK, MUTED, PAPER, RULE, WIDTH, Look, Panel, Picture, legend_places

_WIDTH = 2.4


def svg(picture: Picture) -> str:
    """Return the last frame as the text of an SVG file.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.export.picture import picture
    >>> from optim_viz.player.scenes import compare
    >>> svg(picture(compare(descend("quadratic", [optimizer("sgd", label="<b>")], steps=5)))).count("&lt;b&gt;")
    1
    """
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="DejaVu Sans, Arial, sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
    ]
    for look, (x, y) in zip(picture.looks, legend_places(picture.looks), strict=True):
        parts += _entry(look, x, y)
    parts.append(_text(WIDTH - 24, 24, picture.counts[-1], 13, "end", MUTED, 'dy="0.35em"'))
    for number, panel in enumerate(picture.panels):
        parts += _panel(panel, picture, number)
    return "\n".join([*parts, "</svg>\n"])


def _entry(look: Look, x: float, y: float) -> list[str]:
    line = f'<path d="M{x:g} {y:g}h34" fill="none" {_stroke(look)}/>'
    marker = _polygon(lines.MARKERS[look.marker] * 5.0 + (x + 17.0, y), look.color)
    return [line, marker, _text(x + 41, y, look.label, 13, "start", INK, 'dy="0.35em"')]


def _panel(panel: Panel, picture: Picture, number: int) -> list[str]:
    box = panel.box
    parts = [f'<g transform="translate({box.left:g} {box.top:g})">']
    parts.append(f'<clipPath id="clip{number}"><rect width="{box.width:g}" height="{box.height:g}"/></clipPath>')
    if panel.ground is not None:
        size = f'width="{box.width:g}" height="{box.height:g}" preserveAspectRatio="none"'
        parts.append(f'<image {size} href="data:image/png;base64,{_image(panel.ground)}"/>')
    parts += _axes(panel)
    parts += [_polygon(lines.MARKERS["star"] * 6.0 + place, INK) for place in panel.minima]
    parts.append(f'<g clip-path="url(#clip{number})" fill="none">')
    runs = list(zip(picture.looks, panel.lines, strict=True))
    for look, line in runs:
        found = lines.pieces(line, box.width, box.height)
        path = "".join(_path(piece.points) for piece in found)
        parts += [f'<path d="{path}" {_stroke(look)}/>'] if path else []
    parts.append("</g>")
    for look, line in runs:
        outline = lines.head(line, len(line) - 1, look.marker, (box.width, box.height))
        parts += [_polygon(outline, look.color)] if outline is not None else []
    return [*parts, "</g>"]


def _axes(panel: Panel) -> list[str]:
    width, height = panel.box.width, panel.box.height
    parts = [_text(0, -12, panel.title, 14, "start", INK, 'dy="0.35em" font-weight="bold"')]
    grid = width if panel.ground is None else 0.0
    for x, words in panel.x.ticks:
        parts.append(f'<path d="M{x:.2f} {height:g}v4" stroke="{RULE}"/>')
        parts.append(_text(x, height + 17, words, 11, "middle", MUTED))
    for y, words in panel.y.ticks:
        parts.append(f'<path d="M-4 {y:.2f}H{grid:g}" stroke="{RULE}" stroke-width="0.5"/>')
        parts.append(_text(-7, y, words, 11, "end", MUTED, 'dy="0.35em"'))
    parts.append(f'<rect width="{width:g}" height="{height:g}" fill="none" stroke="{RULE}"/>')
    parts.append(_text(width / 2, height + 36, panel.x.title, 12, "middle", MUTED))
    turned = f'transform="rotate(-90 -47 {height / 2:g})" dy="0.35em"'
    parts.append(_text(-47, height / 2, panel.y.title, 12, "middle", MUTED, turned))
    return parts


def _image(pixels: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def _stroke(look: Look) -> str:
    dash = " ".join(f"{length * _WIDTH:g}" for length in lines.DASHES[look.dash])
    kind = f' stroke-dasharray="{dash}"' if dash else ""
    return f'stroke="{look.color}" stroke-width="{_WIDTH}" stroke-linejoin="round"{kind}'


def _path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points.tolist())


def _polygon(points: np.ndarray, color: str) -> str:
    corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in points.tolist())
    return (
        f'<polygon points="{corners}" fill="{color}" stroke="{PAPER}" stroke-width="3" stroke-linejoin="round" '
        'paint-order="stroke"/>'
    )


def _text(x: float, y: float, words: str, size: int, anchor: str, color: str, extra: str = "") -> str:
    clean = "".join(c for c in " ".join(words.split()) if c.isprintable())  # XML has no place for control characters
    place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size}" text-anchor="{anchor}" fill={quoteattr(color)}'
    return f"<text {place} {extra}>{escape(clean)}</text>".replace(" >", ">", 1)
