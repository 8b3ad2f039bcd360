"""What a page will need is named in its first answer, so that the browser fetches it while Streamlit starts.

Streamlit learns only from the run of a page which parts of itself it needs, and each part which others that one needs;
the player comes after these, and plotly.js after the player: a chain of seven round trips with nothing in sight.
Where the link's picture is known, or soon made, it is named, too: the player shows it at once, and Streamlit finds it
there.
"""

from __future__ import annotations

import functools
import gzip
import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from optim_viz.experiments.links import Query
from optim_viz.places import STATIC
from optim_viz.player.assets import publish
from optim_viz.ui import languages
from optim_viz.ui.first_pictures import PICTURES
from optim_viz.ui.new_pictures import may_be_quick, soon
from optim_viz.ui.page import PAGES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Streamlit's parts that every page shows at first, by the ends of their sources' names.
PARTS = (
    "/BidiComponent.tsx",
    "/Html.tsx",
    "/Slider.tsx",
    "/Selectbox.tsx",
    "/Button.tsx",
    "/ButtonGroup.tsx",
    "/rehype-katex/index.js",
)
_HEAD = b"<head>"
#: What a browser asks in order to get less than the whole answer, and what an answer says of the text as it was.
_CONDITIONS = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
_OF_THE_TEXT = (b"content-length", b"etag", b"last-modified")
_JSON = ((b"content-type", b"application/json"), (b"content-encoding", b"gzip"), (b"cache-control", b"no-cache"))
_FILE: Message = {"type": "http.response.start", "status": 200, "headers": _JSON}
#: A picture that is made when it is asked for with its page's query, and what is sent where there is none.
_NEW, _NOTHING = "new-picture.json", gzip.compress(b"null")


class HeadStart:
    """ASGI middleware that adds `lines` to the head of every page, each of which is Streamlit's index.html.

    >>> HeadStart(app=None).app is None
    True
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif (name := _last(scope)) == _NEW:
            picture = await soon(*_asked(scope))
            await _answer(send, _FILE, picture or _NOTHING)
        elif known := PICTURES.file(name):
            await _answer(send, _FILE, known)
        elif b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            await self._page(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if held or _is_page(message):
                held.append(message)
            else:
                await send(message)

        whole = [(key, value) for key, value in scope["headers"] if key not in _CONDITIONS]
        await self.app({**scope, "headers": whole}, receive, hold)
        if held:
            body = b"".join(part.get("body", b"") for part in held[1:])
            head = _HEAD + lines(_picture(scope)).encode()
            await _answer(send, held[0], body.replace(_HEAD, head, 1))


def _last(scope: Scope) -> str:
    return str(scope["path"].rpartition("/")[2])


def _asked(scope: Scope) -> tuple[Query, str]:
    """What a request asks for, and in which language."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    return languages.without_language(query), languages.of_request(query, accepted)


def _picture(scope: Scope) -> str | None:
    """The address of the picture of the page's link, where it is known or may soon be made."""
    page = _last(scope) or next(Path(row.path).stem for row in PAGES if row.default)
    query, language = _asked(scope)
    new = f"{_NEW}?{scope['query_string'].decode('latin-1')}" if may_be_quick(page, query) else None
    return PICTURES.name(page, query, language) or new


def _is_page(message: Message) -> bool:
    start = message["type"] == "http.response.start" and message["status"] == 200
    return start and any(value.startswith(b"text/html") for key, value in message["headers"] if key == b"content-type")


async def _answer(send: Send, start: Message, body: bytes) -> None:
    headers = [(key, value) for key, value in start["headers"] if key not in _OF_THE_TEXT]
    await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def lines(picture: str | None) -> str:
    """Return the elements that have a browser ask for what a page needs, and show the picture at that address."""
    if picture is None:
        return _usual()
    player, flat, whole = publish(STATIC)
    files = {"flat": flat, "whole": whole, "css": f"{player}/player.css"}
    told = "".join(f' data-{key}="./app/static/{escape(path)}"' for key, path in files.items())
    at_once = (
        f'\n<link rel="preload" as="fetch" crossorigin id="ov-early" href="./app/static/{escape(picture)}"{told}>\n'
        f'<script type="module" crossorigin src="./app/static/{escape(player)}/whole/app.js"></script>\n'
        f'<link rel="stylesheet" href="./app/static/{escape(player)}/player.css">'
    )
    return at_once + _usual()


@functools.cache
def _usual() -> str:
    player, flat, _ = publish(STATIC)
    first = f'\n<script async src="./app/static/{escape(flat)}" fetchpriority="high"></script>\n'
    later = [f"app/static/{player}/whole/app.js", *streamlit_parts(PARTS)]
    return first + "".join(
        f'<link rel="modulepreload" href="./{escape(path)}" crossorigin fetchpriority="low">\n' for path in later
    )


def streamlit_parts(ends: Iterable[str]) -> list[str]:
    """Return the paths of Streamlit's own files that these parts of it need, without those that index.html names.

    >>> all(path.startswith("static/js/") for path in streamlit_parts(["/Slider.tsx"]))
    True
    """
    import streamlit

    text = (Path(streamlit.__file__).parent / "static" / "manifest.json").read_text("utf-8")
    manifest: Mapping[str, Any] = json.loads(text)
    known = _closure(manifest, ["index.html"])
    wanted = _closure(manifest, [name for name in manifest if name.endswith(tuple(ends))])
    return [manifest[name]["file"] for name in wanted if name not in known]


def _closure(manifest: Mapping[str, Any], names: Iterable[str]) -> dict[str, None]:
    """The entries of these names and of all that they import, each once."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting.extend(manifest[name].get("imports", ()))
    return found
