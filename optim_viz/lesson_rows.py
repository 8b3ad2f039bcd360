"""All rows of the LESSONS table, in the order in which they are read."""

from __future__ import annotations

from optim_viz.lesson_rows_adaptive import BIAS_CORRECTION, FORGETTING, STEP_BOUND
from optim_viz.lesson_rows_decay import WEIGHT_DECAY
from optim_viz.lesson_rows_descent import LEARNING_RATE, MINI_BATCHES
from optim_viz.lesson_rows_momentum import LOCAL_MINIMA, MOMENTUM, PLATEAU
from optim_viz.lesson_rows_network import FASTER, FINAL_RELU, PICTURES
from optim_viz.lesson_rows_training import PARAM_GROUPS, SCHEDULES, ZERO_GRAD

ROWS = (
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
    FINAL_RELU,
    PICTURES,
)
