"""The page at / by its own name: whoever types /compare comes to / with the whole link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from optim_viz.ui.page import PAGES

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

NAME = next(Path(row.path).stem for row in PAGES if row.default)


class FirstPage:
    """ASGI middleware that sends the default page's name to /, where Streamlit alone would say "Page not found".

    Streamlit gives its default page no address but /; a second, hidden page would load the app to leave it again.

    >>> NAME
    'compare'
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"].rpartition("/")[2] != NAME:
            await self.app(scope, receive, send)
            return
        query = b"?" + scope["query_string"] if scope["query_string"] else b""
        # Relative, so that it holds below any prefix of a proxy.
        headers = [(b"location", b"./" + query), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
