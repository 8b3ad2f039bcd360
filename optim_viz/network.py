"""The engine on the network: torch.optim itself on one MLP, every optimizer from the same weights on the same batches."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz import digits
from optim_viz.mlp import Layout, forward, loss_and_gradient
from optim_viz.optimizers import OPTIMIZERS, torch_optimizer
from optim_viz.recording import Record, evaluation_steps, snapshot_steps
from optim_viz.spec import NetworkSpec, OptimizerSpec, SpecError, nearest, unique_labels, whole
from optim_viz.training import Progress, Training, TrainingOutcome

if TYPE_CHECKING:
    from torch import Tensor
