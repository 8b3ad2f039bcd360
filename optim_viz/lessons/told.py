"""A lesson as plain data, for a page that no server stands behind: its words, what was measured, and its pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from optim_viz.language import N_
from optim_viz.lessons import links, pictures, results
from optim_viz.lessons.lesson import Experiment, Lesson, Result, Results
from optim_viz.lessons.predictions import PREDICTIONS, reply
from optim_viz.optimizers.specs import has_rule
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.scenes import Scene
from optim_viz.spec import DescentSpec
from optim_viz.surfaces.table import SURFACES

Words = dict[str, Any]


#: What stands around all pictures beside each other, as around one.
_TOGETHER: Words = {
    "name": "together", "tab": N_("side by side"), "caption": pictures.ALL, "function": "", "weights": (), "seed": "",
    "plane": "", "query": "", "left": "",
}  # fmt: skip


def told(row: Lesson) -> tuple[Words, dict[str, Scene]]:
    """Return a lesson's words as JSON, to be told in any language, and its pictures' scenes by their names.

    Scenes are computed, or as they are stored.

    >>> from optim_viz.lessons.table import lesson
    >>> words, scenes = told(lesson("momentum"))
    >>> words["measured"]["holds"], list(scenes)
    (True, ['ravine', 'slope', 'zigzag', 'rings', 'together'])
    """
    measured = results.results(row)
    verdict = results.verdict(row, measured)
    drawn = [results.result(replace(experiment, seeds=1)) for experiment in links.shown(row)]
    words = {
        **{name: N_(getattr(row, name)) for name in ("title", "claim", "text", "look", "question", "answer")},
        "slug": row.slug,
        "source": str(row.source),
        "prediction": _prediction(row, measured),
        "measured": {"holds": verdict.holds, "sentence": verdict.sentence},
        "limit": {"text": N_(row.limit.text), "holds": verdict.limit_holds, "sentence": verdict.limit_sentence},
        "pictures": [_picture(row, number, found) for number, found in enumerate(drawn, 1)] + [_TOGETHER],
        "optimizers": [_optimizer(kind, row.between) for kind in row.optimizers],
    }
    scenes = {found.experiment.name: pictures.scene(found, f"lesson {row.slug} {found.experiment.name}")
              for found in drawn}  # fmt: skip
    return words, scenes | {_TOGETHER["name"]: pictures.together(row, drawn)}


def _picture(row: Lesson, number: int, found: Result) -> Words:
    """What stands around a picture; `found` is of its first seed alone."""
    experiment = links.shown(row)[number - 1]
    spec = experiment.spec
    return {
        "name": experiment.name, "tab": links.tab(row, number),
        "caption": N_("{caption}.", caption=N_(experiment.caption)),
        "function": spec.surface.with_values if isinstance(spec, DescentSpec) else "",
        "weights": pictures.weights(experiment),
        "seed": pictures.drawn_seed(experiment), "plane": found.plane.caption if found.plane else "",
        **_opened(experiment),
    }  # fmt: skip


def _prediction(row: Lesson, measured: Results) -> Words:
    """What may be guessed, what is told of each answer, and the numbers."""
    asked = PREDICTIONS[row.slug]
    right, sentence = asked.measure(measured)
    answers = [
        {"text": N_(words), "reply": reply(asked, right, i), "right": i == right}
        for i, (words, _) in enumerate(asked.answers)
    ]
    return {"question": N_(asked.question), "answers": answers, "measured": sentence}


def _opened(experiment: Experiment) -> Words:
    """The query that Compare opens a picture by, or why there is none without a server."""
    spec = experiment.spec
    if not isinstance(spec, DescentSpec):
        return {"query": "", "left": N_("A stored training is shown; training it again needs the app.")}
    if spec.surface.name not in SURFACES:
        return {"query": "", "left": N_("To change a function that was typed needs the app.")}
    if not all(map(has_rule, spec.optimizers)):
        return {"query": "", "left": N_("An optimizer without a rule of its own needs the app.")}
    return {"query": urlencode(links.opened(experiment)[1], doseq=True), "left": links.left_behind(experiment)}


def _optimizer(kind: str, between: str) -> Words:
    """An optimizer's formula in letters, and its code, with a line between backward and step."""
    row = OPTIMIZERS[kind]
    return {"title": row.title, "formula": row.card.symbolic, "code": results.code(kind, between)}
