"""An experiment and its results as JSON, and back without loss.

    {"optim_viz": 1, "page": "compare", "query": {...}, "results": {column: [...], ...}}

The query is that of a link, with nothing left out that a page's own preset could fill in otherwise. JSON has no numbers
that are not finite: they are written as the texts "inf", "-inf" and "nan".
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from optim_viz.experiments import links, study, study_links
from optim_viz.experiments.study import Study
from optim_viz.network import train
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import DescentSpec, NetworkSpec, SpecError, Surface
from optim_viz.surfaces import descent
from optim_viz.surfaces.table import SURFACES

if TYPE_CHECKING:
    import pandas as pd


VERSION = 1
Spec = DescentSpec | NetworkSpec | Study

#: What no experiment equals, so that a query relative to it says everything.
_NO_SURFACE = Surface("", "", "", (0.0, 0.0, 0.0, 0.0), (0.0, 0.0))
_NO_DESCENT = DescentSpec(_NO_SURFACE, (), (math.nan, math.nan), steps=0, noise=-1.0, seed=-1)
_NO_NETWORK = NetworkSpec((), epochs=0, batch_size=0, hidden=(), seed=-1, seeds=0)
#: Where a reader starts from; a query leaves nothing of it.
_DESCENT = DescentSpec(SURFACES["quadratic"], (optimizer("sgd"),), SURFACES["quadratic"].start)
_NETWORK = NetworkSpec((optimizer("sgd"),))


def link(spec: Spec) -> tuple[str, links.Query]:
    """Return the page that shows an experiment and its query there, with nothing left out that a preset could fill in.

    Raises SpecError for an optimizer or digits of the user's own, which no text can hold.

    >>> from optim_viz import descend, optimizer
    >>> link(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=5).spec)[0]
    'compare'
    """
    for item in (spec.descent if isinstance(spec, Study) else spec).optimizers:
        if item.factory is not None:
            raise SpecError(f"{item.label!r} is an optimizer of your own: JSON cannot hold it, CSV holds its results.")
    if isinstance(spec, Study):
        return "tune", study_links.write_study(spec, whole=True)
    if isinstance(spec, NetworkSpec):
        if spec.data:
            raise SpecError(f"The digits {spec.data!r} are no part of a JSON file; CSV holds the results.")
        return "network", links.write_network(spec, _NO_NETWORK)
    return "compare", links.write_descent(spec, _NO_DESCENT)


def write(spec: Spec, results: pd.DataFrame | None = None) -> str:
    """Return an experiment as JSON, with its results in columns if they are given.

    Raises SpecError for an optimizer or digits of the user's own, which JSON cannot hold.

    >>> from optim_viz import descend, optimizer
    >>> spec = descend("quadratic", [optimizer("sgd", lr=0.1)], steps=5).spec
    >>> read(write(spec)) == spec
    True
    """
    page, query = link(spec)
    content: dict[str, Any] = {"optim_viz": VERSION, "page": page, "query": query}
    if results is not None:
        content["results"] = {name: [_plain(v) for v in column.tolist()] for name, column in results.items()}
    return json.dumps(content, allow_nan=False)


def _plain(value: Any) -> Any:
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def read(text: str) -> Spec:
    """Return the experiment or the study in a JSON file; SpecError where there is none that can be repeated.

    Of a study that is what its view shows; the rest is as the view opens with.
    """
    content = _content(text)
    readers: dict[str, Any] = {
        "compare": (links.read_descent, _DESCENT, descent.check),
        "network": (links.read_network, _NETWORK, train.check),
    }
    page, query = content.get("page"), content.get("query")
    if page not in (*readers, "tune") or not isinstance(query, dict):
        raise SpecError(f"An experiment's page is compare, network or tune; this file says {page!r}.")
    texts = {
        str(key): [str(v) for v in (value if isinstance(value, list) else [value])] for key, value in query.items()
    }
    if not (all(texts.values()) and texts.get("o")):
        raise SpecError("A query's values are lists of texts, those of o the optimizers; this file's are not.")
    if page == "tune":
        return _study(texts)
    reader, default, check = readers[page]
    spec, notes = reader({key: values for key, values in texts.items() if key != "o"}, default)
    read = [links.read_optimizer(text) for text in texts["o"]]  # all of them: a link would stop after a few
    notes += [note for _, found in read for note in found]
    if notes:
        raise SpecError(notes[0])
    given = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return check(**given | {"optimizers": tuple(found for found, _ in read)})


def _study(texts: links.Query) -> Study:
    found, notes = study_links.read_study(texts, study.PRESETS[study_links.FIRST])
    if notes:
        raise SpecError(notes[0])
    return study.check(found)


def read_results(text: str) -> pd.DataFrame:
    """Return the results in a JSON file as the data frame that was written."""
    import pandas as pd

    columns = _content(text).get("results")
    if not isinstance(columns, dict):
        raise SpecError("This file holds an experiment without results.")
    numbers = {
        name: values if name == "optimizer" else [_number(v) for v in values] for name, values in columns.items()
    }
    return pd.DataFrame(numbers)


def _number(value: Any) -> float | int:
    return float(value) if isinstance(value, str) else value


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError("This is not a JSON file.") from None
    if not isinstance(content, dict) or content.get("optim_viz") != VERSION:
        raise SpecError(f"This is not a file of optim-viz's version {VERSION}.")
    return content
