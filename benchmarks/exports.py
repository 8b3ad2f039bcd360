"""A clip as optim_viz draws it, beside the plain way: every frame drawn anew and left to Pillow's own palettes.

Run: python benchmarks/exports.py [repetitions]
Times are the best of all repetitions, taken in turn: what the machine can do when nothing else disturbs it.
"""

from __future__ import annotations

import io
import sys
import time

import numpy as np

import optim_viz as ov
from optim_viz.export import images
from optim_viz.export.drawing import Drawing, styled
from optim_viz.export.table import EXPORTS, export
from optim_viz.player import scenes


def plain(scene: scenes.Scene) -> bytes:
    """Draw every frame from nothing, as a loop over a plotting function would."""
    file, shown = io.BytesIO(), []
    with styled():
        drawing = Drawing(scene)
        for row in np.linspace(0, drawing.rows - 1, images.MAX_FRAMES).round().astype(int):
            drawing.show(int(row))
            drawing.canvas.draw()
            shown.append(images.pixels(drawing))
    shown[0].save(file, "GIF", save_all=True, append_images=shown[1:], duration=images.MILLISECONDS, loop=0)
    return file.getvalue()


def compare(runs: ov.Comparison, repetitions: int) -> None:
    """Time both ways in turn and print the best of each; then the size of every export."""
    scene = scenes.compare(runs)
    ways = {"ours": lambda: images.gif(scene), "every frame anew": lambda: plain(scene)}
    best, sizes = dict.fromkeys(ways, np.inf), {}
    for _ in range(repetitions):
        for name, call in ways.items():
            began = time.perf_counter()
            sizes[name] = len(call())
            best[name] = min(best[name], time.perf_counter() - began)
    print(f"GIF of {images.MAX_FRAMES} frames, {len(runs)} runs of {runs.spec.steps} steps")
    for name, seconds in best.items():
        print(
            f"  {name:18} {seconds:5.2f} s   {seconds / best['ours']:4.1f} times ours   {sizes[name] / 1000:6,.0f} kB"
        )
    for name in EXPORTS:
        began = time.perf_counter()
        size = len(export(runs, name))
        print(f"  {name:18} {time.perf_counter() - began:5.2f} s   {size / 1000:6,.0f} kB")


if __name__ == "__main__":
    optimizers = [ov.optimizer("sgd", lr=1e-3), ov.optimizer("momentum", lr=1e-3), ov.optimizer("adam", lr=0.05)]
    compare(ov.descend("rosenbrock", optimizers, steps=500), int(sys.argv[1]) if len(sys.argv) > 1 else 3)
