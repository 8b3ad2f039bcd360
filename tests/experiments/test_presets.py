"""What a preset's text says is what its experiment shows; and each preset is a link."""

import functools

import numpy as np
import pytest

from optim_viz.experiments import links
from optim_viz.experiments.presets import NETWORK_PRESETS, PRESETS, matching
from optim_viz.lessons.table import LESSONS
from optim_viz.network import train
from optim_viz.network.sharpness import sharpness
from optim_viz.surfaces import descent
from optim_viz.surfaces.trajectory import Outcome


@functools.cache
def runs(name):
    return descent.run(PRESETS[name].spec)


def crossings(run, axis):
    return int((np.diff(np.sign(run.points[:, axis])) != 0).sum())


def longest_steps(run):
    return np.abs(np.diff(run.points, axis=0)).max(axis=0)


def spread(run, last):
    return float(run.points[-last:].std(axis=0).max())


def valley():
    sgd, momentum, _ = runs("valley")
    assert sgd.losses[50] < sgd.losses[0] / 2  # into it
    assert sgd.losses[-1] > sgd.losses[50] / 2  # along it
    assert momentum.final_loss < sgd.final_loss / 100


def rates():
    small, right, jumping, growing = runs("rates")
    assert small.final_loss > 100 * right.final_loss
    assert crossings(jumping, 1) == 40 and crossings(right, 1) == 0
    assert (np.diff(np.abs(growing.points[:, 1])) > 0).all()


def parabola():
    creeping, there, leaping, growing = runs("parabola")
    assert (np.diff(np.abs(creeping.points[:, 0])) < 0).all() and creeping.outcome is Outcome.MOVING
    assert there.points[1, 0] == 0.0 and there.outcome_step == 1
    assert crossings(leaping, 0) == crossings(growing, 0) == 14
    assert (np.diff(growing.losses) > 0).all() and growing.outcome is not Outcome.LEFT


def double_well():
    sgd, momentum = runs("double_well")
    assert (sgd.outcome, momentum.outcome) == (Outcome.LOCAL, Outcome.REACHED)
    assert momentum.points[-1, 0] < 0 < sgd.points[-1, 0] and momentum.final_loss < sgd.final_loss
    assert momentum.status.startswith("reached x = −1.301 at step")


def ravine():
    large, small, momentum = runs("ravine")
    assert crossings(large, 1) == 60 and crossings(small, 1) == 0
    assert small.final_loss > 1000 * large.final_loss
    assert momentum.final_loss < small.final_loss / 50


def two_wells():
    sgd, momentum = runs("two_wells")
    assert (sgd.outcome, momentum.outcome) == (Outcome.LOCAL, Outcome.REACHED)
    assert sgd.points[-1, 0] < 0 < momentum.points[-1, 0] and momentum.final_loss < sgd.final_loss


def saddle():
    sgd, momentum, adam = (np.abs(run.points[:, 1]) for run in runs("saddle"))
    assert np.argmax(adam > 0.5) < np.argmax(momentum > 0.5) and momentum[-1] > 0.5 and sgd.max() < 0.1


def bounded():
    sgd, adam = runs("bounded")
    assert sgd.outcome is Outcome.DIVERGED and adam.outcome is not Outcome.DIVERGED
    assert (longest_steps(adam) <= 0.05 * (1 + 1e-6)).all()


def many_wells():
    sgd, momentum, adam = runs("many_wells")
    assert sgd.outcome is Outcome.LOCAL and np.linalg.norm(sgd.points[-1] - sgd.points[0]) < 1
    assert momentum.losses[-50:].max() < sgd.final_loss
    assert min(run.final_loss for run in (sgd, momentum, adam)) > 1


def mini_batches():
    fast, slow = runs("mini_batches")
    assert spread(fast, 200) > 2 * spread(slow, 200) > 0


def schedules():
    constant, cosine, exponential = runs("schedules")
    assert max(spread(cosine, 30), spread(exponential, 30)) < spread(constant, 30) / 5


CLAIMS = {claim.__name__: claim for claim in (
    valley, parabola, double_well, rates, ravine, two_wells, saddle, bounded, many_wells, mini_batches, schedules
)}  # fmt: skip


@pytest.mark.parametrize("name", PRESETS)
def test_the_text_says_what_is_seen(name):
    CLAIMS[name]()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_link(name):
    spec, default = PRESETS[name].spec, PRESETS["valley"].spec
    read, notes = links.read(links.DESCENT, links.write(links.DESCENT, spec, default), default)
    assert notes == [] and read == spec and matching(read, PRESETS).name == name


def test_what_is_no_preset_matches_none():
    assert matching(descent.check("beale", PRESETS["valley"].spec.optimizers), PRESETS) is None


@functools.cache
def trained(name):
    return train.run(NETWORK_PRESETS[name].spec).runs


def accuracies(name):
    return [100 * run.test_accuracies[-1] for run in trained(name)]


def first_at(run, share):
    """The step at which a run is that good."""
    return run.eval_steps[np.argmax(run.test_accuracies >= share)]


def source():
    assert NETWORK_PRESETS["source"].spec.final_relu
    assert max(accuracies("source")) < 80
    for run in trained("source"):
        # Some digit is never named, for any image.
        assert len(np.unique(run.predictions[-1])) < 10


def learns():
    assert not NETWORK_PRESETS["learns"].spec.final_relu
    assert min(accuracies("learns")) > 89.5
    sgd, momentum, adam = trained("learns")
    assert max(first_at(run, 0.85) for run in (momentum, adam)) < first_at(sgd, 0.85)


def network_rates():
    least, small, best, large = accuracies("rates")
    assert least < 20 and best > 85 and best == max(least, small, best, large)
    assert 5 < large < 15
    assert trained("rates")[3].test_accuracies.max() < 0.3


def edge():
    found = sharpness(train.run(NETWORK_PRESETS["edge"].spec), snapshots=5, digits=8000)
    below, beside = ((c.eigenvalues[:, 0] / c.edge) for c in found)
    assert (below < 0.9).all() and found["lr 0.2"].edge[0] == 10
    assert beside[0] < 0.5 and (beside[1:] > 0.95).all() and (beside[2:] < 1.3).all() and beside.max() > 1.2


NETWORK_CLAIMS = {"source": source, "learns": learns, "rates": network_rates, "edge": edge}


@pytest.mark.parametrize("name", NETWORK_PRESETS)
def test_the_text_says_what_a_training_shows(name):
    NETWORK_CLAIMS[name]()


@pytest.mark.parametrize("name", NETWORK_PRESETS)
def test_a_training_to_watch_is_a_link_and_names_a_lesson_that_exists(name):
    row = NETWORK_PRESETS[name]
    query = links.write(links.TRAINING, row.spec, NETWORK_PRESETS["source"].spec)
    read, notes = links.read(links.TRAINING, query, NETWORK_PRESETS["source"].spec)
    assert notes == [] and read == row.spec and matching(read, NETWORK_PRESETS) is row
    assert not row.lesson or row.lesson in LESSONS
