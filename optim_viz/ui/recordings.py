"""Recordings of a visitor's own network on the page Network: opened from a file, shown, and given away.

What is opened belongs to its session alone, and is neither kept on the server nor part of any link.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from optim_viz.export.table import EXPORTS, Export, Result, export, harmless
from optim_viz.figures import plane_gauges, results_table
from optim_viz.language import N_, tr
from optim_viz.network.opened import opened
from optim_viz.network.recording import Recordings
from optim_viz.network.recording_files import packed
from optim_viz.player.recording_scenes import recorded
from optim_viz.spec import SpecError, short
from optim_viz.ui.languages import without_language
from optim_viz.ui.network_sharpness import draw_sharpness, give_sharpness
from optim_viz.ui.page import plain, read_query
from optim_viz.ui.player import show
from optim_viz.ui.sessions import note_error
from optim_viz.ui.share import File, Parcel, give

_OPEN, _ERROR, _COUNT = "app.recording", "app.recording_error", "app.recording_uploads"
#: What of EXPORTS no recording becomes: there is neither a link nor a script of it.
_NEVER = ("json", "pytorch")
_ITSELF = Export[Recordings](
    "recording", N_("Recording, without its weights"), ".safetensors", "application/octet-stream", packed
)


@dataclass(frozen=True, eq=False)
class Opened:
    """A file that was opened: what it is called, and what is in it."""

    name: str
    recordings: Recordings


def now() -> Opened | None:
    """Return the one that is open; a link that leads to this page closes it."""
    if st.session_state["app.arrived"]:
        st.session_state[_ERROR] = ""
        if without_language(read_query()):
            st.session_state[_OPEN] = None
    return st.session_state.get(_OPEN)


def opener() -> None:
    """Show where a recording is opened, and closed again."""
    found = now()
    with st.expander(tr("Your own network"), type="compact", expanded=found is not None):
        if found:
            st.markdown(plain(short(found.name)))
            st.button(tr("Back to the digits"), icon=":material/arrow_back:", on_click=_close, key="recording.close")
        key = f"recording.file.{st.session_state.get(_COUNT, 0)}"
        st.file_uploader(
            tr("Open a recording (.safetensors)"), key=key, on_change=_open, args=(key,),
            help=tr(
                "A file of ov.record's recordings with their plane; ov.save(recordings, 'run.safetensors', plane, "
                "weights=False) writes a small one of any network. It is read for you alone and kept nowhere, and "
                "nothing in it is ever run. Links never carry it."
            ),
        )  # fmt: skip
        if error := st.session_state.get(_ERROR):
            note_error()
            st.error(plain(tr(error)), icon=":material/error:")


def _open(key: str) -> None:
    """Read what was just uploaded; the file itself is let go at once."""
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    st.session_state[_ERROR] = ""
    try:
        st.session_state[_OPEN] = Opened(file.name, opened(file.name, file.getvalue()))
    except SpecError as error:
        st.session_state[_ERROR] = str(error)


def _close() -> None:
    st.session_state[_OPEN], st.session_state[_ERROR] = None, ""
    st.session_state["app.page"] = ""  # as if just arrived: the controls, which were away, are filled again


def watch(found: Opened) -> None:
    """Show everything about recordings: whose they are, the player, how far to trust the plane, and the sharpness."""
    runs, plane = found.recordings, found.recordings.plane
    with st.container(key="page-head"):
        st.title(tr("A network of your own"), anchor=False)
        size = N_("{weights:,} weights, {steps:,} steps.", weights=runs.runs[0].weights.size, steps=runs.steps)
        st.markdown(tr(size))
        _share(runs)
    show(recorded(runs, plane), key="network-player", origin=Result(runs).origin)
    if plane:
        st.caption(plain(tr(plane.caption)))
    else:
        st.caption(tr("This file holds no plane: ov.save(recordings, path, plane) writes one with it."))
    table = harmless(results_table.recorded(runs))
    st.dataframe(table, hide_index=True, width="stretch", placeholder=tr("not given"))
    if plane:
        dark = st.context.theme.type == "dark"
        st.plotly_chart(plane_gauges.gauges(plane, runs, dark=dark), key="recording-gauges")
    if runs.sharpness:
        draw_sharpness(runs.sharpness)
        give_sharpness(runs.sharpness)
    else:
        st.caption(
            tr(
                "This file holds no sharpness: ov.save(recordings, path, plane, sharpness=ov.sharpness(recordings, "
                "loss=loss, data=batch)) writes one with it."
            )
        )


def _share(runs: Recordings) -> None:
    """Offer its files: no link can hold a recording, and none is given."""
    no_link = N_("No link can hold a recording. A web page plays it anywhere, and its file opens here.")
    give("network", lambda: parcel(runs), no_link=no_link)


def parcel(runs: Recordings) -> Parcel:
    """Return what can be given away of recordings: their own file, and the rows of EXPORTS that hold them."""
    rows = [row for row in EXPORTS.values() if row.name not in _NEVER]
    files = [File(row, lambda name=row.name: export(runs, name, runs.plane)) for row in rows]  # type: ignore[misc]
    itself = File(_ITSELF, lambda: packed(runs, runs.plane))
    return Parcel("optim-viz-recording", [*files, itself], N_("A video: press the round button in the player's bar."))
