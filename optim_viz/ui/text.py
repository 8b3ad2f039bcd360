"""Text that visitors and links bring, made safe to stand in a sentence: Streamlit reads sentences as Markdown."""

from __future__ import annotations

import re

_MARKS = re.compile(r"([\\`*~$\[\]]|(?<=:)(?=//))")


def plain(text: str) -> str:
    """Return `text` so that it is shown as it is: no picture, no link, no formula, no emphasis comes of it.

    >>> print(plain("![x](https://a.b) is *not* a function"))
    !\\[x\\](https:\\//a.b) is \\*not\\* a function
    """
    return _MARKS.sub(r"\\\1", text)
