"""The Tune page's charts hold the numbers of their sweeps, and what diverges is named, not only coloured."""

import dataclasses
import re

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.export.study_pictures import PICTURES
from optim_viz.figures import maps, rate_curves
from optim_viz.figures.basins import COLORS, STRIP, basin_chart, legend, live_picture, name_minima, share_table
from optim_viz.network.rate_sweep import TrainSweep, TrainSweepSpec, check

LRS = np.geomspace(1e-3, 1.0, 31)


@pytest.fixture(scope="module")
def swept():
    return [ov.sweep("quadratic", ov.optimizer(kind), {"lr": LRS}, steps=60) for kind in ("sgd", "momentum")]


@pytest.fixture(scope="module")
def noisy():
    return ov.sweep("quadratic", ov.optimizer("sgd"), {"lr": LRS}, steps=60, noise=1.0, seeds=8)


@pytest.fixture(scope="module")
def mapped():
    axes = {"lr": np.geomspace(1e-2, 1.0, 24), "momentum": np.linspace(0.0, 0.95, 20)}
    return ov.sweep("quadratic", ov.optimizer("momentum"), axes, steps=100)


def named(figure, text):
    return [trace for trace in figure.data if trace.name and text in trace.name]


def clickable(figure):
    (trace,) = [trace for trace in figure.data if trace.customdata is not None]
    return trace


def test_a_curve_is_its_sweep(swept):
    for curve, s in zip(rate_curves.of_sweeps(swept), swept, strict=True):
        np.testing.assert_array_equal(curve.loss, s.final_loss)
        assert curve.lrs[curve.best] == s.best["lr"]
        assert curve.region.inside[curve.best] and not curve.region.elsewhere.any()
    # Gradient descent on a bowl of curvature 10 diverges from 2 / 10 on: the first rate tried beyond that.
    assert rate_curves.of_sweeps(swept)[0].lost_from == LRS[LRS > 0.2][0]


def test_lost_ranges_cover_what_is_lost_and_nothing_else(swept):
    curve = rate_curves.of_sweeps(swept)[0]
    patchy = dataclasses.replace(curve, lost=np.isin(np.arange(31), (3, 4, 9, 30)))
    inside = np.zeros(31, bool)
    for low, high in patchy.lost_ranges:
        inside |= (patchy.lrs >= low) & (patchy.lrs <= high)
    np.testing.assert_array_equal(inside, patchy.lost)
    assert len(patchy.lost_ranges) == 3


def test_rate_chart_draws_every_loss_that_is_not_lost_and_a_lane_for_the_rest(swept):
    curves = rate_curves.of_sweeps(swept)
    figure = rate_curves.rate_chart(curves, "loss", "diverges", (1e-4, 10.0))
    for i, curve in enumerate(curves):
        (line,) = named(figure, f"{curve.label}, best at")
        kept = ~curve.lost
        drawn = np.array([np.nan if y is None else y for y in line.y])
        assert np.isnan(drawn[~kept]).all()
        floor = drawn[kept].min()
        np.testing.assert_allclose(drawn[kept], np.maximum(curve.loss[kept], floor))
        lane = [t for t in figure.data if t.yaxis == "y2" and t.text and curve.label in t.text[0]]
        assert len(lane) == 1 and lane[0].marker.symbol[0] == "x" and "diverges" in lane[0].text[0]
        points = [t for t in figure.data if t.customdata is not None and t.name == curve.label]
        assert [list(c) for c in points[0].customdata] == [[i, k] for k in range(31)]
    assert len({line.line.dash for line in figure.data if line.name and "best at" in line.name}) == 2


def test_the_band_is_the_middle_half_of_the_seeds(noisy):
    (curve,) = rate_curves.of_sweeps([noisy])
    inside = (noisy.losses >= curve.low) & (noisy.losses <= curve.high)
    assert curve.seeds_differ and (inside.sum(axis=0) >= 4).all()
    figure = rate_curves.rate_chart([curve], "loss", "diverges", (1e-3, 1.0))
    (band,) = named(figure, "half of the seeds")
    assert band.fill == "toself" and len(band.x) == 2 * int((~curve.lost).sum())


def test_the_table_says_best_range_and_end(swept):
    frame = rate_curves.table(rate_curves.of_sweeps(swept), "Loss", "diverges")
    assert list(frame["Optimizer"]) == ["sgd", "momentum"]
    assert frame["Diverges"][0] == f"from {LRS[LRS > 0.2][0]:.2g}"
    assert float(frame["Best learning rate"][0]) == pytest.approx(swept[0].best["lr"], rel=0.05)


def test_a_sentence_for_every_curve_and_a_cell_of_the_table_say_how_wide_the_good_rates_are(swept):
    curves = [dataclasses.replace(curve, near=1e3) for curve in rate_curves.of_sweeps(swept)]
    lines, cells = rate_curves.sentence(curves).split("\n"), rate_curves.table(curves, "Loss", "diverges").iloc[:, 3]
    for curve, line, cell in zip(curves, lines, cells, strict=True):
        ((first, last),) = curve.region.box
        low, high = curve.lrs[first], curve.lrs[last]
        wide = f"{low:.2g} to {high:.2g}, a factor of {float(f'{high / low:.2g}'):g} wide"
        assert line.startswith(f"{curve.label}: best {curve.lrs[curve.best]:.2g}; ") and f"from {wide}" in line
        assert cell.startswith(wide) and high > low


def test_the_sentence_of_a_map_says_how_large_its_good_region_is(mapped):
    said = maps.sentence(mapped, "loss")
    rest = np.maximum(mapped.final_loss[~mapped.diverging], 0)
    good = np.maximum(mapped.final_loss, 1e-16 * rest.max()) <= 10 * max(rest.min(), 1e-16 * rest.max())
    (around,) = re.findall(r"Around it ([\d,]+) of 480 cells", said)
    (apart,) = re.findall(r"([\d,]+) cells? elsewhere", said) or ["0"]
    assert int(around) + int(apart) == good.sum() and int(around) > 1
    assert "lr from " in said and "momentum from " in said
    assert "within twice as many steps" in maps.sentence(mapped, "steps")


def test_a_network_that_guesses_is_lost_only_above_its_best_rate():
    spec = check([ov.optimizer("sgd"), ov.optimizer("adam")], [1e-3, 1e-2, 0.1, 1.0], seeds=2)
    losses = np.array([[2.31, 1.0, 0.5, 2.303], [1.5, 1.2, np.inf, np.inf]])[..., None] + np.array([0.0, 0.02])
    result = TrainSweep(spec, losses, np.zeros_like(losses), np.ones(losses.shape, bool))
    sgd, adam = rate_curves.of_trainings(result)
    assert sgd.lost.tolist() == [False, False, False, True] and adam.lost.tolist() == [False, False, True, True]
    assert (sgd.lost_from, adam.lost_from) == (1.0, 0.1) and sgd.seeds_differ
    cut = dataclasses.replace(result, done=losses < 2.3, cancelled=True)
    for curve, rows in zip(rate_curves.of_trainings(cut), (losses[0], losses[1]), strict=True):
        done = [row[row < 2.3] for row in rows if (row < 2.3).any()]  # of each rate the seeds that are done, if any
        assert curve.loss.tolist() == [np.median(d) for d in done] and curve.low.tolist() == [d.min() for d in done]
    assert isinstance(spec, TrainSweepSpec)
    assert rate_curves.rate_chart([], "loss", "lost", (1e-3, 1.0)).layout.annotations[0].text == "Nothing is done yet."


@pytest.mark.parametrize("dark", [False, True])
def test_the_map_is_the_sweep_and_grey_is_named(mapped, dark):
    figure = maps.map_chart(mapped, "loss", (True, False), dark)
    heat = figure.data[0]
    shown = np.array(heat.z, float)
    np.testing.assert_array_equal(np.isnan(shown), mapped.diverging.T)
    kept = ~mapped.diverging
    floor = maps.FLOOR * mapped.final_loss[kept].max()
    np.testing.assert_allclose(shown.T[kept], np.log10(np.maximum(mapped.final_loss[kept], floor)), rtol=1e-6)
    assert named(figure, "diverges")[0].marker.symbol == "x-thin"
    cells = clickable(figure)
    assert len(cells.x) == mapped.spec.cells
    for x, y, (i, j) in zip(cells.x, cells.y, cells.customdata, strict=True):
        assert (x, y) == (mapped.axes["lr"][i], mapped.axes["momentum"][j])


def test_the_theory_lies_over_the_map_of_momentum_on_a_bowl_only(mapped):
    figure = maps.map_chart(mapped, "loss", (True, False))
    (limit,), (fastest,) = named(figure, "stable up to"), named(figure, "fastest")
    np.testing.assert_allclose(limit.x, 2 * (1 + np.array(limit.y)) / 10)
    assert (fastest.x[0], fastest.y[0]) == pytest.approx((0.2309, 0.2699), abs=1e-3)
    (best,) = named(figure, "best here")
    near = [np.searchsorted(axis, value) for axis, value in zip(mapped.axes.values(), (0.2309, 0.2699), strict=True)]
    assert all(abs(a - b) <= 1 for a, b in zip(near, mapped.best_cell(), strict=True))
    assert best.x[0] in mapped.axes["lr"] and "Polyak 1964; Goh 2017" in maps.sentence(mapped, "loss")
    nesterov = ov.optimizer("momentum", nesterov=True)
    axes = {"lr": [0.1, 0.2], "momentum": [0.1, 0.5]}
    for s in (
        ov.sweep("quadratic", nesterov, axes),
        ov.sweep("rosenbrock", ov.optimizer("momentum"), axes),
        ov.sweep("quadratic", ov.optimizer("momentum"), axes, noise=0.1),
        ov.sweep("quadratic", ov.optimizer("adam"), {"lr": [0.1, 0.2], "beta1": [0.1, 0.5]}),
    ):
        assert maps.known_theory(s) is None


def test_the_theory_is_read_in_the_legend_of_a_light_and_of_a_dark_page(mapped):
    for dark, ink, under in ((False, "black", "white"), (True, "white", "black")):
        figure = maps.map_chart(mapped, "loss", (True, False), dark)
        (limit,) = named(figure, "stable up to")
        below = [trace for trace in figure.data if trace.type == "scatter" and trace.line.width == 4]
        assert limit.line.color == ink and [trace.line.color for trace in below] == [under]


def test_axes_may_be_swapped_and_steps_shown(mapped):
    axes = {"momentum": mapped.axes["momentum"], "lr": mapped.axes["lr"]}
    s = ov.sweep("quadratic", ov.optimizer("momentum"), axes, steps=100)
    figure = maps.map_chart(s, "steps", (False, True))
    (limit,) = named(figure, "stable up to")
    np.testing.assert_allclose(limit.y, 2 * (1 + np.array(limit.x)) / 10)
    shown = np.array(figure.data[0].z, float).T
    arrived = np.isfinite(s.steps_to)
    np.testing.assert_allclose(shown[arrived], np.log10(s.steps_to[arrived]))
    assert np.isnan(shown[~arrived]).all() and named(figure, "does not arrive")
    assert s.steps_to[s.best_cell("steps")] == s.steps_to.min()


def test_a_run_that_passes_by_and_leaves_is_not_the_best():
    axes = {"lr": np.geomspace(0.1, 10.0, 24), "beta1": np.linspace(0.0, 0.999, 24)}
    s = ov.sweep("rosenbrock", ov.optimizer("adam"), axes, steps=500)
    assert np.isfinite(s.steps_to[s.diverging]).any()  # there are such runs
    assert not s.diverging[s.best_cell("steps")]
    shown = np.array(maps.map_chart(s, "steps", (True, False)).data[0].z, float).T
    assert np.isnan(shown[s.diverging]).all()


def test_where_every_run_diverges_none_is_the_best():
    lost = ov.sweep("quadratic", ov.optimizer("sgd"), {"lr": [1e5, 1e6], "x": [1.0, 2.0]}, steps=500)
    assert named(maps.map_chart(lost, "loss", (True, False)), "best here") == []
    said = maps.sentence(lost, "loss")
    assert said.startswith("4 runs. 100% of the map diverges") and "Best" not in said
    assert named(maps.map_chart(lost, "loss", (True, False)), "diverges")


def test_a_fine_map_has_clicks_on_some_cells_and_they_are_cells():
    axes = {"lr": np.geomspace(1e-2, 0.1, 130), "momentum": np.linspace(0.0, 0.9, 20)}
    s = ov.sweep("quadratic", ov.optimizer("momentum"), axes, steps=5)
    cells = clickable(maps.map_chart(s, "loss", (True, False)))
    assert len(cells.x) == 65 * 20
    assert all(x == s.axes["lr"][i] for x, (i, _) in zip(cells.x, cells.customdata, strict=True))
    assert len(cells.hovertext) == len(cells.x) and cells.hovertemplate.endswith("%{hovertext}<extra></extra>")
    assert (cells.mode, cells.text) == ("text", None)  # nothing is drawn for them


@pytest.fixture(scope="module")
def basins():
    specs = (ov.optimizer("sgd", lr=0.01), ov.optimizer("sgd", lr=0.2), ov.optimizer("adam", lr=0.1))
    return [ov.basins("himmelblau", spec, resolution=24) for spec in specs]


def test_minima_have_the_same_name_for_every_optimizer(basins):
    named_ = name_minima(basins)
    assert len(named_.minima) == 4
    for b, labels in zip(basins, named_.labels, strict=True):
        np.testing.assert_array_equal(labels == -1, b.labels == -1)
        reached = b.labels >= 0
        np.testing.assert_allclose(named_.minima[labels[reached]], b.minima[b.labels[reached]], atol=1e-3)
    for i, b in enumerate(basins):
        shares = named_.shares(i)
        assert shares.sum() == pytest.approx(1.0) and shares[-1] == pytest.approx(b.lost) and shares[-2] == 0.0
    assert basins[1].lost == 1.0  # the learning rate is far too large


def test_many_minima_beyond_the_colours_are_others():
    named_ = name_minima([ov.basins("rastrigin", ov.optimizer("sgd", lr=0.001), resolution=24)])
    assert len(named_.minima) == len(COLORS)
    assert named_.shares(0)[-2] > 0.1 and "other minima" in legend(named_)
    assert "other minima" in share_table(named_)


def test_basin_chart_and_table(basins):
    named_ = name_minima(basins)
    for i, b in enumerate(basins):
        figure = basin_chart(named_, i)
        np.testing.assert_array_equal(np.array(figure.data[0].z) == 5, b.labels == -1)
        starts = clickable(figure)
        assert len(starts.x) == 24 * 24 and (starts.mode, starts.text) == ("text", None)
        for x, y, (row, column) in zip(starts.x, starts.y, starts.customdata, strict=True):
            assert (x, y) == (b.x[column], b.y[row])
        assert figure.layout.title.text == named_.optimizers[i]
    frame = share_table(named_)
    assert list(frame["lost"]) == [f"{b.lost:.1%}" for b in basins] and "other minima" not in frame
    assert legend(named_).count("<span style") == 5


def test_basins_of_a_function_of_x_alone_are_a_strip():
    own = ov.surface("x^4 - 3x^2 + x", bounds=(-2.5, 2.5, 1.0, 4.0))
    found = name_minima([ov.basins(own, ov.optimizer(kind, lr=0.01), resolution=8) for kind in ("sgd", "adam")])
    figure = basin_chart(found, 0)
    assert figure.layout.height == STRIP and not figure.layout.yaxis.visible
    assert [name[:3] for name in found.names] == ["A (", "B ("] and not any("," in name for name in found.names)
    (minima,) = named(figure, "minima")
    assert set(minima.y) == {2.5} and clickable(figure).hovertemplate.startswith("from %{x:.3g}<br>")
    assert live_picture(found, 0)[0]["reach"] == pytest.approx(5e-3)


def test_where_the_lowest_known_loss_is_not_0_a_map_says_that_it_shows_what_lies_above_it():
    axes = {"lr": np.geomspace(1e-3, 1.0, 12), "momentum": np.linspace(0.0, 0.9, 10)}
    high = ov.sweep("x^2 + 10*y^2 + 5", ov.optimizer("momentum"), axes, steps=100)
    figure, said = maps.map_chart(high, "loss", (True, False)), maps.sentence(high, "loss")
    assert figure.data[0].colorbar.title.text == "loss after the last step, above the lowest known (5)"
    rest = high.final_loss[~high.diverging] - 5.0
    assert np.nanmax(np.array(figure.data[0].z, float)) == pytest.approx(np.log10(rest.max()))
    near = "within a factor of 10 of that loss, both taken above the lowest known (5)"
    assert near in said or "above the lowest known, 5)" in said
    assert "lowest known" not in maps.sentence(high, "steps")
    assert maps.map_chart(high, "steps", (True, False)).data[0].colorbar.title.text == "steps to arrive"
    plain = ov.sweep("quadratic", ov.optimizer("momentum"), axes, steps=100)
    assert maps.map_chart(plain, "loss", (True, False)).data[0].colorbar.title.text == "loss after the last step"
    assert "lowest known" not in maps.sentence(plain, "loss")
    low = ov.sweep("styblinski_tang", ov.optimizer("momentum"), axes, steps=100)
    assert near.replace("(5)", "(-78.33)") in maps.sentence(low, "loss")


def test_a_map_says_how_far_a_run_has_come_at_its_step():
    s = ov.sweep("quadratic", "sgd", {"lr": [1e-3, 0.1], "x": [1.0, 2.0]}, steps=100, tolerance=0.01)
    assert np.isfinite(s.steps_to).any(axis=1).tolist() == [False, True]
    loss, step = s.final_loss[1, 1], s.steps_to[1, 1]
    assert maps._told(s, 1, 1) == f"loss {loss:.3g}, at most 1 % of the way down left at step {step:g}"
    assert maps._told(s, 0, 0).endswith(", more than 1 % of the way down left")


def test_a_rate_is_told_with_its_loss_as_it_is():
    s = ov.sweep("x^2 + 10*y^2 - 5", ov.optimizer("sgd"), {"lr": LRS}, steps=60)
    (curve,) = rate_curves.of_sweeps([s])
    (points,) = [t for t in rate_curves.rate_chart([curve], "", "", (1e-3, 1.0)).data if t.customdata is not None]
    assert "loss %{text}" in points.hovertemplate and curve.floor == -5.0
    for text, end in zip(points.text, s.final_loss, strict=True):
        assert text.split("<br>") == [f"{end:.4g}", f"{max(end + 5.0, 0.0):.3g} above the lowest known"]
    (said,) = rate_curves.sentence([curve]).split("\n")
    assert said.count("of that loss, both taken above the lowest known (-5)") >= 1
    beneath = dataclasses.replace(curve, ends=curve.ends - 100.0)
    assert all(text.endswith("<br>below the lowest loss known") for text in rate_curves._told(beneath)[:5])
    rounded = dataclasses.replace(curve, ends=np.full(31, -5.0 - 1e-14), loss=np.zeros(31))
    assert set(rate_curves._told(rounded)) == {"-5<br>0 above the lowest known"}
    frame = PICTURES["rates"].table([s])
    assert float(frame["Loss there, above the lowest known (-5)"][0]) == pytest.approx(curve.loss[curve.best], rel=0.05)
    assert "Loss there" in PICTURES["rates"].table([ov.sweep("quadratic", "sgd", {"lr": LRS}, steps=60)])
