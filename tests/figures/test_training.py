"""The network's charts show the training's own numbers, however it ended and however many seeds it had."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from optim_viz.figures import readings, results_table, training_cost
from optim_viz.figures.plane_gauges import gauges
from optim_viz.figures.style import log_axis
from optim_viz.figures.training import LEAST, NAMES, POINTS, bands, dead_outputs, layer_health
from optim_viz.network import digits
from optim_viz.network.project import project
from optim_viz.network.train import train
from optim_viz.network.training import NO_PREDICTION, Training, TrainingOutcome, smooth
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.styles import styles as styles_of
from optim_viz.player import network_scenes
from optim_viz.spec import SpecError

SPECS = [optimizer("sgd", lr=0.1), optimizer("adam", lr=1e-3), optimizer("adam", lr=1e-2)]
SMALL = {"epochs": 1, "batch_size": 200, "hidden": (24, 16)}
EVERY = ("losses", "test_losses", "test_accuracies")


@pytest.fixture(scope="module")
def one():
    return train(SPECS, **SMALL)


@pytest.fixture(scope="module")
def many():
    return train(SPECS, seeds=3, **SMALL)


@pytest.fixture(scope="module")
def asked():
    return digits.load()


def diverged(run, row=2):
    """The run, had it diverged just before one of its evaluations."""
    step = int(run.eval_steps[row]) - 1
    changes = {"losses": np.inf, "test_losses": np.inf, "test_accuracies": 0.0, "predictions": NO_PREDICTION}
    changes |= {"dead_outputs": 0, "gradient_norms": np.nan, "update_ratios": np.nan, "seconds": 0.0}
    columns = {name: getattr(run, name).copy() for name in changes}
    for name, column in columns.items():
        column[step if name == "losses" else row :] = changes[name]
    return dataclasses.replace(run, **columns, outcome=TrainingOutcome.DIVERGED, outcome_step=step)


def cut(run, rows):
    """The run, had it been cancelled after so many evaluations."""
    names = "eval_steps test_losses test_accuracies predictions dead_outputs gradient_norms update_ratios seconds"
    columns = {name: getattr(run, name)[:rows] for name in names.split()}
    step = int(run.eval_steps[rows - 1]) if rows else 0
    columns |= {"losses": run.losses[:step], "lrs": run.lrs[:step]}
    return dataclasses.replace(run, **columns, outcome=TrainingOutcome.CANCELLED, outcome_step=step)


def with_runs(training, change):
    """The training with `change`(index, run) in place of each run."""
    return dataclasses.replace(training, runs=tuple(change(i, run) for i, run in enumerate(training.runs)))


def every_figure(training):
    yield layer_health(training)
    yield dead_outputs(training)
    for what in EVERY:
        yield bands(training, what)


def same(trace, x, y):
    np.testing.assert_array_equal(trace.x, x)
    np.testing.assert_array_equal(trace.y, np.asarray(y, "float32"))


def test_layers_are_the_trainings_own_a_column_each(one):
    figure = layer_health(one)
    assert len(figure.data) == 3 * 2 * 3
    assert [a.text for a in figure.layout.annotations] == [
        "layer.0: 784 → 24", "layer.1: 24 → 16", "layer.2: 16 → 10",
    ]  # fmt: skip
    for trace in figure.data:
        number = int((trace.xaxis or "x")[1:] or 1) - 1
        row, layer = divmod(number, 3)
        values = getattr(one[trace.name], list(NAMES)[row])[:, layer]
        same(trace, one[trace.name].eval_steps, np.where(values >= LEAST, values, np.nan))
    assert sum(trace.showlegend for trace in figure.data) == 3


def test_every_curve_has_its_optimizers_colour_dash_and_marker(one):
    for dark in (False, True):
        styles = dict(zip(one.labels, styles_of(["sgd", "adam", "adam"]), strict=True))
        found = [layer_health(one, dark), dead_outputs(one, dark), bands(one, dark=dark)]
        for trace in [trace for figure in found for trace in figure.data]:
            style = styles[trace.name]
            color = style.dark if dark else style.light
            assert (trace.line.color, trace.line.dash, trace.marker.symbol) == (color, style.dash, style.marker)
            assert "%{fullData.name}" in trace.hovertemplate and "step %{x:,}" in trace.hovertemplate


def test_dead_outputs_are_counted_only_where_there_is_a_last_relu(one):
    for trace in dead_outputs(one).data:
        same(trace, one[trace.name].eval_steps, one[trace.name].dead_outputs)
    without = dataclasses.replace(one, spec=dataclasses.replace(one.spec, final_relu=False))
    figure = dead_outputs(without)
    assert not figure.data and figure.layout.annotations[0].text == "The last ReLU is off: no output can die."
    assert pd.isna(results_table.results(without)["dead outputs (of 10)"]).all()


@pytest.mark.parametrize("what", EVERY)
def test_one_seed_is_a_line_and_says_so(one, what):
    figure = bands(one, what)
    assert len(figure.data) == 3 and figure.layout.title.text.endswith("(one seed)")
    for trace in figure.data:
        run = one[trace.name]
        if what == "losses":
            same(trace, np.arange(one.steps), run.losses)  # 40 steps: a mean of one
        else:
            same(trace, run.eval_steps, getattr(run, what) * (100 if what == "test_accuracies" else 1))


@pytest.mark.parametrize("what", EVERY)
def test_several_seeds_are_a_median_and_a_band(many, what):
    figure = bands(many, what)
    assert len(figure.data) == 6 and "median and quartiles of 3 seeds" in figure.layout.title.text
    factor = 100 if what == "test_accuracies" else 1
    for shade, trace in zip(figure.data[::2], figure.data[1::2], strict=True):
        band = many.band(trace.name, what)
        same(trace, band.steps, factor * band.median)
        assert shade.fill == "toself" and shade.name == trace.name
        ends = np.concatenate([band.high, band.low[::-1]])
        same(shade, np.concatenate([band.steps, band.steps[::-1]]), factor * ends)
    with pytest.raises(SpecError, match="accuracy"):
        bands(many, "accuracy")


def test_smoothing_is_a_mean_that_forgets():
    values = np.random.default_rng(0).exponential(size=103)
    plain = [values[max(0, i - 9) : i + 1].mean() for i in range(103)]
    np.testing.assert_allclose(smooth(values, 10), plain, rtol=1e-12)
    values[20] = 1e35  # a spike must not blur what comes after its window
    np.testing.assert_allclose(smooth(values, 10)[30:], plain[30:], rtol=1e-12)
    assert smooth(np.array([]), 10).size == 0
    np.testing.assert_allclose(smooth(values, 1), values)


def test_losses_of_a_long_run_are_smoothed_and_thinned(one):
    long = np.linspace(2.3, 0.1, 100_000)
    training = with_runs(one, lambda i, run: dataclasses.replace(run, losses=long))
    training = dataclasses.replace(training, steps=len(long))
    figure = bands(training, "losses")
    assert "mean of 2500 steps" in figure.layout.title.text
    assert all(len(trace.x) == POINTS and trace.x[-1] == 99_999 for trace in figure.data)
    assert figure.data[0].y[-1] == pytest.approx(long[-2500:].mean(), rel=1e-6)
    assert len(figure.to_json()) < 40_000


def test_a_diverged_run_ends_and_the_others_stay_readable(one):
    training = with_runs(one, lambda i, run: diverged(run) if i == 0 else run)
    spiked = training.runs[0].losses.copy()
    spiked[:5] = [2.3, 1e9, 1e20, 1e30, 3e38]
    training = with_runs(training, lambda i, run: dataclasses.replace(run, losses=spiked) if i == 0 else run)
    losses = bands(training, "losses")
    assert "cut off at 69" in losses.layout.title.text and losses.layout.yaxis.range[1] < 2
    assert np.isnan(losses.data[0].y[training.runs[0].outcome_step :]).all()
    assert np.isnan(bands(training, "test_losses").data[0].y).tolist() == [False] * 2 + [True] * 3
    accuracy = bands(training)
    assert accuracy.data[0].y[-1] == 0 and accuracy.layout.yaxis.range[0] < 0
    assert np.isnan(dead_outputs(training).data[0].y[2:]).all()
    row = results_table.results(training).set_index("optimizer").loc["sgd"]
    assert row["final test loss, nats"] == np.inf and pd.isna(row["dead outputs (of 10)"])
    assert row["ms per step"] == round(1000 * one["sgd"].seconds[1] / one["sgd"].eval_steps[1], 2)
    assert row["status"] == training["sgd"].status and "diverged" in row["status"]


@pytest.mark.parametrize("broken", [1, 2, 3])
def test_a_band_of_which_some_seeds_diverged_leaves_the_picture(many, broken):
    training = with_runs(many, lambda i, run: diverged(run) if i < 3 * broken else run)
    for what in ("losses", "test_losses"):
        figure = bands(training, what)
        top = 10 ** figure.layout.yaxis.range[1]
        shade, median = figure.data[:2]
        assert not np.isnan(shade.y).any()
        if broken == 1:  # the upper quartile is infinite, the median is not
            assert shade.y.max() > top and shade.x.max() == median.x[-1] and not np.isnan(median.y).any()
        else:
            assert shade.x.max() < median.x[-1] and np.isnan(median.y[-1])
    row = results_table.results(training).iloc[0]
    assert row["status"] == {1: "1 diverged, 2 finished", 2: "2 diverged, 1 finished", 3: "3 diverged"}[broken]


def test_seeds_that_were_cut_short_do_not_hide_the_whole_ones(many):
    training = with_runs(many, lambda i, run: run if i < 3 else cut(run, 6 - 3 * (i // 3)))
    figure = bands(training)
    assert figure.layout.title.text.endswith("(one seed)")
    for trace in figure.data:
        same(trace, many[trace.name].eval_steps, 100 * many[trace.name].test_accuracies)
    frame = results_table.results(training)
    assert frame["status"].tolist() == ["1 finished, 2 cancelled"] * 3 and frame["seeds"].tolist() == [1] * 3
    uneven = with_runs(many, lambda i, run: cut(run, 0) if i == 8 else run)
    assert "median and quartiles of 2 to 3 seeds" in bands(uneven).layout.title.text


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_run_that_hardly_began_still_makes_figures(one, many, rows):
    for whole in (one, many):
        training = with_runs(whole, lambda i, run: cut(run, rows))
        for figure in every_figure(training):
            assert figure.to_json() and list(figure.layout.xaxis.range)[1] > training.steps
        frame = results_table.results(training)
        assert len(frame) == 3 and pd.isna(frame["ms per step"]).all() == (rows < 2)
        assert frame["steps to 90 %"].isna().all()


def test_the_matrix_counts_what_was_predicted(one, asked):
    run = one["adam"]
    figure = readings.confusion(run, -1, asked.test_y)
    table = np.zeros((10, 10), int)
    np.add.at(table, (asked.test_y, run.predictions[-1]), 1)
    heat, text = figure.data
    off = ~np.eye(10, dtype=bool)
    np.testing.assert_allclose(np.asarray(heat.z)[off] ** 2, table[off], rtol=1e-5)
    assert (np.diag(heat.z) == -1).all()
    shown = {(i, j): int(n.replace(",", "")) for i, j, n in zip(text.y, text.x, text.text, strict=True)}
    assert shown == {(i, j): table[i, j] for i, j in zip(*np.nonzero(table), strict=True)}
    right, count, size = 100 * run.final_accuracy, table[4, 9], table[4].sum()
    assert figure.layout.title.text == f"adam, step 40: {right:.4g} % of 2,000 read right"
    assert heat.text[4][9] == f"4 read as 9: {count} of {size} ({100 * count / size:.1f} %)"


def test_the_strip_shows_the_first_misread_digits(one, asked):
    run = one["adam"]
    for count in (24, 5, 1):
        figure = readings.misread(run, -1, asked.test_x, asked.test_y, count=count)
        wrong = np.flatnonzero(run.predictions[-1] != asked.test_y)[:count]
        assert list(figure.data[1].text) == [f"{asked.test_y[k]} → {run.predictions[-1][k]}" for k in wrong]
        mosaic, columns = np.asarray(figure.data[0].z), min(12, count)
        for i, k in enumerate(wrong):
            top, left = 42 * (i // columns), 32 * (i % columns)
            np.testing.assert_array_equal(mosaic[top : top + 28, left : left + 28].ravel(), asked.test_x[k])


def test_nothing_misread_and_nothing_read_are_said(one, asked):
    run = one["adam"]
    perfect = dataclasses.replace(run, predictions=np.tile(asked.test_y, (len(run.eval_steps), 1)))
    figure = readings.misread(perfect, -1, asked.test_x, asked.test_y)
    assert not figure.data and figure.layout.annotations[0].text == "No test digit is read wrongly."
    lost = diverged(run)
    figure = readings.misread(lost, -1, asked.test_x, asked.test_y)
    assert not figure.data and "diverged" in figure.layout.annotations[0].text
    figure = readings.confusion(lost, -1, asked.test_y)
    assert figure.layout.title.text == "adam, step 40: diverged, no digit is read" and not len(figure.data[1].x)


@pytest.mark.parametrize("kind", ["pca", "random"])
def test_gauges_are_the_planes_own_and_in_the_trainings_styles(one, kind):
    training = with_runs(one, lambda i, run: diverged(run) if i == 1 else run)  # the first adam is left out
    plane = project(training, kind, resolution=5, digits=100)
    figure = gauges(plane, training)
    assert plane.labels == ("sgd", "adam 2") and len(figure.data) == 2 * 3 + 2
    for i, label in enumerate(plane.labels):
        far, own, on = figure.data[3 * i : 3 * i + 3]
        same(far, plane.snapshot_steps[label], 100 * plane.distances[label])
        same(own, plane.snapshot_steps[label], plane.true_losses[label])
        same(on, plane.snapshot_steps[label], plane.plane_losses[label])
    second = styles_of(["sgd", "adam", "adam"])[2]
    assert (figure.data[3].line.dash, figure.data[3].marker.symbol) == (second.dash, second.marker)
    for i in range(2):
        np.testing.assert_allclose(
            figure.data[6 + i].y, [100 * plane.explained_variance[i], 100 * plane.random_walk[i]]
        )


def test_results_are_the_runs_own(one):
    frame = results_table.results(one, accuracy=0.3).set_index("optimizer")
    assert "seeds" not in frame and list(frame.index) == list(one.labels)
    for label, row in frame.iterrows():
        run = one[label]
        assert row["final test accuracy, %"] == round(100 * run.final_accuracy, 2)
        assert row["best test accuracy, %"] == round(100 * run.best_accuracy, 2)
        assert row["final test loss, nats"] == round(run.test_losses[-1], 4)
        assert row["ms per step"] == round(1000 * run.seconds_per_step, 2)
        assert row["dead outputs (of 10)"] == run.dead_outputs[-1] and row["status"] == run.status
        steps, seconds = run.reached(0.3) or (None, None)
        if steps is None:
            assert pd.isna(row["steps to 30 %"]) and pd.isna(row["seconds to 30 %"])
        else:
            assert (row["steps to 30 %"], row["seconds to 30 %"]) == (steps, round(seconds, 2))


def test_over_seeds_results_are_medians_and_never_is_late(many):
    """Of three seeds one never reaches the accuracy: the median is the later of the others; of two, never."""

    def shaped(i, run):
        accuracies = np.array([0.1, 0.5, 0.95, 0.95, 0.95]) - (0.5 if i // 3 == 0 else 0.1 * (i // 3 == 1))
        return dataclasses.replace(run, test_accuracies=accuracies)

    training = with_runs(many, shaped)
    frame = results_table.results(training, 0.85)
    assert frame["steps to 85 %"].tolist() == [20] * 3 and frame["seeds"].tolist() == [3] * 3
    assert frame["final test accuracy, %"].tolist() == [85.0] * 3
    assert results_table.results(training, 0.9)["steps to 90 %"].isna().all()
    assert frame["status"].tolist() == ["3 finished"] * 3


def test_figures_are_small_and_fit_any_page(one, many, asked):
    plane = project(one, resolution=5, digits=100)
    found = [*every_figure(one), *every_figure(many), gauges(plane, one)]
    found += [
        readings.confusion(one["sgd"], 0, asked.test_y),
        readings.misread(one["sgd"], 0, asked.test_x, asked.test_y),
    ]
    for figure in found:
        assert len(figure.to_json()) < 60_000 and figure.layout.height <= 400
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.font.color is None and figure.layout.template.layout.font.color  # a theme may replace it
    assert isinstance(one, Training) and not bands(one, legend=False).layout.showlegend


@pytest.mark.parametrize(("low", "top"), [(1, 1), (0.5, 2.4), (0.05, 3), (1e-3, 2), (1e-7, 10), (1e-300, 1e300)])
def test_log_axes_have_a_few_ticks(low, top):
    axis = log_axis(low, top, 0.05)
    assert 1 <= len(axis["tickvals"]) <= 9 and len(axis["ticktext"]) == len(axis["tickvals"])
    assert axis["range"][0] < np.log10(low) <= np.log10(top) < axis["range"][1]


def test_the_cost_of_a_target_loss_counts_every_gradient():
    pair = [optimizer("sgd", lr=0.1), optimizer("lbfgs", lr=0.1, max_iter=4)]
    t = train(pair, epochs=1, batch_size=500, hidden=(8,))
    sgd, lbfgs = t["sgd"], t["lbfgs"]
    assert sgd.gradient_evaluations.tolist() == sgd.eval_steps.tolist()
    assert (lbfgs.gradient_evaluations[1:] > lbfgs.eval_steps[1:]).all()
    target = float(np.median(lbfgs.test_losses))
    row = int(np.flatnonzero(lbfgs.test_losses <= target)[0])
    table = training_cost.to_target(t, target).set_index("optimizer").loc["lbfgs"]
    assert table["steps"] == lbfgs.eval_steps[row]
    assert table["gradient evaluations"] == lbfgs.gradient_evaluations[row]
    assert training_cost.to_target(t, 1e-9)["steps"].isna().all()
    assert len(training_cost.curves(t).data) == 6


def test_a_training_that_is_under_way_has_as_many_frames_as_steps_so_far(one):
    whole = network_scenes.network(one).data
    assert (whole["frames"], whole["frame_total"]) == (one.steps, None)
    runs = tuple(dataclasses.replace(run, losses=run.losses[:3], lrs=run.lrs[:3]) for run in one.runs)
    early = dataclasses.replace(one, runs=runs, steps=20_000)
    scene = network_scenes.network(early, live=True).data
    assert scene["frames"] == len(scene["frame_values"]) == 3
    assert scene["frame_total"] == "of 20,000"
    assert {place[-1] for track in scene["tracks"] for place in track["columns"].values()} == {3}


@pytest.mark.parametrize("live", [True, False])
def test_where_the_playhead_rests_is_reported_only_once_the_training_is_over(one, live):
    """A report is a rerun: beside the looks at a training that goes on, one could overtake a click on another page."""
    scene = network_scenes.network(one, live=live).data
    assert (scene["report_rest"], scene["autoplay"]) == (not live, not live)
