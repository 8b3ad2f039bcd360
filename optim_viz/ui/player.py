"""The player as a Streamlit component: one visible player, and hidden stores that carry its blobs.

Each blob travels in a component of its own, so that Streamlit's message cache sends a blob again only when it changed.
"""

from __future__ import annotations

from collections.abc import Callable
from string import Template
from typing import Any

import streamlit as st

from optim_viz.language import spoken, tr
from optim_viz.places import STATIC
from optim_viz.player.assets import publish
from optim_viz.player.scenes import Scene
from optim_viz.ui.first_pictures import PICTURES, KnownLink, first_data
from optim_viz.ui.page import asset


def component(name: str) -> Callable[..., Any]:
    """Return a component: one of the functions that the player's app.js exports."""
    player, flat, whole = publish(STATIC)
    return st.components.v2.component(
        f"optim_viz_{name}", html="<div></div>", isolate_styles=False,
        js=Template(asset("player_loader.js")).substitute(player=player, flat=flat, whole=whole, entry=name),
    )  # fmt: skip


@st.cache_resource
def _components() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return component("player"), component("store")


def _nothing() -> None:
    """A component's events reach the page only where a callback is named for them."""


def count_of(values: Any) -> int:
    """Return how often something was turned before a component said so: it says it again once that is answered."""
    count = values.get("n", 0) if isinstance(values, dict) else 0
    return count if isinstance(count, int) else 0


def show(
    scene: Scene,
    key: str,
    on_turn: Callable[[Any], None] | None = None,
    origin: str = "",
    link: KnownLink | None = None,
) -> Any:
    """Mount the player with `scene`; return the component's state, whose `frame` is where the playhead rests, if the
    scene asks for that. `on_turn` is told what was turned by hand; without it nothing can be. `origin` is the link that
    a video carries; `link` is known by this picture from now on."""
    player, store = _components()
    computed = on_turn and scene.data.get("live")
    answered = {"answered": st.session_state.get(f"{key}.turns", 0)}
    if link:
        known = link._replace(language=spoken())
        PICTURES.keep(known, first_data(scene), scene.blobs)
    shown = scene.told | {"origin": origin, "live": computed and computed | answered}

    def turned() -> None:
        values = st.session_state[key].turn
        if values and on_turn:
            st.session_state[f"{key}.turns"] = count_of(values)
            on_turn(values)

    result = player(key=key, data=shown, on_turn_change=turned, on_frame_change=_nothing)
    with st.container(key=f"{key}-blobs"):
        for slot, (name, data) in enumerate(scene.blobs.items()):
            store(key=f"{key}-blob-{slot}", data=name.encode() + data)
    if st.context.is_embedded and origin.startswith("http"):
        st.link_button(tr("Open the whole page"), origin, type="tertiary", icon=":material/open_in_new:")
    return result
