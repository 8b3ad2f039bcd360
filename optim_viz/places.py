"""Where the app lies: beside the package in a checkout, inside it in a wheel (setup.py puts it there)."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
#: The folder of app.py, frame.py, pages/ and static/.
APP = _PACKAGE / "app" if (_PACKAGE / "app").is_dir() else _PACKAGE.parent
#: Where Streamlit finds files that browsers cache.
STATIC = APP / "static"
