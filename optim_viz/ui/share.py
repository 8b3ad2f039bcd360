"""Sharing what a page shows: its link, its files, its code, a frame for other pages; and experiments to start from.

Everything but the button itself is made only while the popover is open, and a file only when it is asked for.
"""

from __future__ import annotations

import html
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from optim_viz.experiments.files import write
from optim_viz.export.descent_script import pytorch_script
from optim_viz.export.table import EXPORTS, Export, export
from optim_viz.language import N_, speaking, spoken, told, tr
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.network.plane import Plane
from optim_viz.network.training import Training
from optim_viz.spec import SpecError
from optim_viz.surfaces.trajectory import Comparison
from optim_viz.ui.page import address, asset, read_query

Runs = Comparison | Training | MatrixTask

#: What only a frame of another page adds to a link.
EMBEDDING = ("embed", "embed_options")
#: What the button says that copies the link.
_COPY = {
    "copy": N_("Copy link"), "copied": N_("Copied"), "press": N_("Press Ctrl+C to copy"),
    "field": N_("The link to this experiment"),
}  # fmt: skip
#: Files written at once: some take a core for seconds, and a crowd may ask for many.
_TURNS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 2) - 1))


@dataclass(frozen=True)
class File:
    """One file that a page can give away: a row of a table of exports, and what writes it when it is asked for.

    `check` raises a SpecError where the file cannot be written, if that is found out at no cost.
    """

    row: Export[Any]
    write: Callable[[], bytes]
    check: Callable[[], object] = bool


@dataclass(frozen=True)
class Parcel:
    """All that a page can give away beside its link."""

    name: str  # what files are called, before their suffix
    files: Sequence[File]
    note: str  # what is to be had elsewhere, in a sentence
    script: Callable[[], str] | None = None  # the experiment as PyTorch; raises SpecError where there is none


def give(name: str, parcel: Callable[[], Parcel] | None, waiting: str = "", no_link: str = "") -> None:
    """Show the button and, while it is open, the link of page `name` and all of its parcel.

    `parcel` is called only when the button is open; None while there is nothing yet, which `waiting` then says.
    `no_link` says why there is no link, where there is none.
    """
    with st.container(key=f"{name}-share-corner"):
        st.fragment(_share)(name, parcel, waiting, no_link)


def share(name: str, runs: Runs | None, plane: Callable[[], Plane | None] = lambda: None, called: str = "") -> None:
    """Share a comparison, or a training; None while it goes on.

    `plane` gives what is drawn beside a training's curves; `called` is what files are called.
    """
    parcel = None if runs is None else lambda: runs_parcel(runs, plane(), called, address())
    give(name, parcel, N_("Files can be had once the training is over."))


def runs_parcel(runs: Runs, plane: Plane | None = None, called: str = "", home: str = "") -> Parcel:
    """Return what can be given away of a comparison or a training: every row of EXPORTS.

    `home` is the address of the app in which the link of a picture is to open.
    """
    kind = "matrix" if isinstance(runs, MatrixTask) else "network"
    what = called or (runs.spec.surface.name if isinstance(runs, Comparison) else kind)

    def file(row: Export[Any]) -> File:
        # What JSON cannot hold is found out before it is offered; of the other formats only by writing them.
        check = (lambda: write(runs.spec)) if row.name == "json" else bool
        return File(row, lambda: export(runs, row.name, plane, address=home), check)

    # The PyTorch script is shown beside the others, as text.
    files = tuple(file(row) for row in EXPORTS.values() if row.name != "pytorch")
    note = N_("A video: press the round button in the player's bar.")
    return Parcel(f"optim-viz-{what}", files, note, lambda: pytorch_script(runs.spec))


def _share(name: str, parcel: Callable[[], Parcel] | None, waiting: str, no_link: str) -> None:
    popover = st.popover(
        tr("Share"), icon=":material/share:", type="tertiary", key=f"share.{name}", on_change="rerun"
    )  # fmt: skip
    if not popover.open:
        return
    with popover, st.container(key=f"{name}-share", width=420, gap="small"):
        if no_link:
            st.caption(tr(no_link))
        else:
            _copier()(key=f"share.{name}.link", data={"query": read_query(), "words": told(_COPY)})
        if parcel is None:
            st.caption(tr(waiting))
            return
        given = parcel()
        _files(name, given)
        st.caption(tr(given.note))
        if given.script is not None:
            _script(name, given.script)
        if not no_link:
            _code(name)
            _frame(name)


@st.cache_resource
def _copier() -> Callable[..., Any]:
    return st.components.v2.component(
        "optim_viz_copy_link", js=asset("copy_link.js"), html=asset("copy_link.html"), css=asset("copy_link.css")
    )


def _files(name: str, given: Parcel) -> None:
    """A button a file; what cannot be written says why instead."""
    sides = [column.container(gap=None) for column in st.columns(2, gap="small")]
    for place, file in enumerate(given.files):
        row = file.row
        with sides[place % 2]:
            try:
                file.check()
            except SpecError as error:
                st.caption(tr(str(error)))
                continue
            st.download_button(
                tr(row.title), _in_turn(file.write), given.name + row.suffix, row.mime, key=f"share.{name}.{row.name}",
                on_click="ignore", type="tertiary", icon=":material/download:",
            )  # fmt: skip


def _in_turn(write: Callable[[], bytes]) -> Callable[[], bytes]:
    """What writes a file once it is asked for, in its turn and in the language of who sees the button."""
    language = spoken()

    def written() -> bytes:
        with _TURNS, speaking(language):
            return write()

    return written


def _script(name: str, make: Callable[[], str]) -> None:
    folded = st.expander(tr("As PyTorch"), type="compact", key=f"share.{name}.code", on_change="rerun")
    if not folded.open:
        return  # torch itself would be loaded for it
    with folded:
        try:
            code = make()
        except SpecError as error:
            st.caption(tr(str(error)))
            return
        st.caption(tr("Runs this experiment with torch alone and prints the same final losses."))
        st.code(code, language="python", height=260)
        row = EXPORTS["pytorch"]
        st.download_button(
            tr(row.title), code, f"optim-viz{row.suffix}", row.mime, key=f"share.{name}.pytorch", on_click="ignore",
            type="tertiary", icon=":material/download:",
        )  # fmt: skip


def _code(name: str) -> None:
    """The link as a QR code, for a class with phones."""
    folded = st.expander(tr("QR code"), type="compact", key=f"share.{name}.qr", on_change="rerun")
    if not folded.open:
        return
    query = {key: texts for key, texts in read_query().items() if key not in EMBEDDING}
    try:
        drawn = qr_code(linked(st.context.url or "", query))
    except SpecError as error:
        folded.caption(tr(str(error)))
        return
    folded.image(drawn, width=220)


def qr_code(link: str) -> str:
    """Return a link as an SVG of its QR code, dark on white in any theme; SpecError where it is too long for one.

    >>> qr_code("http://localhost:8501/?f=beale")[:4]
    '<svg'
    """
    try:
        return segno.make(link, micro=False, error="l").svg_inline(
            scale=4, border=4, light="#fff", dark="#000", omitsize=True
        )
    except segno.DataOverflowError:
        raise SpecError(
            "This link of {count:,} characters is too long for a QR code: at most 2,953.", count=len(link)
        ) from None


def linked(address: str, query: dict[str, list[str]]) -> str:
    """Return the address of a page of ours with a query."""
    root = "" if urlsplit(address).path else "/"
    return f"{address}{root}?{urlencode(query, doseq=True)}" if query else address


def _frame(name: str) -> None:
    folded = st.expander(tr("Embed in a page"), type="compact", key=f"share.{name}.frame", on_change="rerun")
    if folded.open:
        folded.code(frame(st.context.url or "", read_query()), language="html", wrap_lines=True)


def frame(address: str, query: dict[str, list[str]]) -> str:
    """Return the HTML that shows a page of ours, without the app's own bars, inside another page.

    >>> frame("http://localhost:8501", {"steps": ["50"]}).split('"')[1]
    'http://localhost:8501/?steps=50&amp;embed=true'
    """
    bare = {key: texts for key, texts in query.items() if key not in EMBEDDING}
    src = linked(address, bare | {"embed": ["true"]})
    return Template(asset("frame.html")).substitute(src=html.escape(src)).strip()
