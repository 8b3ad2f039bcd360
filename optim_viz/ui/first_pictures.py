"""What pages showed last, by their links: whoever opens such a link next sees the picture before the page has run."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from optim_viz.language import OWN
from optim_viz.player.scenes import Scene

#: Bytes of numbers that are kept at most, all pictures together.
ROOM = 16_000_000


class KnownLink(NamedTuple):
    """A page, its link's query, and whether a sentence stands below the presets: then the picture stands lower.

    The query is without the language, which the picture's words are in.
    """

    page: str
    query: Mapping[str, Sequence[str]]
    captioned: bool = False
    language: str = OWN


def first_data(scene: Scene) -> dict[str, Any]:
    """Return what a visitor's first picture of a scene is made of, in the language that is spoken."""
    live = scene.data.get("live")
    return scene.told | {"live": live and live | {"answered": 0}}


def picture_file(captioned: bool, data: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """Return a picture as it is sent: JSON in gzip, its blobs of numbers in base64."""
    text = {name: base64.b64encode(blob).decode() for name, blob in blobs.items()}
    return gzip.compress(json.dumps({"captioned": captioned, "data": data, "blobs": text}).encode(), 6)


@dataclass(frozen=True, eq=False)
class _Picture:
    captioned: bool
    data: Mapping[str, Any]
    blobs: Mapping[str, bytes]

    def size(self) -> int:
        return sum(len(blob) for blob in self.blobs.values())

    @functools.cached_property
    def file(self) -> bytes:
        """Made for the first who asks: the thread that answers everybody makes it."""
        return picture_file(self.captioned, self.data, self.blobs)


class Pictures:
    """The pictures of the links that were used last, as many as there is room for; threads may share it.

    A link is the whole experiment, so that its picture is the same for everybody who reads the same language.

    >>> kept = Pictures()
    >>> kept.keep(KnownLink("compare", {"f": ["beale"]}), {"version": 1}, {"a": b"1234"})
    >>> name = kept.name("compare", {"f": ["beale"]})
    >>> json.loads(gzip.decompress(kept.file(name)))
    {'captioned': False, 'data': {'version': 1}, 'blobs': {'a': 'MTIzNA=='}}
    >>> kept.name("compare", {"f": ["booth"]})
    """

    def __init__(self, room: int = ROOM) -> None:
        self._kept: OrderedDict[str, _Picture] = OrderedDict()
        self._room, self._lock = room, threading.Lock()

    def keep(self, link: KnownLink, data: Mapping[str, Any], blobs: Mapping[str, bytes]) -> None:
        """Keep a picture's scene and its blobs of numbers as those of a link."""
        name = _name(link.page, link.query, link.language)
        with self._lock:
            known = self._kept.pop(name, None)
            # Another visitor's of the same link is the same picture, whose file may be made already.
            same = known and (known.captioned, known.data, known.blobs) == (link.captioned, data, blobs)
            self._kept[name] = known if known and same else _Picture(link.captioned, data, blobs)
            held = sum(picture.size() for picture in self._kept.values())
            while held > self._room:
                _, oldest = self._kept.popitem(last=False)
                held -= oldest.size()

    def name(self, page: str, query: Mapping[str, Sequence[str]], language: str = OWN) -> str | None:
        """Return the name of the file of a link's picture, or None where none is kept."""
        with self._lock:
            name = _name(page, query, language)
            return name if name in self._kept else None

    def file(self, name: str) -> bytes | None:
        """Return the file of that name, JSON in gzip: the scene and, in base64, its blobs."""
        with self._lock:
            picture = self._kept.get(name)
        return picture.file if picture else None


def _name(page: str, query: Mapping[str, Sequence[str]], language: str) -> str:
    asked = json.dumps([page, language, sorted((key, list(values)) for key, values in query.items())])
    return f"picture-{hashlib.sha256(asked.encode()).hexdigest()[:32]}.json"


#: Those of this server.
PICTURES = Pictures()
