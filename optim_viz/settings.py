"""What the app may spend: one table, each row with a default that an environment variable may change.

The library's own limits are the upper ends. What a machine's environment makes of the table:
`python -c 'from optim_viz import settings; settings.show()'`
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass

from optim_viz.language import N_
from optim_viz.spec import SpecError, nearest, quoted, whole

PREFIX = "OPTIM_VIZ_"
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Setting:
    """One budget: whole numbers from `low` to `high`, or, where there are `options`, one of those words."""

    name: str
    default: int | str
    unit: str
    text: str  # what it bounds
    low: int = 1
    high: int = 2**40
    options: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that overrides the default."""
        return PREFIX + self.name.upper()

    def read(self, text: str) -> int | str:
        """Return what `text` sets, or raise a SpecError."""
        if not self.options:
            return whole(text, self.variable, self.low, self.high)
        if text.lower() not in self.options:
            raise SpecError(
                "{variable} {text} is unknown; {hint}",
                variable=self.variable,
                text=quoted(text),
                hint=nearest(text, self.options),
            )
        return text.lower()


_ROWS = (
    Setting("steps", 5_000, N_("steps"), "one run on a surface", high=100_000),
    Setting(
        "gradient_evaluations",
        100_000,
        N_("gradient evaluations"),
        "one comparison on a surface, all its runs together: one a step, but max_iter or max_eval for L-BFGS",
        high=10**9,
    ),
    Setting("optimizers", 8, N_("optimizers"), "one comparison on a surface", high=8),
    Setting("epochs", 100, N_("epochs"), "one training", high=100),
    Setting("seeds", 10, N_("seeds"), "one training: runs of each optimizer", high=10),
    Setting(
        "training_steps",
        500_000,
        N_("training steps"),
        "one training, all its runs together; counted are gradients, as above",
        high=6_000_000,
    ),
    Setting("sweep_steps", 1_000_000_000, N_("steps"), "one picture on Tune, all its runs together", high=10**11),
    Setting("sweep_training_steps", 30_000, N_("steps"), "one curve of trainings on Tune", high=10**7),
    Setting(
        "single_seconds",
        180,
        "s",
        "one picture on Tune of optimizers without a rule, run one after the other; estimated before it starts",
        high=10**6,
    ),
    Setting("sharpness_seconds", 120, "s", "the sharpness of one training on Network; what is known by then is shown"),
    Setting("upload_mb", 64, "MB", "one upload of digits", high=64),
    Setting("disk_mb", 256, "MB", "all uploads kept in OPTIM_VIZ_CACHE, the oldest dropped first", high=2**20),
    Setting("kept_results", 8, "results", "finished work that is kept for whoever asks again, in each line"),
    Setting("kept_mb", 192, "MB", "the same in memory", high=2**20),
    Setting("waiting_jobs", 20, "jobs", "work that waits for its turn, in each line", low=0),
    Setting("turn_seconds", 2, "s", "how long a page waits for its turn before its visitor is told how many wait"),
    Setting("page_seconds", 3, "s", "one run of a page; a plane of weights and a lesson may take five times that"),
    Setting(
        "training_seconds",
        1_800,
        "s",
        "one training on Network, with its tuning, all runs together; one curve of a package's optimizers on Tune",
        high=10**6,
    ),
    Setting("patience_seconds", 10, "s", "how long work goes on after the browser that asked for it is gone"),
    Setting("threads", 0, "threads", "what sweeps and trainings work on at once; 0: one a core", low=0, high=1024),
    Setting(
        "log_level", "info", "", "what is logged: debug, info (a line a request), warning or error", options=LEVELS
    ),
)
SETTINGS: dict[str, Setting] = {row.name: row for row in _ROWS}


def read(environment: Mapping[str, str]) -> dict[str, int | str]:
    """Return every setting's value, or raise a SpecError that names the variable and what it may be.

    >>> read({"OPTIM_VIZ_STEPS": "1000"})["steps"]
    1000
    """
    given = {row.name: environment.get(row.variable, "").strip() for row in _ROWS}
    return {name: SETTINGS[name].read(text) if text else SETTINGS[name].default for name, text in given.items()}


@functools.cache
def _read_once() -> dict[str, int | str]:
    return read(os.environ)


def limit(name: str) -> int:
    """Return the number that a setting stands at; the environment is read once.

    >>> limit("optimizers") <= 8
    True
    """
    return int(_read_once()[name])


def threads() -> int:
    """Return how many threads work at once: as the setting says, or one for every core that this process may use.

    >>> threads() >= 1
    True
    """
    return limit("threads") or cores()


def cores() -> int:
    """Return how many cores this process may use; not every system says which, then all are meant."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def log_level() -> str:
    """Return what is logged."""
    return str(_read_once()["log_level"])


def table(values: Mapping[str, int | str]) -> str:
    """Return the settings as text, a line each."""
    rows = [(s.variable, f"{values[s.name]} {s.unit}".strip(), s.text) for s in _ROWS]
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    return "\n".join(f"{name:<{widths[0]}}  {value:>{widths[1]}}  {text}" for name, value, text in rows)


def show() -> None:
    """Print the settings as this machine has them; end with one sentence where a variable has a bad value."""
    try:
        print(table(read(os.environ)))
    except SpecError as error:
        raise SystemExit(str(error)) from None
