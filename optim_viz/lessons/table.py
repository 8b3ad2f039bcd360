"""The LESSONS table, one row a lesson, in the order in which they are read."""

from __future__ import annotations

from optim_viz.lessons.lesson import Lesson
from optim_viz.lessons.rows_adaptive import BIAS_CORRECTION, FORGETTING, STEP_BOUND
from optim_viz.lessons.rows_clipping import CLIPPING
from optim_viz.lessons.rows_decay import WEIGHT_DECAY
from optim_viz.lessons.rows_descent import LEARNING_RATE, MINI_BATCHES
from optim_viz.lessons.rows_loop import ZERO_GRAD
from optim_viz.lessons.rows_matrix import ORTHOGONAL
from optim_viz.lessons.rows_momentum import LOCAL_MINIMA, MOMENTUM, PLATEAU
from optim_viz.lessons.rows_network import FASTER, FINAL_RELU, PICTURES
from optim_viz.lessons.rows_sign import SIGN_STEPS
from optim_viz.lessons.rows_step import GRADIENT_STEP
from optim_viz.lessons.rows_training import PARAM_GROUPS, SCHEDULES
from optim_viz.spec import one_of

ROWS = (
    GRADIENT_STEP,
    MINI_BATCHES,
    LEARNING_RATE,
    LOCAL_MINIMA,
    MOMENTUM,
    PLATEAU,
    STEP_BOUND,
    BIAS_CORRECTION,
    FORGETTING,
    FASTER,
    WEIGHT_DECAY,
    PARAM_GROUPS,
    SCHEDULES,
    ZERO_GRAD,
    CLIPPING,
    FINAL_RELU,
    PICTURES,
    ORTHOGONAL,
    SIGN_STEPS,
)

LESSONS: dict[str, Lesson] = {row.slug: row for row in ROWS}


def lesson(slug: str) -> Lesson:
    """Return a lesson by its name, or raise a SpecError with the nearest one.

    >>> lesson("momentum").title
    'What momentum does'
    """
    return LESSONS[one_of(slug, LESSONS, "lesson")]
