"""Gather every message of the code, bring the catalogues up to date, and compile them: `make words`.

A message that is new stands in the catalogue without a translation, and the tests say so; one that is gone is dropped.
"""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from optim_viz.language import CATALOGUES, DOMAIN, LANGUAGES, OWN

ROOT = Path(__file__).resolve().parents[1]
#: What tells messages, and which of its arguments is one.
PYTHON = {"N_": 0, "tr": 0, "SpecError": 0, "ExpressionError": 0, "NotOne": 0, "together": 1, "meant": 1}
#: What makes a picture of a lesson: its name, which is also its tab, and its caption.
PICTURES = ("Experiment", "_batches", "_clipped", "_tuned")
#: Rows of lessons are messages as they stand: arguments by place or by name.
ROWS: dict[str, tuple[int | str, ...]] = {
    "Lesson": ("title", "claim", "text", "look", "question", "answer"),
    **dict.fromkeys(PICTURES, (0, 1)),
    "Finding": (0,),
    "Limit": (0,),
    "Prediction": (0, 1),
}
SCRIPTS = ("optim_viz/player/js/**/*.js", "optim_viz/ui/assets/*.js")
_TOLD = re.compile(r"""\b(?:t|later)\(\s*("(?:[^"\\]|\\.)*")""")


def in_python(text: str) -> Iterator[str]:
    """Find messages, also where Babel's own finder does not look: inside of other calls and f-strings."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            places = ROWS.get(node.func.id) or ((PYTHON[node.func.id],) if node.func.id in PYTHON else ())
            named: dict[int | str | None, ast.expr] = {word.arg: word.value for word in node.keywords}
            given = named | dict(enumerate(node.args))
            for place in places:
                message = given.get(place)
                if isinstance(message, ast.Constant) and isinstance(message.value, str):
                    is_name = node.func.id in PICTURES and place == 0
                    yield message.value.replace("_", " ") if is_name else message.value


def in_javascript(text: str) -> Iterator[str]:
    """Find t("..."): its messages are single literals in double quotes."""
    return (json.loads(told) for told in _TOLD.findall(text))


def _found(finder: Callable[[str], Iterator[str]], *patterns: str) -> list[tuple[str, str]]:
    paths = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
    return [(said, path.relative_to(ROOT).as_posix()) for path in paths for said in finder(path.read_text("utf-8"))]


def of_python() -> list[tuple[str, str]]:
    """Every message of the Python code, with the file that it is in."""
    return _found(in_python, "app.py", "pages/*.py", "optim_viz/**/*.py")


def of_javascript() -> list[tuple[str, str]]:
    """Every message of the JavaScript code, with the file that it is in."""
    return _found(in_javascript, *SCRIPTS)


def _home(language: str) -> Path:
    return CATALOGUES / language


def po_file(language: str) -> Path:
    """A language's messages, as people translate them."""
    return _home(language) / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Return a language's messages as they stand in its file."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """Return a language's messages for the code as it is: those of its file, without what nobody tells any more."""
    before, catalogue = read(language), Catalog(locale=language, fuzzy=False)
    for message, file in (*of_python(), *of_javascript()):
        if message:
            known = before.get(message)
            catalogue.add(message, known.string if known else "", locations=[(file, 0)])
    return catalogue


def text_of(catalogue: Catalog) -> bytes:
    """A catalogue as people translate it. Nothing in it depends on when it was written."""
    file = io.BytesIO()
    write_po(file, catalogue, width=0, sort_output=True, include_lineno=False, omit_header=True)
    head = (
        f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return head.encode() + file.getvalue()


def compiled_words(language: str) -> dict[str, str]:
    """The messages of the player's JavaScript in a language."""
    catalogue = read(language)
    found = ((message, catalogue.get(message)) for message in sorted({message for message, _ in of_javascript()}))
    return {message: str(translated.string) for message, translated in found if translated and translated.string}


class _Dateless(Catalog):
    """A catalogue whose head says neither when nor with which Babel it was compiled."""

    mime_headers = (("Content-Type", "text/plain; charset=utf-8"),)


def compiled(language: str) -> dict[Path, bytes]:
    """What is made of a language's file: what Python reads, and what goes into pages for the player."""
    catalogue = _Dateless(locale=language, fuzzy=False)
    for message in read(language):
        if message.id and message.string:
            catalogue.add(message.id, message.string)
    mo = io.BytesIO()
    write_mo(mo, catalogue)
    player = json.dumps(compiled_words(language), ensure_ascii=False, indent=0) + "\n"
    return {po_file(language).with_suffix(".mo"): mo.getvalue(), _home(language) / "player.json": player.encode()}


def main() -> None:
    """Bring every language's files up to date, and say how many messages wait for a translation."""
    for language in LANGUAGES:
        if language == OWN:
            continue
        po_file(language).write_bytes(text_of(updated(language)))
        for path, content in compiled(language).items():
            path.write_bytes(content)
        waiting = [message.id for message in read(language) if message.id and not message.string]
        print(f"{language}: {len(read(language))} messages, {len(waiting)} without a translation")


if __name__ == "__main__":
    main()
