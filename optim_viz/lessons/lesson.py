"""What a lesson is: a claim, the experiments that show it, the numbers that judge it, and where it stops holding."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from optim_viz.language import N_
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.network.plane import Plane
from optim_viz.network.training import Training
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, OptimizerSpec, SpecError, nearest, quoted
from optim_viz.surfaces.trajectory import Comparison

#: How two measured numbers may be compared in a finding.
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Source:
    """Where a claim was made."""

    author: str
    title: str
    year: int

    def __str__(self) -> str:
        """Author, title and year, as a caption says it.

        >>> str(Source("Kingma & Ba", "Adam", 2015))
        'Kingma & Ba, Adam, 2015'
        """
        return f"{self.author}, {self.title}, {self.year}"


@dataclass(frozen=True)
class Experiment:
    """One picture of a lesson. `spec` is what its link opens.

    `beside` are optimizers of the lesson's own that no link can carry (torch.optim.Optimizer factories): they run and
    are drawn beside the spec's. `seeds` is how many runs a noisy comparison on a surface is judged by, from the spec's
    seed on (a NetworkSpec and a MatrixSpec say so themselves). `plane`, "pca" or "random", asks for the paths of a
    training on a plane.
    """

    name: str
    caption: str
    spec: DescentSpec | NetworkSpec | MatrixSpec
    beside: tuple[OptimizerSpec, ...] = ()
    seeds: int = 1
    plane: str = ""

    @property
    def all(self) -> DescentSpec | NetworkSpec | MatrixSpec:
        """The spec with the optimizers beside it."""
        return replace(self.spec, optimizers=(*self.spec.optimizers, *self.beside))


@dataclass(frozen=True, eq=False)
class Result:
    """What came of an experiment: a comparison per seed, or a training or a matrix task with all of its seeds."""

    experiment: Experiment
    comparisons: tuple[Comparison, ...] = ()
    training: Training | None = None
    plane: Plane | None = None
    matrix: MatrixTask | None = None

    @property
    def shown(self) -> Comparison | Training | MatrixTask:
        """What the player draws: the first seed's comparison, the training, or the matrix task."""
        return self.training or self.matrix or self.comparisons[0]

    def runs(self, label: str) -> tuple[Any, ...]:
        """All runs of one optimizer, a Trajectory, a TrainingRun or a MatrixRun for each seed."""
        by_seed = self.training or self.matrix
        if by_seed:
            return by_seed.seeds(label)
        return tuple(comparison[label] for comparison in self.comparisons)


#: The results of a lesson by their experiments' names.
Results = Mapping[str, Result]
#: A number measured on a lesson's results.
Measure = Callable[[Results], Any]


@dataclass(frozen=True)
class Finding:
    """A sentence with measured numbers in it, and the inequalities between them that must hold.

    The sentence only reports: it would be true of any numbers. Whether they bear the claim out is what `holds` says,
    as (name of a number, "<" or the like, name of another or a plain number).
    """

    sentence: str
    numbers: Mapping[str, Measure]
    holds: tuple[tuple[str, str, str | float], ...]

    def measure(self, results: Results) -> tuple[bool, str, dict[str, Any]]:
        """Return whether every inequality holds, the sentence with its numbers, and the numbers."""
        numbers = {name: measure(results) for name, measure in self.numbers.items()}
        held = [COMPARE[sign](numbers[left], numbers.get(str(right), right)) for left, sign, right in self.holds]
        return all(held), N_(self.sentence, **numbers), numbers


@dataclass(frozen=True)
class Limit:
    """Where a claim stops holding: in words, as experiments of its own, and measured."""

    text: str
    experiments: tuple[Experiment, ...]
    finding: Finding


@dataclass(frozen=True)
class Lesson:
    """One lesson. `claim` and `text` are read before the picture: under 120 words, plain enough to be read aloud.

    `behind` are experiments that the verdict rests on and no picture shows, such as a search for the best learning
    rate; `optimizers` are the rows of OPTIMIZERS whose formula and code stand beside the text; `between` is a line of
    that code between backward and step.
    """

    slug: str
    title: str
    claim: str
    text: str
    source: Source
    experiments: tuple[Experiment, ...]
    look: str
    finding: Finding
    limit: Limit
    question: str
    answer: str
    optimizers: tuple[str, ...]
    behind: tuple[Experiment, ...] = ()
    between: str = ""

    @property
    def all_experiments(self) -> tuple[Experiment, ...]:
        """Every experiment: the lesson's, its limit's, and those behind the verdict."""
        return (*self.experiments, *self.limit.experiments, *self.behind)

    def __getitem__(self, name: str) -> Experiment:
        found = {e.name: e for e in self.all_experiments}
        if name not in found:
            raise SpecError(
                "The lesson {slug} has no experiment {name}; {hint}",
                slug=self.slug, name=quoted(name), hint=nearest(name, found),
            )  # fmt: skip
        return found[name]

    #: With __getitem__ alone Python would take it for a sequence.
    __iter__ = None


@dataclass(frozen=True)
class Verdict:
    """What the measured numbers say of a lesson's claim and of its limit."""

    holds: bool
    sentence: str
    limit_holds: bool
    limit_sentence: str
    numbers: Mapping[str, Any]
