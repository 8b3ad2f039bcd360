"""Where a picture comes from: the link that stands at its foot and in its metadata.

A page knows its own address, so its pictures carry a whole one; the library's say what is asked of any optim-viz.
"""

from __future__ import annotations

from urllib.parse import urlencode

from optim_viz.experiments import files
from optim_viz.language import tr
from optim_viz.spec import SpecError

#: Signs of formulas that a query may hold as they are: a line at a picture's foot is read by people.
_READABLE = "~*^(),/"


def origin(spec: files.Spec, address: str = "") -> str:
    """Return the link of an experiment, whole: nothing is left to what a page opens with.

    Arguments: `address`, that of the app where it is known, such as "https://example.org/"; else the link begins with
    the word optim-viz. An optimizer or digits of one's own, which no link can hold, are said.

    >>> from optim_viz import descend, optimizer
    >>> spec = descend("quadratic", [optimizer("sgd", lr=0.1)], steps=5).spec
    >>> origin(spec, "https://example.org/")
    'https://example.org/?f=quadratic&steps=5&noise=0.0&seed=0&o=sgd~lr~0.1'
    """
    try:
        page, query = files.link(spec)
    except SpecError:
        return tr("optim-viz, with an optimizer or digits of one's own, which no link holds")
    asked = urlencode(query, doseq=True, safe=_READABLE)
    path = "" if page == "compare" else page  # it is the app's first page
    return f"{address.rstrip('/')}/{path}?{asked}" if address else f"optim-viz {path}?{asked}"
