"""Training behind a progress bar, and what was trained kept for whoever asks for the same."""

from __future__ import annotations

import threading
from collections import OrderedDict

import pandas as pd
import streamlit as st

from optim_viz import network
from optim_viz.spec import NetworkSpec
from optim_viz.training import Progress, Training

#: Trainings kept for all sessions, the least recently used one dropped first.
KEPT = 8


@st.cache_resource
def _shelf() -> OrderedDict[NetworkSpec, Training]:
    return OrderedDict()


def train(spec: NetworkSpec) -> Training:
    """Return the training of `spec`: from the shelf, or run now with a progress bar.

    When the visitor changes something meanwhile, Streamlit ends this script at the bar's next update; the training is
    told to stop then, too.
    """
    shelf = _shelf()
    if spec in shelf:
        shelf.move_to_end(spec)
        return shelf[spec]
    bar = st.progress(0.0, text="Training ...")
    cancel = threading.Event()

    def show(progress: Progress) -> None:
        left = f" about {progress.seconds_left:.0f} s left" if progress.fraction > 0.02 else ""
        bar.progress(min(progress.fraction, 1.0), text=f"Training ...{left}")

    try:
        trained = network.run(spec, show, cancel)
    finally:
        cancel.set()
    bar.empty()
    shelf[spec] = trained
    while len(shelf) > KEPT:
        shelf.popitem(last=False)
    return trained


def results(training: Training) -> pd.DataFrame:
    """Return one row per optimizer: how well it reads the test digits, how soon, and what a step costs."""
    rows = []
    for label in training.labels:
        run = training[label]
        steps, seconds = run.reached(0.9) or (None, None)
        rows.append(
            {
                "optimizer": label,
                "status": run.status,
                "final test accuracy, %": round(100 * run.final_accuracy, 2),
                "best, %": round(100 * run.best_accuracy, 2),
                "final test loss": round(float(run.test_losses[-1]), 4),
                "steps to 90 %": steps,
                "seconds to 90 %": None if seconds is None else round(seconds, 2),
                "ms a step": round(1000 * run.seconds_per_step, 2),
            }
        )
    return pd.DataFrame(rows)


def say_dead_outputs(training: Training) -> None:
    """Say what the last ReLU costs: digits that a network can no longer name."""
    dead = {label: int(training[label].dead_outputs[-1]) for label in training.labels}
    if any(dead.values()):
        counts = ", ".join(f"{label}: {count} of 10" for label, count in dead.items() if count)
        st.info(
            f"Outputs that are 0 for every test digit ({counts}). The ReLU after the last layer clips them at 0 and "
            "lets no gradient back, so these digits are lost to the network. Switch it off to see the difference.",
            icon=":material/info:",
        )
