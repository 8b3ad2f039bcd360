"""The language of what people read: English, as the code has it, or that of a catalogue.

A sentence is made once and kept, in a result, an error, a table's row, and may be shown to many: N_ makes it, in
English, as Words that remember how they were made; `tr` tells it, where it is shown, in the language of whoever looks.
So nothing that is computed or kept depends on a language. Catalogues are gettext's, in the folder `languages`.
"""

from __future__ import annotations

import contextlib
import functools
import gettext
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

#: The languages by their tags in links and pages, and what each calls itself.
LANGUAGES = {"en": "English", "zh": "中文"}
#: That of the code itself, which needs no catalogue.
OWN = "en"
CATALOGUES = Path(__file__).parent / "languages"
DOMAIN = "optim_viz"

_spoken: ContextVar[str] = ContextVar("language")
_asked: list[Callable[[], str]] = [lambda: OWN]


class Words(str):
    """English text that remembers the message and the values that it was made of, to be told in other languages."""

    message: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        """Itself, so that `str(error)` remembers, too."""
        return self


def N_(message: str, /, **values: object) -> str:  # noqa: N802 - gettext's name for words that are told later
    """Return a message in English with its values in their places, as Words; `tr` tells it in other languages.

    >>> N_("{count:,} steps", count=5000)
    '5,000 steps'
    """
    if isinstance(message, Words):
        if not values:
            return message
        message = message.message
    made = Words(message.format(**values) if values else message)
    made.message, made.values = message, values
    return made


def meant(text: str, message: str) -> str:
    """Return English words whose message says more, because elsewhere the same words mean something else.

    >>> meant("Steps", "Steps: a schedule of the learning rate")
    'Steps'
    """
    made = Words(text)
    made.message, made.values = message, {}
    return made


def tr(text: str, /, **values: object) -> str:
    """Return a message, or Words and all Words among their values, in the language that is spoken.

    Text that is in no catalogue, such as a label, stays as it is.

    >>> with speaking("zh"):
    ...     tr(N_("{what} must be a number; got {value}.", what="lr", value="'x'"))
    "lr 必须是一个数；给出的是 'x'。"
    """
    language = spoken()
    message, values = (text.message, dict(text.values)) if isinstance(text, Words) else (text, values)
    if language == OWN:
        return str.__str__(text) if isinstance(text, Words) else N_(text, **values)
    told = catalogue(language).gettext(message) if message else message  # "" is a catalogue's own head
    if values:
        told = told.format(**{name: tr(v) if isinstance(v, Words) else v for name, v in values.items()})
    return told


def told(data: Any) -> Any:
    """Return JSON's dicts and lists with all Words in them told.

    >>> with speaking("zh"):
    ...     told({"title": [N_("a number"), "sgd"]})
    {'title': ['数', 'sgd']}
    """
    if isinstance(data, Words):
        return tr(data)
    if isinstance(data, dict):
        return {key: told(value) for key, value in data.items()}
    return [told(value) for value in data] if isinstance(data, list) else data


#: How two sentences follow each other: in Chinese without a space.
SENTENCES = N_("{before} {after}")


def together(parts: Iterable[str], how: str = SENTENCES) -> str:
    """Return words one after another, each of which is told on its own; `how` says what stands between two.

    >>> together([N_("Steps"), N_("Seed")], "{before}, {after}")
    'Steps, Seed'
    """
    first, *others = list(parts) or [""]
    return functools.reduce(lambda before, after: N_(how, before=before, after=after), others, N_(first))


def spoken() -> str:
    """The language that is spoken here and now: a key of LANGUAGES."""
    try:
        return _spoken.get()
    except LookupError:
        return _asked[0]()


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """While inside, `tr` tells everything in `language`, a key of LANGUAGES; threads that start inside do not know."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: str) -> None:
    """From now on, in this thread, `tr` tells everything in `language`, a key of LANGUAGES."""
    _spoken.set(language)


def ask(who: Callable[[], str]) -> None:
    """Have `who` asked for the language wherever none is spoken: the app knows that of each visitor."""
    _asked[0] = who


def of_locale(tag: str | None) -> str:
    """Return the language of a browser's or a system's locale, or English.

    >>> of_locale("zh-CN"), of_locale("fr"), of_locale(None)
    ('zh', 'en', 'en')
    """
    language = (tag or "").replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else OWN


_lock = threading.Lock()


@functools.cache
def _loaded(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, CATALOGUES, [language])


def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of a language other than English."""
    with _lock:
        return _loaded(language)


@functools.cache
def _in_browsers(language: str) -> Mapping[str, str]:
    return dict(json.loads((CATALOGUES / language / "player.json").read_text("utf-8")))


def of_browser() -> dict[str, object]:
    """What a page's data says of the language that is spoken: its tag, and the messages of the player's JavaScript."""
    language = spoken()
    return {"language": language, "words": {} if language == OWN else _in_browsers(language)}
