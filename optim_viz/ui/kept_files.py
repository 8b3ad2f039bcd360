"""Files that never change are read and compressed once, not once a visitor.

Streamlit sends its own parts as they are, and compresses what an app serves anew for each visitor: 5 MB of plotly.js
take a fifth of a second of the one thread that answers everybody.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: In such folders a name carries a hash or the version of what is in the file.
FOLDER = "/static/"
FOREVER = (b"cache-control", b"public, immutable, max-age=31536000")
#: Bytes that are kept at most, compressed and not.
ROOM = 64_000_000
#: What gets smaller by compressing it.
TEXT = (b"javascript", b"text/", b"json", b"svg")
#: What a browser's request may ask for beside the file itself, and what an answer says about its sending.
_CONDITIONS = (b"range", b"if-range", b"if-none-match", b"if-modified-since", b"accept-encoding")
_SENDING = (b"content-length", b"content-encoding", b"vary", b"etag", b"last-modified", b"cache-control")

Headers = Iterable[tuple[bytes, bytes]]


class _File(NamedTuple):
    headers: tuple[tuple[bytes, bytes], ...]
    plain: bytes
    packed: bytes


class KeptFiles:
    """ASGI middleware that answers for such files from memory, once they have been asked for.

    >>> KeptFiles(app=None).app is None
    True
    """

    def __init__(self, app: ASGIApp, room: int = ROOM) -> None:
        self.app = app
        self._files: dict[str, _File] = {}
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        whole = scope["type"] == "http" and scope["method"] == "GET" and _named(scope["headers"], b"range") == b""
        if not whole or FOLDER not in scope["path"]:
            await self.app(scope, receive, send)
            return
        file = self._files.get(scope["path"]) or await self._read(scope, send)
        if file:
            await _send(file, b"gzip" in _named(scope["headers"], b"accept-encoding"), send)

    async def _read(self, scope: Scope, send: Send) -> _File | None:
        """Return the file, and keep it where there is room; what is none, or not whole, is answered as it comes."""
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if held or (message["type"] == "http.response.start" and _is_file(message)):
                held.append(message)
            else:
                await send(message)

        await self.app({**scope, "headers": _without(scope["headers"], _CONDITIONS)}, _stays(), hold)
        plain = b"".join(part.get("body", b"") for part in held[1:])
        if not held or not _whole(held, plain):
            for message in held:
                await send(message)
            return None
        text = any(kind in _named(held[0]["headers"], b"content-type") for kind in TEXT)
        packed = gzip.compress(plain, 6) if text else plain
        file = _File((*_without(held[0]["headers"], _SENDING), FOREVER), plain, packed)
        size = len(plain) + len(packed)
        if size <= self._room and scope["path"] not in self._files:
            self._room -= size
            self._files[scope["path"]] = file
        return file


def _stays() -> Receive:
    """A visitor who does not leave: who asked may, but the file is read to its end for those who come next."""
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for message in asked:
            return message
        await asyncio.Event().wait()
        raise AssertionError("nothing sets it")

    return receive


def _whole(held: list[Message], body: bytes) -> bool:
    """Whether an answer has come to its end, and is as long as it said."""
    said = _named(held[0]["headers"], b"content-length")
    return len(held) > 1 and not held[-1].get("more_body", False) and (not said or int(said) == len(body))


def _is_file(start: Message) -> bool:
    """An unknown name is answered with a page, which is no file and changes."""
    return start["status"] == 200 and b"text/html" not in _named(start["headers"], b"content-type")


def _named(headers: Headers, name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")


def _without(headers: Headers, names: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    return [(key, value) for key, value in headers if key.lower() not in names]


async def _send(file: _File, packs: bool, send: Send) -> None:
    packed = packs and len(file.packed) < len(file.plain)
    body = file.packed if packed else file.plain
    how = [(b"content-encoding", b"gzip")] if packed else []
    size = (b"content-length", str(len(body)).encode())
    vary = (b"vary", b"Accept-Encoding")
    await send({"type": "http.response.start", "status": 200, "headers": [*file.headers, *how, size, vary]})
    await send({"type": "http.response.body", "body": body})
