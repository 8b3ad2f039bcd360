"""The player's modules as one file: a browser that asks for a module learns only then which others that one needs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SOURCES = Path(__file__).parent / "js"
#: The forms that our modules keep to: names in braces, from a path; what is exported is exported where it is declared.
IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.[\w./]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class) (\w+))", re.MULTILINE)
#: What comments on lines of their own say is for people, and half of what is sent; types within a line, for a checker.
TYPE = re.compile(r"/\*\* @type \{[^*\n]*\} \*/ ?")
_COMMENT = re.compile(r"^[ \t]*(?:/\*\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)


def source(name: str) -> str:
    """Return the text of a module, by its path below SOURCES."""
    return (SOURCES / name).read_text("utf-8")


def meant(path: str, by: str) -> str:
    """Return which module a path in an import of the module `by` means.

    >>> meant("../basics/clock.js", "app/main.js")
    'basics/clock.js'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(by), path))


def needed(entries: Iterable[str]) -> list[str]:
    """Return the modules that `entries` need, and these, each after those that it needs itself.

    >>> needed(["basics/clock.js"])
    ['basics/clock.js']
    """
    found: dict[str, None] = {}

    def take(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"{name} needs itself, by way of {above[-1]}.")
        if name not in found:
            for _, path in IMPORT.findall(source(name)):
                take(meant(path, name), (*above, name))
            found[name] = None

    for entry in entries:
        take(entry, ())
    return list(found)


def joined(entries: Iterable[str]) -> str:
    """Return one module that does what all of `entries` do, and exports what they export.

    Each module keeps names of its own: it becomes a function that is called once and returns what it exports.
    """
    entries = list(entries)
    exports = [f"export const {{ {', '.join(names)} }} = {_variable(name)};"
               for name in entries if (names := EXPORT.findall(source(name)))]  # fmt: skip
    return "\n".join([*_parts(needed(entries)), *exports, ""])


def _parts(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        text = source(name)
        taken = [f"const {_renamed(those)} = {_variable(meant(path, name))};" for those, path in IMPORT.findall(text)]
        body = EXPORT.sub("", TYPE.sub("", _COMMENT.sub("", IMPORT.sub("", text))))
        made = f"return {{ {', '.join(EXPORT.findall(text))} }};"
        yield "\n".join([f"const {_variable(name)} = (() => {{", *taken, body + made, "})();"])


def _renamed(names: str) -> str:
    return names.replace(" as ", ": ")


def _variable(name: str) -> str:
    return "m_" + re.sub(r"\W", "_", name)
