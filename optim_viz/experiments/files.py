"""An experiment and its results as JSON, and back without loss.

    {"optim_viz": 1, "page": "compare", "query": {...}, "results": {column: [...], ...}}

The query is that of a link, with nothing left out that a page's own preset could fill in otherwise. JSON has no numbers
that are not finite: they are written as the texts "inf", "-inf" and "nan".
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from optim_viz.experiments import links, study_views
from optim_viz.experiments.study import Study
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.network import matrix_task, train
from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, SpecError, quoted
from optim_viz.surfaces import descent
from optim_viz.surfaces.table import SURFACES

if TYPE_CHECKING:
    import pandas as pd


VERSION = 1
Spec = DescentSpec | NetworkSpec | MatrixSpec | Study

#: What a training's query is relative to: it says everything, but the last ReLU only where that is left out.
_NO_TRAINING = NetworkSpec((), epochs=0, batch_size=0, hidden=(), seed=-1, seeds=0)
#: Where a reader starts from; a query leaves nothing of it.
_DESCENT = DescentSpec(SURFACES["quadratic"], (optimizer("sgd"),), SURFACES["quadratic"].start)
_NETWORK = NetworkSpec((optimizer("sgd"),))
_MATRIX = MatrixSpec((optimizer("sgd"),))


def link(spec: Spec) -> tuple[str, links.Query]:
    """Return the page that shows an experiment and its query there, with nothing left out that a preset could fill in.

    Raises SpecError for an optimizer or digits of the user's own, which no text can hold.

    >>> from optim_viz import descend, optimizer
    >>> link(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=5).spec)[0]
    'compare'
    """
    for item in (spec.descent if isinstance(spec, Study) else spec).optimizers:
        if item.factory is not None and not is_of_package(item.kind):
            raise SpecError(
                "{label} is an optimizer of your own: JSON cannot hold it, CSV holds its results.",
                label=quoted(item.label),
            )
    if isinstance(spec, Study):
        return "tune", write_study(spec, whole=True)
    if isinstance(spec, NetworkSpec):
        if spec.data:
            raise SpecError(
                "The digits {data} are no part of a JSON file; CSV holds the results.", data=quoted(spec.data)
            )
        return "network", links.write(links.TRAINING, spec, _NO_TRAINING)
    if isinstance(spec, MatrixSpec):
        return "network", links.write(links.MATRIX, spec)
    return "compare", links.write(links.DESCENT, spec)


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
    tables: dict[str, Any] = {
        "compare": (links.DESCENT, _DESCENT, descent.check),
        "network": (links.TRAINING, _NETWORK, train.check),
    }
    page, query = content.get("page"), content.get("query")
    if page not in (*tables, "tune") or not isinstance(query, dict):
        raise SpecError("An experiment's page is compare, network or tune; this file says {page}.", page=quoted(page))
    texts = {
        str(key): [str(v) for v in (value if isinstance(value, list) else [value])] for key, value in query.items()
    }
    if not (all(texts.values()) and texts.get("o")):
        raise SpecError("A query's values are lists of texts, those of o the optimizers; this file's are not.")
    if page == "tune":
        return _study(texts)
    if page == "network" and links.asks_for_matrix(texts):
        tables["network"] = (links.MATRIX, _MATRIX, matrix_task.check)
    table, default, check = tables[page]
    spec, notes = links.read(table, {key: values for key, values in texts.items() if key != "o"}, default)
    read = [links.read_optimizer(text) for text in texts["o"]]  # all of them: a link would stop after a few
    notes += [note for _, found in read for note in found]
    if notes:
        raise SpecError(notes[0])
    return check(**vars(spec) | {"optimizers": tuple(found for found, _ in read)})


def _study(texts: links.Query) -> Study:
    found, notes = read_study(texts, study_views.FIRST.opens)
    if notes:
        raise SpecError(notes[0])
    return study_views.check(found).study


def _content(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise SpecError("This is not a JSON file.") from None
    if not isinstance(content, dict) or content.get("optim_viz") != VERSION:
        raise SpecError("This is not a file of optim-viz's version {version}.", version=VERSION)
    return content
