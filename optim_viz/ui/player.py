"""The player as a Streamlit component: one visible player, and hidden stores that carry its blobs.

Each blob travels in a component of its own, so that Streamlit's message cache sends a blob again only when it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from optim_viz.player.assets import publish
from optim_viz.player.scenes import Scene

STATIC = Path(__file__).resolve().parents[2] / "static"

# Several lines on purpose: Streamlit takes a single line for a path. The page's own address is the base, so that the
# app also works below a prefix and behind a proxy. A module that is there already is called at once, because Streamlit
# calls the cleanup of the call before right after this one. One that cannot be had is asked for again at the next call.
_LOADER = """
const load = (path) => new URL("app/static/" + path, location.href).href;
const url = load("%(player)s/app/streamlit.js");
const options = { plotlyUrl: load("%(plotly)s"), cssUrl: load("%(player)s/player.css") };
function say(parent, words) {
  parent.querySelector(".ov-missing")?.remove();
  if (words) {
    const line = Object.assign(document.createElement("p"), { className: "ov-missing", textContent: words });
    line.setAttribute("role", "alert");
    parent.append(line);
  }
}
export default function (component) {
  const modules = (globalThis.__ovModules ??= {});
  if (modules[url]) return modules[url].%(entry)s(component, options);
  let cleanup = null, gone = false;
  const begin = (module) => {
    modules[url] = module;
    if (gone) return;
    say(component.parentElement, "");
    cleanup = module.%(entry)s(component, options);
  };
  const fail = () => {
    if (!gone) say(component.parentElement, "The player could not be loaded. Reload the page to try again.");
  };
  import(url).then(begin, fail);
  return () => {
    gone = true;
    if (cleanup) cleanup();
  };
}
"""


def _component(name: str, entry: str) -> Callable[..., Any]:
    player, plotly = publish(STATIC)
    js = _LOADER % {"player": player, "plotly": plotly, "entry": entry}
    return st.components.v2.component(f"optim_viz_{name}", js=js, html="<div></div>", isolate_styles=False)


@st.cache_resource
def _components() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return _component("player", "player"), _component("store", "store")


def _nothing() -> None:
    """A component's events reach the page only where a callback is named for them."""


def show(scene: Scene, key: str, on_pick: Callable[[], None] | None = None) -> Any:
    """Mount the player with `scene`; return the component's state, whose `pick` is a clicked or dragged start and
    whose `frame` is where the playhead rests, if the scene asks for that."""
    player, store = _components()
    result = player(key=key, data=scene.data, on_pick_change=on_pick or _nothing, on_frame_change=_nothing)
    with st.container(key=f"{key}-blobs"):
        for slot, (name, data) in enumerate(scene.blobs.items()):
            store(key=f"{key}-blob-{slot}", data=name.encode() + data)
    return result
