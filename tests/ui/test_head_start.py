"""What the server answers before a page runs: the page's head, the picture of its link, and files from memory."""

import asyncio
import gzip
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import streamlit
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from optim_viz.experiments.fairness import fair_run
from optim_viz.experiments.links import FAIR_DESCENT, read
from optim_viz.experiments.openings import COMPARE
from optim_viz.language import speaking
from optim_viz.player import scenes
from optim_viz.ui import head_start, new_pictures
from optim_viz.ui.first_page import FirstPage
from optim_viz.ui.first_pictures import KnownLink, Pictures, first_data
from optim_viz.ui.head_start import PARTS, HeadStart, streamlit_parts
from optim_viz.ui.kept_files import KeptFiles

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
SCRIPT = b"const wide = 1;" * 100


def answers(status, kind, body, **headers):
    """An application that gives one answer and counts how often."""

    async def app(scope, receive, send):
        app.asked.append(dict(scope["headers"]))
        named = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
        start = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), *named]
        await send({"type": "http.response.start", "status": status, "headers": start})
        half = len(body) // 2
        await send({"type": "http.response.body", "body": body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": body[half:]})

    app.asked = []
    return app


def get(app, path, query="", method="GET", receive=None, **headers):
    """One request; its status, its headers and its body."""
    sent = []
    scope = {
        "type": "http", "method": method, "path": path, "query_string": query.encode(),
        "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()],
    }  # fmt: skip

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as pool:  # a thread of its own: this one may hold a browser's event loop
        pool.submit(asyncio.run, app(scope, receive, send)).result()
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body


def test_every_part_that_is_named_is_one_of_this_streamlit():
    for part in PARTS:
        assert streamlit_parts([part]), part
    assert all((INDEX.parent / path).exists() for path in streamlit_parts(PARTS))


def test_a_page_names_what_it_will_need_and_is_otherwise_as_it_was():
    app = answers(200, "text/html; charset=utf-8", INDEX.read_bytes(), etag="x", last_modified="y")
    status, headers, body = get(HeadStart(app), "/network", accept="text/html", accept_encoding="gzip")
    assert status == 200
    assert int(headers[b"content-length"]) == len(body)
    assert b"etag" not in headers
    assert b"accept-encoding" not in app.asked[0]
    assert body.replace(head_start.lines(None).encode(), b"") == INDEX.read_bytes()
    named = re.findall(r'(?:href|src)="\./([^"]+)"', head_start.lines(None))
    assert len(named) == len(set(named)) > 30


@pytest.mark.parametrize(("status", "kind"), [(200, "application/json"), (404, "text/html")])
def test_what_is_no_page_is_left_alone(status, kind):
    body = b"<head></head>"
    assert get(HeadStart(answers(status, kind, body)), "/x", accept="text/html")[2] == body


def test_the_picture_of_a_known_link_is_named_and_sent(monkeypatch):
    kept = Pictures()
    kept.keep(KnownLink("compare", {"f": ["beale"], "o": ["a b", "c"]}, True), {"title": "Beale"}, {"x": b"12"})
    monkeypatch.setattr(head_start, "PICTURES", kept)
    app = HeadStart(answers(200, "text/html", INDEX.read_bytes()))
    page = get(app, "/", "o=a+b&o=c&f=beale", accept="text/html")[2].decode()
    path = re.search(r'id="ov-early" href="\.(/app/static/[^"]+)"', page)[1]
    status, headers, body = get(app, path)
    assert (status, headers[b"content-encoding"], headers[b"cache-control"]) == (200, b"gzip", b"no-cache")
    assert json.loads(gzip.decompress(body)) == {"captioned": True, "data": {"title": "Beale"}, "blobs": {"x": "MTI="}}
    for other in ("fair=best", "f=x^2", "f=beale&o=a+b&o=c&embed=true"):
        assert "ov-early" not in get(app, "/", other, accept="text/html")[2].decode()
    assert "ov-early" not in get(app, "/tune", "o=a+b&o=c&f=beale", accept="text/html")[2].decode()


@pytest.mark.parametrize(("language", "title"), [("en", "loss"), ("zh", "损失")])
def test_the_picture_of_a_new_link_is_made_while_streamlit_starts_and_is_the_pages_own(language, title, monkeypatch):
    kept = Pictures()
    monkeypatch.setattr(head_start, "PICTURES", kept)
    app = HeadStart(answers(200, "text/html", INDEX.read_bytes()))
    link = f"f=himmelblau&steps=60&o=sgd~lr~0.005&o=adam~lr~0.2~label~%22%3Cb%3E&lang={language}"
    page = get(app, "/some/where/", link, accept="text/html")[2].decode()
    path = html.unescape(re.search(r'id="ov-early" href="\.(/app/static/[^"]+)"', page)[1])
    status, _, body = get(app, *path.split("?"))
    found = json.loads(gzip.decompress(body))
    assert status == 200 and not found["captioned"]
    assert title in json.dumps(found["data"], ensure_ascii=False)
    asked, notes = read(FAIR_DESCENT, parse_qs(link.rpartition("&")[0]), COMPARE)
    scene = scenes.compare(fair_run(asked).runs)
    with speaking(language):
        kept.keep(KnownLink("compare", {}, language=language), first_data(scene), scene.blobs)
    assert not notes and json.loads(gzip.decompress(kept.file(kept.name("compare", {}, language)))) == found


@pytest.mark.parametrize(
    "link",
    [
        "f=bale", "steps=5000&o=sgd&o=adam&o=adamw", "o=lbfgs", "fair=best", "nobody=knows", "start=9~9",
        "o=" + "~" * 9000, "steps=-1", "f=beale&f=x^2", "%00=%ff", "&".join(["o=sgd"] * 500), "f=x^2",
    ],
)  # fmt: skip
def test_what_costs_more_or_needs_words_is_left_to_its_page(link):
    assert json.loads(gzip.decompress(get(HeadStart(None), "/app/static/new-picture.json", link)[2])) is None


def soon(query):
    """A new picture, in a thread of its own: this one may hold a browser's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(new_pictures.soon(query, "en"))).result()


def test_few_wait_for_a_new_picture():
    for _ in range(4):
        assert new_pictures._ROOM.acquire(blocking=False)
    try:
        assert soon({}) is None
    finally:
        for _ in range(4):
            new_pictures._ROOM.release()
    assert soon({})


def test_pictures_stay_within_their_room_and_the_last_ones_are_kept():
    kept = Pictures(room=100)
    for number in range(5):
        kept.keep(KnownLink("compare", {"n": [str(number)]}), {}, {"x": bytes(40)})
    assert [number for number in range(5) if kept.name("compare", {"n": [str(number)]})] == [3, 4]


def test_a_picture_is_made_into_a_file_once_for_all_who_open_its_link():
    kept, link = Pictures(), KnownLink("compare", {"f": ["beale"]})
    kept.keep(link, {"title": "Beale"}, {"x": b"12"})
    name = kept.name(link.page, link.query)
    made = kept.file(name)
    kept.keep(link, {"title": "Beale"}, {"x": b"12"})
    assert kept.file(name) is made
    kept.keep(link, {"title": "Beale"}, {"x": b"34"})
    assert json.loads(gzip.decompress(kept.file(name)))["blobs"] == {"x": "MzQ="}


def test_a_file_is_read_and_compressed_once():
    app = answers(200, "text/javascript", SCRIPT, etag="x", x_content_type_options="nosniff")
    kept = KeptFiles(app)
    for _ in range(3):
        status, headers, body = get(kept, "/app/static/a-1.js", accept_encoding="gzip, br", if_none_match="x")
        assert (status, gzip.decompress(body), headers[b"content-encoding"]) == (200, SCRIPT, b"gzip")
        assert (headers[b"x-content-type-options"], int(headers[b"content-length"])) == (b"nosniff", len(body))
        assert b"immutable" in headers[b"cache-control"]
        assert get(kept, "/app/static/a-1.js")[2] == SCRIPT
    assert len(app.asked) == 1
    assert not {b"accept-encoding", b"if-none-match"} & app.asked[0].keys()


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        ((404, "text/plain", b"no"), {"path": "/static/a.js"}),
        ((200, "text/html", b"<head>"), {"path": "/static/a.js"}),
        ((200, "text/javascript", SCRIPT), {"path": "/a.js"}),
        ((200, "text/javascript", SCRIPT), {"path": "/static/a.js", "range": "bytes=0-9"}),
        ((200, "text/javascript", SCRIPT), {"path": "/static/a.js", "method": "POST"}),
    ],
)
def test_what_is_no_whole_file_is_asked_for_each_time(answer, request_):
    app = answers(*answer)
    kept = KeptFiles(app)
    for _ in range(2):
        assert get(kept, **request_)[::2] == answer[::2]
    assert len(app.asked) == 2


async def leaves():
    """A visitor who is gone before the answer is there."""
    return {"type": "http.disconnect"}


def test_a_visitor_who_leaves_takes_nothing_from_those_who_come_next(tmp_path):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.js").write_bytes(SCRIPT)
    app = Mount("/", StaticFiles(directory=tmp_path))
    kept = KeptFiles(app)
    for _ in range(3):
        get(kept, "/static/a.js", receive=leaves)
        assert get(kept, "/static/a.js", receive=leaves)[2] == SCRIPT


@pytest.mark.parametrize("told", [None, 2 * len(SCRIPT)], ids=["no end", "too short"])
def test_an_answer_that_is_cut_off_is_not_kept(told):
    async def app(scope, receive, send):
        app.asked += 1
        cut = app.asked == 1
        length = str(told if cut and told else len(SCRIPT)).encode()
        headers = [(b"content-type", b"text/javascript"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": SCRIPT, "more_body": cut and told is None})

    app.asked = 0
    kept = KeptFiles(app)
    get(kept, "/static/a.js")
    assert [get(kept, "/static/a.js")[2] for _ in range(2)] == [SCRIPT] * 2
    assert app.asked == 2


def test_files_that_have_no_room_are_sent_all_the_same():
    app = answers(200, "font/woff2", SCRIPT)
    kept = KeptFiles(app, room=10)
    assert [get(kept, "/static/a.woff2")[2] for _ in range(2)] == [SCRIPT] * 2
    assert len(app.asked) == 2


@pytest.mark.parametrize(
    ("path", "query", "to"),
    [
        ("/compare", "f=himmelblau&o=sgd~lr~0.1&o=adam", "./?f=himmelblau&o=sgd~lr~0.1&o=adam"),
        ("/below/a/prefix/compare", "", "./"),
        ("/compare", "f=x%5E2&f=//evil.example", "./?f=x%5E2&f=//evil.example"),
    ],
)
def test_the_first_page_by_its_name_is_the_one_at_the_root(path, query, to):
    app = answers(200, "text/html", b"page")
    status, headers, body = get(FirstPage(app), path, query)
    assert (status, headers[b"location"].decode(), body, app.asked) == (307, to, b"", [])


@pytest.mark.parametrize("path", ["/", "/network", "/compare/x", "/comparex"])
def test_every_other_name_is_streamlits(path):
    assert get(FirstPage(answers(200, "text/html", b"page")), path)[::2] == (200, b"page")
