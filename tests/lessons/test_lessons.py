"""Every lesson's claim and its limit are measured; what is linked or stored gives the same numbers again."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.experiments import links
from optim_viz.export.drawing import Drawing, styled
from optim_viz.lessons import matrix_store, measures, own_runs, pictures, results, store, table
from optim_viz.lessons.lesson import Finding
from optim_viz.lessons.predictions import PREDICTIONS
from optim_viz.network import matrix_task, train
from optim_viz.network.project import project
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player import network_scenes, scenes
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, OptimizerSpec, SpecError
from optim_viz.surfaces import descent

ROWS = pytest.mark.parametrize("row", table.LESSONS.values(), ids=table.LESSONS)
EXPERIMENTS = [(row, e) for row in table.LESSONS.values() for e in row.all_experiments]
ON_SURFACES = [pytest.param(e, id=f"{r.slug} {e.name}") for r, e in EXPERIMENTS if isinstance(e.spec, DescentSpec)]
TRAININGS = [pytest.param(e, id=f"{r.slug} {e.name}") for r, e in EXPERIMENTS if isinstance(e.spec, NetworkSpec)]
ON_MATRICES = [pytest.param(e, id=f"{r.slug} {e.name}") for r, e in EXPERIMENTS if isinstance(e.spec, MatrixSpec)]
#: Defaults that differ from every lesson in every key that a link has.
DESCENT = descent.check("matyas", ov.optimizer("rprop"), steps=7, noise=3.0, seed=99)
MATRIX = matrix_task.check("rprop", condition=7, shape=(7, 7), steps=7, seed=99, seeds=2)
NETWORK = train.check(ov.optimizer("rprop"), epochs=7, batch_size=7, hidden=(7,), final_relu=True, seed=99, seeds=2)


@ROWS
def test_claim_and_limit_hold_as_measured(row):
    found = results.results(row)
    verdict = results.verdict(row, found)
    assert verdict.holds, (verdict.sentence, verdict.numbers)
    assert verdict.limit_holds, (verdict.limit_sentence, verdict.numbers)
    for finding in (row.finding, row.limit.finding):
        assert finding.holds
        names = {name for left, _, right in finding.holds for name in (left, right) if isinstance(name, str)}
        assert names <= set(finding.numbers)
    assert not set(row.finding.numbers) & set(row.limit.finding.numbers)
    # A noisy experiment is judged over at least five seeds, or three where it is a search of many rates.
    for result in found.values():
        spec = result.experiment.spec
        noisy = isinstance(spec, DescentSpec) and (spec.noise > 0 or spec.batch_size not in (None, 24))
        assert not noisy or len(result.comparisons) >= 5


@pytest.mark.parametrize("experiment", ON_SURFACES)
def test_a_picture_has_an_axis_for_every_weight_that_moves(experiment):
    """A function of x alone is a curve over x unless a lesson asks for a map: on a curve nobody would see y move."""
    if experiment.spec.as_curve:
        assert all(np.ptp(run.points[:, 1]) == 0.0 for run in descent.run(experiment.spec))


@ROWS
def test_what_is_read_before_the_picture_is_short_and_names_its_source(row):
    before = f"{row.claim} {row.text}"
    assert 40 < len(before.split()) < 120
    assert len(row.claim.split()) < 30 and row.claim.endswith(".")
    assert row.source.author and row.source.title and 1800 < row.source.year < 2100
    assert str(row.source.year) not in row.text  # it is cited once, below the text
    assert 2 <= len(row.experiments) <= 3 and row.limit.experiments
    assert row.look and row.limit.text and row.question.endswith("?") and row.answer and row.title
    names = [experiment.name for experiment in row.all_experiments]
    assert len(set(names)) == len(names) and row[names[0]] is row.all_experiments[0]
    assert all(name in OPTIMIZERS for name in row.optimizers) and row.optimizers


def through_a_link(spec):
    table, default = {
        DescentSpec: (links.DESCENT, DESCENT),
        NetworkSpec: (links.TRAINING, NETWORK),
        MatrixSpec: (links.MATRIX, MATRIX),
    }[type(spec)]
    query = urlencode(links.write(table, spec, default), doseq=True)
    found, notes = links.read(table, parse_qs(query, keep_blank_values=True), default)
    assert notes == []
    return found


@pytest.mark.parametrize("experiment", ON_SURFACES)
def test_a_link_to_a_comparison_gives_the_same_numbers(experiment):
    opened = through_a_link(experiment.spec)
    assert opened == experiment.spec
    here = results.result(replace(experiment, seeds=1)).shown
    for run in descent.run(opened):
        assert np.array_equal(run.points, here[run.label].points, equal_nan=True)
        assert np.array_equal(run.losses, here[run.label].losses)
    assert len(scenes.compare(here).blobs) >= len(here)  # the player can draw it, the lesson's own optimizers included


@pytest.mark.parametrize("experiment", TRAININGS)
def test_a_link_to_a_training_opens_it_and_the_player_draws_what_is_stored(experiment):
    spec = experiment.spec
    assert through_a_link(spec) == spec
    assert train.check(*(getattr(spec, name) for name in spec.__dataclass_fields__)) == spec
    training, plane = store.load(experiment)
    assert training.labels == tuple(o.label or o.kind for o in spec.optimizers)
    assert len(training) == len(spec.optimizers) * spec.seeds
    assert (plane.kind if plane else "") == experiment.plane
    scene = network_scenes.network(training, plane)
    assert scene.data["frames"] == training.steps
    assert len(scene.blobs) >= len(training.labels) + (plane is not None)


@pytest.mark.parametrize("experiment", ON_MATRICES)
def test_a_link_to_a_matrix_task_opens_it_and_its_first_run_is_stored(experiment):
    spec = experiment.spec
    assert through_a_link(spec) == spec
    stored = matrix_store.load(spec)
    assert len(stored) == len(spec.optimizers) * spec.seeds and stored.spec == spec
    alone = replace(spec, optimizers=spec.optimizers[:1], seeds=1)
    run, kept = matrix_task.run(alone).runs[0], stored.runs[0]
    # Muon's steps are rounded to bfloat16, elsewhere perhaps to another number: its first steps count.
    assert kept.losses[:10] == pytest.approx(run.losses[:10], rel=1e-2)
    assert kept.lrs == pytest.approx(run.lrs) and kept.status == run.status


def test_the_store_of_matrix_tasks_holds_what_the_lessons_need_and_no_more():
    assert set(matrix_store.keys()) == {matrix_store.key(spec) for spec, _ in matrix_store.tasks()}
    assert matrix_store.FILE.stat().st_size <= 300_000
    with pytest.raises(SpecError, match="run python -m"):
        matrix_store.load(MATRIX)


def test_packing_a_matrix_task_loses_only_what_it_says():
    found = matrix_task.run(matrix_task.check([ov.optimizer("sgd", lr=1e6), "adam"], steps=99, shape=(3, 2), seeds=2))
    for drawn in (True, False):
        again = matrix_store.unpack(found.spec, matrix_store.pack(found, drawn))
        for a, b in zip(again, found, strict=True):
            assert (a.spec, a.label, a.seed, a.status) == (b.spec, b.label, b.seed, b.status)
            with np.errstate(over="ignore"):
                assert np.array_equal(a.losses, b.losses.astype(np.float32))
            assert a.errors[-1, 0] == pytest.approx(b.errors[-1, 0], rel=1e-6)
        assert again["adam"].errors.shape == (found["adam"].errors.shape if drawn else (1, 1))


def test_the_store_holds_what_the_lessons_need_and_no_more():
    assert set(store.keys()) == {store.key(spec) for spec in store.trainings()}
    assert store.FILE.stat().st_size <= 300_000


@pytest.mark.parametrize("number", range(0, len(store.trainings()), 3))
def test_the_store_begins_as_training_does(number):
    """One run of every third training: another machine's rounding grows in a fast run, so its first steps count."""
    spec = list(store.trainings())[number]
    training = train.run(replace(spec, optimizers=spec.optimizers[-1:], epochs=1, seeds=1))
    stored = store.unpack(spec, store.part(spec))
    run, kept = training.runs[0], stored[stored.labels[-1]]
    assert kept.losses[:20] == pytest.approx(run.losses[:20], rel=1e-3)
    assert kept.test_losses[0] == pytest.approx(run.test_losses[0], rel=1e-5)
    assert kept.spec == run.spec and kept.seed == run.seed


def test_a_stored_training_and_its_plane_are_what_the_engine_gives_from_start_to_end():
    experiment = table.lesson("pictures")["slow"]
    stored, plane = store.load(experiment)
    training = train.run(experiment.spec)
    for name in ("losses", "lrs", "test_losses", "gradient_norms", "update_ratios"):
        assert getattr(stored.runs[0], name) == pytest.approx(getattr(training.runs[0], name), rel=1e-3, nan_ok=True)
    again = project(training, "pca", len(plane.a))
    assert plane.explained_variance == pytest.approx(again.explained_variance, rel=1e-2)
    assert plane.loss == pytest.approx(again.loss, rel=1e-2)
    assert plane.coordinates["sgd"] == pytest.approx(again.coordinates["sgd"], abs=1e-3 * np.ptp(plane.a))


@pytest.mark.parametrize("one", list(own_runs.stored_runs()), ids=lambda one: f"{one[1].label} {one[0].seed}")
def test_a_stored_run_of_an_altered_optimizer_is_what_torch_gives(one):
    fresh = own_runs.pack(own_runs.run(*one))
    stored = own_runs.pack(own_runs.load(*one))
    assert set(stored) == set(fresh)
    for name, values in fresh.items():
        np.testing.assert_allclose(stored[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_store_of_runs_holds_what_the_lessons_need_and_no_more():
    assert set(own_runs.keys()) == {own_runs.key(*one) for one in own_runs.stored_runs()}
    assert own_runs.FILE.stat().st_size <= 400_000
    with pytest.raises(SpecError, match="run python -m"):
        own_runs.load(descent.check("quadratic", "sgd", steps=9), OptimizerSpec("own", label="mine"))


def test_packing_a_training_and_its_plane_loses_only_what_it_says():
    spec = train.check(
        [ov.optimizer("adam"), ov.optimizer("sgd", lr=1e6, weight_decay=1e6)], 1, 500, (4,), False, seeds=2
    )
    training = train.run(spec)
    again = store.unpack(spec, store.pack(training))
    assert again.labels == training.labels and again.steps == training.steps
    for a, b in zip(again, training, strict=True):
        assert (a.spec, a.label, a.seed, a.outcome, a.outcome_step) == (
            b.spec,
            b.label,
            b.seed,
            b.outcome,
            b.outcome_step,
        )
        assert np.array_equal(a.losses, b.losses.astype(np.float32))
        assert np.array_equal(a.test_accuracies, b.test_accuracies)
        assert np.array_equal(a.eval_steps, b.eval_steps) and np.array_equal(a.dead_outputs, b.dead_outputs)
    plane = project(training, resolution=5, digits=100)
    seen = store.unpack_plane("pca", store.pack_plane(plane))
    assert seen.left_out == plane.left_out == ("sgd",) and seen.caption == plane.caption
    assert np.array_equal(seen.coordinates["adam"], plane.coordinates["adam"])


def test_a_forgotten_zero_grad_is_torchs_own_loop_without_it():
    import torch

    theta = torch.tensor([-2.6, 1.4], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([theta], lr=0.01)
    points = [theta.tolist()]
    for _ in range(100):
        ((theta[0] ** 2 + 10 * theta[1] ** 2) / 2).backward()
        optimizer.step()
        points.append(theta.tolist())
    found = results.result(table.lesson("zero-grad")["bowl"]).shown
    assert found["zero_grad forgotten"].points[:101] == pytest.approx(np.array(points), abs=1e-12)


def test_lion_is_the_packages_own_step_for_step():
    import torch

    theirs = pytest.importorskip("pytorch_optimizer").Lion
    found = results.result(table.lesson("sign-steps")["bowl"]).shown["lion"]
    theta = torch.tensor([found.points[0].tolist()], dtype=torch.float64, requires_grad=True)
    optimizer = theirs([theta], lr=0.08, betas=(0.9, 0.99), weight_decay=0.0)
    for point in found.points:
        assert point == pytest.approx(theta.detach().numpy()[0], abs=1e-12)
        optimizer.zero_grad()
        ((theta[0, 0] ** 2 + 10 * theta[0, 1] ** 2) / 2).backward()
        optimizer.step()


def test_adam_without_its_correction_is_the_formula():
    found = results.result(table.lesson("bias-correction")["bowl"]).shown["adam, uncorrected"]
    theta, m, v = np.array(found.points[0]), np.zeros(2), np.zeros(2)
    for t in range(1, 60):
        g = theta * (1.0, 10.0)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta = theta - 0.1 * m / (np.sqrt(v) + 1e-8)
        assert found.points[t] == pytest.approx(theta, abs=1e-9)


def again(slug, name, *optimizers, **changes):
    """A lesson's experiment with other optimizers, run."""
    spec = table.lesson(slug)[name].spec
    return descent.run(replace(spec, optimizers=optimizers or spec.optimizers, **changes)).trajectories


def sgd(lr=0.1, **more):
    return ov.optimizer("sgd", lr=lr, **more)


def steps_to(run, loss=1e-6):
    return int(np.flatnonzero(run.losses <= loss)[0])


def floor(gamma):
    """The median loss of the last steps of the noisy run of "schedules", dropped by `gamma`."""
    dropped = sgd(schedule=ov.schedule("step", step_size=200, gamma=gamma))
    return np.median([again("schedules", "noise", dropped, seed=k)[0].losses[-100:].mean() for k in range(9)])


def single_examples(lr, steps):
    runs = [again("mini-batches", "long_one", sgd(lr), steps=steps, seed=k)[0] for k in range(9)]
    return np.median([run.losses[-200:].mean() for run in runs])


def summed_adam_swings(bowl=(1.0, 10.0)):
    """Whether Adam on gradients that are never zeroed swings wider and wider."""
    theta, total, m, v, losses = np.array([-2.6, 1.4]), np.zeros(2), np.zeros(2), np.zeros(2), []
    for t in range(1, 2001):
        total = total + theta * bowl
        m, v = 0.9 * m + 0.1 * total, 0.999 * v + 0.001 * total**2
        theta = theta - 0.05 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        losses.append(float(theta**2 @ bowl) / 2)
    return bool((np.diff([part.max() for part in np.array_split(losses, 10)]) > 0).all())


def halved(most):
    """Steps in which plain descent halves the error of the rarest key, at this share of the largest rate."""
    known = matrix_task.pairs(table.lesson("orthogonal-steps")["uneven"].spec, 0)
    rate = most * 2.0 / float(known.shares[0])
    found = ov.matrix_task(ov.optimizer("sgd", lr=rate), steps=200)["sgd"]
    assert found.losses[-1] < found.losses[0]  # it does not leave
    left = (known.target.numpy() - found.weights) @ known.keys[:, -1].numpy()
    return 200 * np.log(0.5) / np.log(np.linalg.norm(left) / np.linalg.norm(known.values[:, -1]))


def scaled_lion(factor):
    """Lion's path on the bowl, its loss multiplied."""
    spec = table.lesson("sign-steps")["bowl"]
    return (
        ov.descend(ov.surface(f"{factor}*(x^2 + 10*y^2)/2"), spec.beside[0], start=spec.spec.start, steps=200)
        .trajectories[0]
        .points
    )


ANSWERS = {
    "gradient-step": lambda: again("gradient-step", "parabola", sgd(0.5))[0].points[1, 0] == 0,
    "mini-batches": lambda: (
        single_examples(0.025, 2400) < single_examples(0.05, 2400)
        and single_examples(0.025, 240) > single_examples(0.05, 240)
    ),
    "learning-rate": lambda: (
        steps_to(again("learning-rate", "bowl", sgd(0.18))[0]) < steps_to(again("learning-rate", "bowl", sgd(0.1))[0])
    ),
    "local-minima": lambda: again("local-minima", "high", sgd(0.02))[0].points[-1, 0] > 0,
    "momentum": lambda: (
        90
        < np.diff(
            again("momentum", "slope", ov.optimizer("momentum", lr=0.01, momentum=0.99), steps=600)[0].points[:, 0]
        )[299]
        / 0.01
        < 99
    ),
    "plateau": lambda: (
        200
        > again("plateau", "ridge", start=(-1.5, 0.001))[0].outcome_step
        > again("plateau", "ridge", start=(-1.5, 0.001))[1].outcome_step
    ),
    "adam-step": lambda: np.allclose(
        again("adam-step", "tiny", ov.optimizer("adam", lr=0.05, eps=1e-15))[0].points,
        again("adam-step", "plain", ov.optimizer("adam", lr=0.05))[0].points,
        atol=1e-3,
    ),
    "bias-correction": lambda: np.isclose((1 - 0.9) / np.sqrt(1 - 0.9), 0.32, atol=0.005),
    "adagrad-rmsprop": lambda: np.isclose(
        np.divide(*np.diff(again("adagrad-rmsprop", "slope")[0].points[:, 0])[[99, 0]]), 0.1
    ),
    "weight-decay": lambda: (
        np.argmax(
            again("weight-decay", "decoupled", ov.optimizer("adamw", lr=0.01, weight_decay=0.1), steps=800)[0].points[
                :, 1
            ]
            <= 1
        )
        == 693
    ),
    "param-groups": lambda: np.allclose(
        again("param-groups", "bowl", sgd(1.0, lr_scale=(1.0, 0.1)), steps=1)[0].points[1], 0.0, atol=1e-12
    ),
    "schedules": lambda: floor(0.01) > floor(0.1),
    "zero-grad": summed_adam_swings,
    "clipping": lambda: (
        again("clipping", "cliff", sgd(0.2))[0].final_loss < 1e-6
        and sum(np.abs(again("clipping", "noise", sgd(0.2), seed=k)[0].points[:, 1]).max() > 3 for k in range(25)) > 15
    ),
    "sign-steps": lambda: np.array_equal(*(scaled_lion(factor) for factor in ("1", "1000"))),
    "orthogonal-steps": lambda: 3450 < halved(0.999) < 3500,
    "final-relu": lambda: np.isclose(-np.log(0.1), 2.3026, atol=1e-4),
}


@pytest.mark.parametrize("slug", ANSWERS)
def test_the_answer_to_a_lessons_question_is_true(slug):
    assert ANSWERS[slug]()


def test_adams_step_after_many_zero_gradients_is_about_three_times_its_rate():
    """The exception that the lesson on its step names."""
    steps = 4000
    m, v = (1 - 0.9) / (1 - 0.9**steps), (1 - 0.999) / (1 - 0.999**steps)
    assert 3.0 < m / np.sqrt(v) < 3.3


def test_a_loss_of_one_weight_is_a_curve_in_its_lesson_and_in_a_picture_of_it():
    found = results.result(table.LESSONS["gradient-step"]["dip"])
    drawn = pictures.scene(found, "dip")
    assert [panel["kind"] for panel in scenes.shown(drawn.data)] == ["profile", "curve"]
    assert set(drawn.blobs) == {track["blob"] for track in drawn.data["tracks"]}
    with styled():
        curve, _ = Drawing(scenes.compare(found.shown)).panels
    assert curve.points[0, 0, 0] == pytest.approx(0.4 / 6, rel=1e-6)  # -2.6 of -3 to 3
    assert curve.trails.get_offsets().shape == (found.shown.spec.steps + 1, 2)


def test_a_count_of_steps_to_a_loss_is_of_the_step_from_which_it_stays_below_and_said_so():
    (run,) = again("momentum", "ravine", ov.optimizer("momentum", lr=0.02, momentum=0.8))
    below = np.flatnonzero(run.losses <= 1e-6)
    stays = int(measures.steps_to(1e-6)(run))
    assert (below[0], stays) == (71, 75)
    assert (run.losses[stays:] <= 1e-6).all() and run.losses[stays - 1] > 1e-6
    told = [finding.sentence for row in table.LESSONS.values() for finding in (row.finding, row.limit.finding)]
    told += [prediction.what for prediction in PREDICTIONS.values()]
    millionths = [text for text in told if "millionth" in text]
    assert len(millionths) == 6 and all("stay" in text for text in millionths)


def test_a_finding_can_fail():
    row = table.lesson("momentum")
    found = results.results(row)
    (left, _, right), *rest = row.finding.holds
    turned = Finding(row.finding.sentence, row.finding.numbers, ((left, "<", right), *rest))
    assert row.finding.measure(found)[0] and not turned.measure(found)[0]


@ROWS
def test_code_runs_as_it_is_printed(row):
    import torch

    for kind in row.optimizers:
        model = torch.nn.Linear(2, 1)
        before = model.weight.detach().clone()
        names = {"torch": torch, "model": model, "loss_function": torch.nn.functional.mse_loss}
        exec(results.code(kind, row.between), names | {"x": torch.ones(3, 2), "y": torch.full((3, 1), 9.0)})  # noqa: S102
        assert not torch.equal(before, model.weight)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(SpecError, match="did you mean 'momentum'"):
        table.lesson("momentun")
    with pytest.raises(SpecError, match="did you mean 'ravine'"):
        table.lesson("momentum")["ravin"]
    with pytest.raises(SpecError, match="This training is not stored"):
        store.load(replace(table.lesson("pictures")["slow"], spec=replace(NETWORK, seed=5)))
