"""What the player is given equals the trajectory, in float32, and the inspector names columns that are there."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.lessons import links, pictures, results
from optim_viz.lessons.table import LESSONS, lesson
from optim_viz.network.recording import gathered
from optim_viz.optimizers.cycled import cycled_name
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.player import network_scenes, recording_scenes, scenes
from optim_viz.player.cards import inspector
from optim_viz.player.fits import FITS
from optim_viz.surfaces import descent
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.examples import DATASETS, examples
from optim_viz.surfaces.table import SURFACES


def column(scene, track, name):
    offset, count, *times = track["columns"][name]
    values = np.frombuffer(scene.blobs[track["blob"]], "<f4")[offset : offset + count]
    return np.repeat(values, times[0]) if times else values


@pytest.fixture(scope="module")
def every():
    specs = [ov.optimizer(kind, lr=0.01) for kind in ON_SURFACES]
    runs = ov.descend("quadratic", specs, steps=30)
    return runs, scenes.compare(runs)


def test_tracks_hold_the_trajectories(every):
    runs, scene = every
    for run, track in zip(runs, scene.data["tracks"], strict=True):
        assert np.array_equal(column(scene, track, "x"), run.points[:, 0].astype("f4"))
        assert np.array_equal(column(scene, track, "loss"), run.losses.astype("f4"))
        assert np.array_equal(column(scene, track, "gy"), run.gradients[:, 1].astype("f4"))
        for name, values in run.state.items():
            assert np.array_equal(column(scene, track, f"state.{name}.y"), values[:, 1].astype("f4"), equal_nan=True)
        assert track["status"] == run.status


def test_a_function_of_x_alone_is_a_curve_and_may_be_a_map():
    runs = ov.descend(ov.surface("x^3 + sqrt(x + 1)", bounds=(-2, 2, -1, 1)), ov.optimizer("sgd"), start=1.5, steps=9)
    data = scenes.compare(runs).data
    curve, _ = scenes.shown(data)
    x = np.linspace(-2, 2, len(curve["heights"]))
    with np.errstate(invalid="ignore"):
        wanted = x**3 + np.sqrt(x + 1)
    assert [height is None for height in curve["heights"]] == np.isnan(wanted).tolist()
    np.testing.assert_allclose(np.array(curve["heights"], float), wanted, rtol=1e-6)
    low, high = curve["bounds"][2:]
    assert low < np.nanmin(wanted) and runs["sgd"].losses.max() < high
    for drawn, plane in (("map", False), ("equal", True)):
        changed = scenes.compare(descent.run(replace(runs.spec, drawn=drawn))).data
        assert [(panel["id"], panel.get("equal")) for panel in scenes.shown(changed)] == [
            ("plane", plane),
            ("loss", None),
        ]
        assert changed["key"] == data["key"] and changed["live"]["drawn"] == drawn


def test_losses_are_shown_by_gradient_evaluations_where_these_are_not_the_steps(every):
    runs, scene = every
    cost = scene.data["panels"][2]
    assert (cost["x"], cost["y"], cost["readout"]) == ("evaluations", "loss", "evaluations")
    for run, track in zip(runs, scene.data["tracks"], strict=True):
        assert np.array_equal(column(scene, track, "evaluations"), run.gradient_evaluations)
    plain = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd"), ov.optimizer("adam")], steps=30))
    assert [panel["id"] for panel in plain.data["panels"]] == ["plane", "loss"]
    assert all("evaluations" not in track["columns"] for track in plain.data["tracks"])


def test_inspector_names_only_what_is_there(every):
    runs, scene = every
    for run, track in zip(runs, scene.data["tracks"], strict=True):
        shown = track["inspector"]
        known = set(track["columns"]) | set(shown["hyperparameters"])
        for line in shown["numbers"]:
            for name in re.findall(r"\{([^{}]+)\}", line):
                assert name.split("@")[0] in known, (run.label, line)
        for names in [row["columns"] for row in shown["rows"]] + list(shown["arrows"].values()):
            assert set(names) <= set(track["columns"])


def test_every_optimizer_has_its_card():
    assert len({row.card.symbolic for row in OPTIMIZERS.values()}) == len(OPTIMIZERS)
    for kind, row in OPTIMIZERS.items():
        assert row.card.symbolic and row.card.move, kind
        assert row.card.pull in {"", *row.state_names(ov.optimizer(kind).hyperparameters)}, kind


def test_the_inspectors_arithmetic_holds(every):
    """The lines "a <- ... = b" of momentum and adam, evaluated with the trajectory's own numbers."""
    runs, _ = every
    m, a = runs["momentum"], runs["adam"]
    v = m.state["momentum_buffer"]
    np.testing.assert_allclose(0.9 * v[5] + m.gradients[5], v[6])
    np.testing.assert_allclose(m.points[5] - 0.01 * v[6], m.points[6])
    first, second = a.state["exp_avg"], a.state["exp_avg_sq"]
    np.testing.assert_allclose(0.9 * first[5] + 0.1 * a.gradients[5], first[6])
    np.testing.assert_allclose(0.999 * second[5] + 0.001 * a.gradients[5] ** 2, second[6])


def variants(kind):
    """An optimizer with each of its switches on and each of its numbers changed, alone, and with what acts together."""
    row, known = OPTIMIZERS[kind], {h.name for h in OPTIMIZERS[kind].hyperparameters}
    changed = {
        "weight_decay": 0.5,
        "momentum": 0.7,
        "dampening": 0.4,
        "lr_decay": 0.1,
        "initial_accumulator_value": 2.0,
    }
    base = {"lr": 0.005}
    yield base
    if kind != "lbfgs":
        yield base | {"lr_scale": (0.5, 2.0)}
    yield base | {"clip_norm": 3.0}
    for h in row.hyperparameters:
        if h.scale == "bool":
            yield base | {h.name: True}
        elif h.name in changed:
            yield base | {h.name: changed[h.name]}
        elif h.name not in ("lr", "max_iter", "max_eval"):
            yield base | {h.name: max(h.minimum or 0.0, h.default * 0.9)}
    if "maximize" in known and "weight_decay" in known:
        yield base | {"maximize": True, "weight_decay": 0.5, "lr_scale": (1.0, 0.3)}
    if "decoupled_weight_decay" in known:
        yield base | {"decoupled_weight_decay": True, "weight_decay": 0.5, "maximize": True}
    if kind == "momentum":
        yield base | {"momentum": 0.0, "dampening": 0.5, "weight_decay": 0.5}
        yield base | {"nesterov": True, "weight_decay": 0.5, "maximize": True}
    if cycled_name(kind):
        yield base | {"schedule": ov.schedule("cyclic", step_size_up=3, cycle_momentum=True), "lr_scale": (1.0, 0.3)}
    if kind == "sgd":
        yield base | {"schedule": ov.schedule("cosine", T_max=6, eta_min=0.003), "lr_scale": (0.5, 2.0)}
        yield base | {
            "schedule": ov.schedule("plateau", patience=0, threshold=0.9, min_lr=0.002),
            "lr_scale": (0.5, 2.0),
        }


CONDITION = re.compile(r"\[(!?)([^?\[\]]+)\?([^\[\]]*)\]")


def settled(line, value):
    """A template with what its conditions keep, as the player's template.js has it."""
    found = CONDITION.sub(lambda m: m[3] if bool(value(m[2])) != bool(m[1]) else "", line)
    return found if found == line else settled(found, value)


def shown_lines(run):
    """The inspector's lines of a run that work something out, with the numbers of every row before a step."""
    shown = inspector(run.spec)
    columns = scenes._columns(run, costly=False, still=False)
    for row in range(len(run.losses) - 1):

        def value(name, row=row):
            base, _, shift = name.partition("@")
            known = shown["hyperparameters"] | {"row": row}
            return float(columns[base][row + int(shift or 0)] if base in columns else known[base])

        for template in shown["numbers"]:
            line = settled(template, value)
            if " = " in line and "η" not in line:
                yield template, re.sub(r"\{([^{}]+)\}", lambda m: f"({value(m[1])!r})", line)


def worked_out(text):
    """What arithmetic as people write it comes to."""
    python = re.sub(r"\|([^|]*)\|", r"abs(\1)", text).replace("−", "-").replace("·", "*").replace("²", "**2")
    return eval(python, {"__builtins__": {}, "max": max, "abs": abs})  # noqa: S307 - lines of our own


@pytest.mark.parametrize("kind", ON_SURFACES)
def test_the_inspectors_lines_are_true_whatever_is_on(kind):
    counted = 0
    for given in variants(kind):
        run = ov.descend("himmelblau", ov.optimizer(kind, **given), start=(-0.5, -1.0), steps=8).trajectories[0]
        for template, line in shown_lines(run):
            made, result = re.sub(r"^[xy]:  (\w+ ← )?", "", line).split(" = ")
            assert worked_out(made) == pytest.approx(worked_out(result), rel=1e-5, abs=1e-12), (given, template, line)
            counted += 1
    without = {"rprop", "lbfgs", "asgd"}  # their lines say what is before and after
    assert (counted > 0) == (kind not in without)


def test_a_formula_says_what_is_added_to_it():
    for kind, row in OPTIMIZERS.items():
        for h in row.hyperparameters:
            on = row.settings_on(ov.optimizer(kind).hyperparameters | {h.name: True if h.scale == "bool" else 0.25})
            if h.name in ("maximize", "amsgrad", "centered", "lr_decay", "line_search_fn", "decoupled_weight_decay"):
                assert re.search(rf"\b{h.name}\b", on), kind
            if h.name == "weight_decay":
                assert (on == "weight_decay 0.25") == (kind not in ("adamw", "muon")), kind
    momentum = OPTIMIZERS["momentum"]
    assert momentum.settings_on(ov.optimizer("momentum", nesterov=True).hyperparameters) == "nesterov"
    assert momentum.settings_on(ov.optimizer("momentum", dampening=0.5).hyperparameters) == "dampening 0.5"
    assert OPTIMIZERS["rmsprop"].settings_on({"momentum": 0.5}) == "momentum 0.5"
    assert all(row.added == tuple(inspector(ov.optimizer(kind))["added"]) for kind, row in ON_SURFACES.items())


def test_x_and_y_have_rates_of_their_own_where_there_are_factors():
    plan = ov.schedule("cosine", T_max=10, eta_min=0.001)
    specs = [ov.optimizer("sgd", lr=0.01), ov.optimizer("sgd", lr=0.01, lr_scale=(0.5, 2.0), schedule=plan)]
    scene = scenes.compare(ov.descend("quadratic", specs, steps=10))
    plain, apart = scene.data["tracks"]
    assert "lr.x" not in plain["columns"]
    assert column(scene, apart, "lr.x")[[0, 10]] == pytest.approx([0.005, 0.001])  # no factor of the rate that is shown
    assert column(scene, apart, "lr.y")[[0, 10]] == pytest.approx([0.02, 0.001])


def test_a_run_that_did_not_change_keeps_its_blob_and_so_does_the_surface():
    start = {"start": (1.0, 1.0), "steps": 50}
    a = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd"), ov.optimizer("adam")], **start))
    b = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd"), ov.optimizer("adam", lr=0.1)], **start))
    assert len(set(a.blobs) - set(b.blobs)) == 1 and len(set(b.blobs) - set(a.blobs)) == 1


def test_eight_runs_of_1000_steps_are_small():
    specs = [ov.optimizer("adam", lr=0.01 * i, amsgrad=True) for i in range(1, 9)]
    scene = scenes.compare(ov.descend("rosenbrock", specs, steps=1000))
    assert sum(map(len, scene.blobs.values())) < 500_000


def test_overflow_is_drawn_as_the_end_of_a_run_without_a_warning():
    scene = scenes.compare(ov.descend("rosenbrock", [ov.optimizer("sgd", lr=1.0)], steps=50))
    track = scene.data["tracks"][0]
    assert "diverged" in track["status"] and np.isnan(column(scene, track, "x")[track["status_from"]])


@pytest.mark.parametrize("row", SURFACES.values(), ids=lambda row: row.name)
def test_data_are_shown_where_there_are_some(row):
    spec = descent.check(row, [ov.optimizer("sgd", lr=0.01)], steps=3, batch_size=4 if row.data else None, seed=5)
    panels = {panel["id"]: panel for panel in scenes.compare(descent.run(spec)).data["panels"]}
    assert list(panels) == (["plane", "fit", "loss"] if row.data else ["plane", "loss"])
    assert (panels["plane"]["x_title"], panels["plane"]["y_title"]) == (("b", "w") if row.data else ("x", "y"))
    if row.data:
        fit = panels["fit"]
        assert np.array_equal(fit["points"], examples(row.data)) and fit["drawn"] == {"seed": 5, "batch": 4}
        assert fit["alt"] and fit["title"] and fit["x_title"] and fit["y_title"]
        u0, u1, v0, v1 = fit["bounds"]
        u, v = examples(row.data).T
        shown = v if fit["curve"] == "line" else v > 0
        assert u0 < u.min() and u.max() < u1 and v0 < shown.min() and shown.max() < v1
        assert row.title.lower() in fit["alt"]
        assert row.called == "f(b, w)" and not re.search(r"\b[xy]\b", compiled(row).latex)


def test_every_data_set_has_its_picture():
    assert set(FITS) == set(DATASETS)


@pytest.mark.parametrize(("batch_size", "said"), [(4000, "Mini-batch loss"), (8000, "Training loss")])
def test_a_step_that_sees_all_digits_has_no_mini_batch(batch_size, said):
    t = ov.train(ov.optimizer("sgd"), epochs=2, batch_size=batch_size, hidden=(4,))
    loss, _ = network_scenes.network(t).data["panels"]
    assert str(loss["title"]) == said


def test_a_plane_of_weights_shows_shadows_and_no_surface_does():
    t = ov.train(ov.optimizer("sgd"), epochs=2, batch_size=400, hidden=(4,))
    plane = network_scenes.network(t, ov.project(t, resolution=5, digits=100)).data["panels"][0]
    row = LESSONS["weight-decay"]
    surfaces = pictures.together(row, [*results.results(row).values()]).data["panels"]
    assert plane["shadow"] and surfaces and not any(panel.get("shadow") for panel in surfaces)


def test_accuracies_are_told_as_they_were_last_measured():
    training = ov.train("sgd", epochs=1, batch_size=500, hidden=(4,))
    run, scene = training["sgd"], network_scenes.network(training)
    (shown,) = scene.data["tracks"]
    told = column(scene, shown, "evaluated")
    known = dict(zip(run.eval_steps.tolist(), 100 * run.test_accuracies, strict=True))
    assert len(told) == 16 and len(known) < 16
    for step, value in enumerate(told, 1):
        assert value == np.float32(known[max(one for one in known if one <= step)])
    (panel,) = (panel for panel in scene.data["panels"] if panel["id"] == "accuracy")
    assert (panel["told"], panel["y"]) == ("evaluated", "accuracy")


@pytest.mark.parametrize(("steps", "known"), [(40, True), (600, False)])
def test_a_step_on_a_plane_of_weights_is_told_where_every_step_has_its_snapshot(steps, known):
    torch.manual_seed(0)
    model, data = torch.nn.Linear(3, 1).double(), torch.randn(50, 3, dtype=torch.float64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    recorder = ov.record(model, optimizer=optimizer)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (model(data) - data.sum(1, keepdim=True)).square().mean()
        loss.backward()
        optimizer.step()
        recorder.step(loss.item())
    plane = ov.project(recorder, loss=lambda m, d: (m(d) - d.sum(1, keepdim=True)).square().mean(), data=data)
    scene = recording_scenes.recorded(gathered(recorder), plane)
    (shown,) = scene.data["tracks"]
    assert ("da" in shown["columns"]) is known
    if known:
        (path,) = plane.coordinates.values()
        np.testing.assert_allclose(column(scene, shown, "da")[:-1], np.diff(path[1:, 0]), rtol=1e-6)


def closes_in(params):
    return torch.optim.SGD(params, lr=0.45)


@pytest.mark.parametrize(
    ("spec", "still", "brought"),
    [
        (ov.optimizer("sgd", lr=0.45), False, False),  # the browser makes it anew, with all digits
        (ov.optimizer("sgd", lr=0.45), True, True),
        (closes_in, False, True),
        (ov.optimizer("lbfgs", lr=0.5, tolerance_change=0.0), False, True),
        (ov.optimizer("lbfgs", lr=1e-3), False, False),  # its steps are long enough to be told by where it is
    ],
)
def test_steps_too_short_for_float32_are_brought_along_where_nobody_computes_them(spec, still, brought):
    runs = ov.descend("(x-3)^2+(y-2)^2", spec, start=(1, 1), steps=12)
    scene = scenes.compare(runs, still)
    (track,) = scene.data["tracks"]
    assert ("dx" in track["columns"]) is brought
    if brought:
        steps = np.diff(next(iter(runs)).points, axis=0)
        told = [column(scene, track, name)[:-1] for name in ("dx", "dy")]
        np.testing.assert_array_equal(np.transpose(told), np.float32(steps))
        assert np.abs(steps[steps != 0]).min() < 20 * np.spacing(np.float32(3))


def test_pictures_beside_each_other_keep_the_steps_of_their_runs():
    row = lesson("momentum")
    found = [results.result(experiment) for experiment in links.shown(row)]
    alone = [track["columns"] for one in found for track in pictures.scene(one, "").data["tracks"]]
    beside = [track["columns"] for track in pictures.together(row, found).data["tracks"]]
    assert [sorted(columns.keys() & {"dx", "dy"}) for columns in alone] == [
        sorted(name[0] + name[3:] for name in columns if name[0] == "d" and name[1].isdigit()) for columns in beside
    ]
    assert any("dx" in columns for columns in alone)
