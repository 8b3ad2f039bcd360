"""The one way from a lesson's row to its results and its verdict."""

from __future__ import annotations

from optim_viz.lessons import matrix_store, own_runs, store
from optim_viz.lessons.lesson import Experiment, Lesson, Result, Results, Verdict
from optim_viz.optimizers.as_torch import optimizer_code
from optim_viz.optimizers.muon import muon_code
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import DescentSpec, MatrixSpec

#: One step of training, whatever the optimizer: up to the gradient, and what then follows.
STEP = ("optimizer.zero_grad()", "loss = loss_function(model(x), y)", "loss.backward()"), "optimizer.step()"


def result(experiment: Experiment) -> Result:
    """Run an experiment on a surface, once per seed, or load the stored result: a training's, an altered optimizer's.

    >>> from optim_viz.lessons.table import lesson
    >>> result(lesson("momentum")["ravine"]).shown["momentum"].status
    'reached (0, 0) at step 51'
    """
    if isinstance(experiment.spec, DescentSpec):
        runs = (own_runs.comparison(experiment, spec) for spec in own_runs.seeds(experiment))
        return Result(experiment, comparisons=tuple(runs))
    if isinstance(experiment.spec, MatrixSpec):
        return Result(experiment, matrix=matrix_store.load(experiment.spec))
    training, plane = store.load(experiment)
    return Result(experiment, training=training, plane=plane)


def results(row: Lesson) -> dict[str, Result]:
    """Return the results of all of a lesson's experiments by name: its own, its limit's, those behind the verdict."""
    return {experiment.name: result(experiment) for experiment in row.all_experiments}


def verdict(row: Lesson, found: Results | None = None) -> Verdict:
    """Measure a lesson's results, `found` if they are at hand: do claim and limit hold, and by which numbers?

    >>> from optim_viz.lessons.table import lesson
    >>> verdict(lesson("local-minima")).limit_sentence
    'From the right plain descent ends with loss -1.02, momentum with loss 0.98.'
    """
    found = found if found is not None else results(row)
    holds, sentence, numbers = row.finding.measure(found)
    limit_holds, limit_sentence, limit_numbers = row.limit.finding.measure(found)
    return Verdict(holds, sentence, limit_holds, limit_sentence, numbers | limit_numbers)


def code(kind: str, between: str = "") -> str:
    """Return an optimizer at its defaults in PyTorch: how it is made, and the four lines of every step.

    `between` is another line between backward and step.

    >>> print(code("momentum"))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9)
    <BLANKLINE>
    optimizer.zero_grad()
    loss = loss_function(model(x), y)
    loss.backward()
    optimizer.step()
    """
    made = optimizer_code(optimizer(kind), "model.parameters()")
    made = optimizer_code(optimizer(kind), "model.parameters()")
    before, last = STEP
    helper = [muon_code(), ""] if kind == "muon" else []
    return "\n".join([*helper, f"optimizer = {made}", "", *before, *([between] if between else []), last])
