"""What the app lets one visitor ask for, and what an experiment costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from optim_viz.experiments.fairness import Fair, FairRuns, fair_train
from optim_viz.experiments.links import Query
from optim_viz.experiments.study import Study
from optim_viz.experiments.study_views import VIEWS
from optim_viz.language import N_
from optim_viz.network.train import steps_per_epoch
from optim_viz.optimizers.specs import looks
from optim_viz.progress import Progress, Unfinished
from optim_viz.settings import SETTINGS, limit
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, SpecError

Asked = TypeVar("Asked", bound="Fair[Any] | Study")
AskedFairly = TypeVar("AskedFairly", bound="Fair[Any]")
#: Reads a link: the query and the default give what is asked for, and a sentence for everything that was dropped.
Read = Callable[[Query, Asked], tuple[Asked, list[str]]]


def within(asked: AskedFairly) -> AskedFairly:
    """Return what is asked for if the app may spend it, or raise a SpecError that names the budget."""
    spec = asked.spec
    _check("optimizers", len(spec.optimizers))
    if isinstance(spec, DescentSpec):
        _check("steps", spec.steps)
        _check("gradient_evaluations", evaluations_of(spec))
    elif isinstance(spec, MatrixSpec):
        _check("steps", spec.steps)
        _check("seeds", spec.seeds)
        _check("training_steps", evaluations_of(spec))
    else:
        _check("epochs", spec.epochs)
        _check("seeds", spec.seeds)
        _check("training_steps", evaluations_of(spec))
    return asked


def _run_of(asked: Any) -> DescentSpec:
    """The run on a surface that a comparison or a study is about."""
    return asked.descent if isinstance(asked, Study) else asked.spec


def affordable(read: Read[Asked]) -> Read[Asked]:
    """Return a reader of links that cuts the steps of a run on a surface to what the app lets one have, with a note.

    >>> from optim_viz.experiments.openings import COMPARE, read_compare
    >>> asked, notes = affordable(read_compare)({"steps": ["20000"]}, COMPARE)
    >>> asked.spec.steps, *notes
    (5000, 'A page runs at most 5,000 steps; 20,000 were asked for.')
    """

    def cut(query: Query, default: Asked) -> tuple[Asked, list[str]]:
        asked, notes = read(query, default)
        count, most = _run_of(asked).steps, limit("steps")
        if count <= most:
            return asked, notes
        # Read anew, because what else it says may fit the one length alone, a typed schedule above all.
        asked, notes = read({**query, "steps": [str(most)]}, default)
        shows = not isinstance(asked, Study) or "steps" in VIEWS[asked.view].keys
        # In the words of the site without a server, which formats its numbers itself.
        note = N_("A page runs at most {most} steps; {steps} were asked for.", most=f"{most:,}", steps=f"{count:,}")
        return asked, [*notes, note] if "steps" in query and shows else notes

    return cut


def train_within(asked: Fair[NetworkSpec], report: Callable[[Progress], None], cancel: threading.Event) -> Any:
    """As `fair_train`, for as long as the app has for one training: a step of a package's may take seconds.

    Raises Unfinished, with what was recorded until then.
    """
    seconds = limit("training_seconds")
    until = time.monotonic() + seconds

    def told(progress: Progress) -> None:
        if time.monotonic() > until:
            why = N_("This training takes longer than the {seconds:,} s that this server has for one.", seconds=seconds)
            raise Unfinished(why, FairRuns(asked, progress.so_far(), ""))
        report(progress)

    return fair_train(asked, told, cancel)


def _check(name: str, value: int) -> None:
    if value > limit(name):
        raise SpecError(
            "This server allows at most {most:,} {unit} at once; {count:,} were asked for.",
            most=limit(name),
            unit=SETTINGS[name].unit,
            count=value,
        )


def evaluations_of(spec: DescentSpec | NetworkSpec | MatrixSpec) -> int:
    """Return the gradient evaluations that an experiment takes at most, all its runs together: one a step for most.

    >>> from optim_viz import optimizer
    >>> from optim_viz.surfaces import descent
    >>> evaluations_of(descent.check("quadratic", [optimizer("sgd"), optimizer("lbfgs")], steps=100))
    2100
    """
    a_step = sum(map(looks, spec.optimizers))
    if isinstance(spec, DescentSpec):
        return a_step * spec.steps
    if isinstance(spec, MatrixSpec):
        return a_step * spec.seeds * spec.steps
    return a_step * spec.seeds * spec.epochs * steps_per_epoch(spec)
