"""The stress test: each cell is what ov.tune finds and ov.descend shows, ranks are by hand, the file is true."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.cli import main as cli
from optim_viz.cli.studies import _stress_rows
from optim_viz.experiments import stress_file
from optim_viz.figures import stress_map
from optim_viz.progress import Unfinished
from optim_viz.sweeps import stress
from tests.parity import rounding_decides

KINDS, PLACES, STEPS = ["sgd", "momentum", "adam"], ["quadratic", "saddle", "beale"], [20, 60]


@pytest.fixture(scope="module")
def small():
    return ov.stress(KINDS, PLACES, STEPS)


def test_every_cell_has_the_bits_of_tune_and_is_what_descend_shows(small):
    for i, place in enumerate(PLACES):
        for h, steps in enumerate(STEPS):
            tuned = ov.tune(place, KINDS, steps=steps)
            assert small.after[i, h].tolist() == list(tuned.after) and small.before[i, h].tolist() == list(tuned.before)
            specs = [small.optimizer(i, h, k) for k in range(3)]
            assert specs == list(tuned.optimizers)
            shown = ov.descend(place, specs, steps=steps)
            for k, kind in enumerate(KINDS):
                assert small.after[i, h, k] == pytest.approx(shown[kind].final_loss, rel=1e-9, abs=1e-12)


def test_ranks_wins_and_shares(small):
    assert small.ranked.tolist() == [True, False, True] and np.isnan(small.ranks[1]).all()
    start = ov.descend("beale", "sgd", steps=1)["sgd"].losses[0]
    np.testing.assert_array_equal(small.shares[2], np.maximum(small.after[2] / start, 1e-12))
    level = stress.Stress(small.spec, small.before, np.array([[[1e-20, 1e-30, 2.0]] * 2] * 3), small.lrs)
    assert level.ranks[0].tolist() == [[1.5, 1.5, 3.0]] * 2 and level.wins.tolist() == [[2, 2, 0]] * 2
    assert level.mean_ranks.tolist() == [[1.5, 1.5, 3.0]] * 2
    frame = small.to_frame()
    assert len(frame) == 18 and frame.iloc[0].tolist()[:3] == ["quadratic", 20, "sgd"]
    np.testing.assert_array_equal(frame["after"], small.after.ravel())
    assert list(small.summary()["mean_rank_60"]) == sorted(small.mean_ranks[1])


def test_a_floor_is_no_measured_share_and_who_ends_below_the_lowest_known_is_told_so(small):
    best = ov.surface("beale").minima[0][2]
    ends = np.stack([np.full((2, 3), 1e-20), np.zeros((2, 3)), np.array([[1e-20, best - 9.0, 2.0]] * 2)])
    s = stress.Stress(small.spec, small.before, ends, small.lrs)
    assert s.below.nonzero()[0].tolist() == [2, 2] and s.below[2, :, 1].all()
    told = {(i, k): words for i, k, words in stress_map.stress_chart(s, 0).data[1].customdata}
    left = "of the start's loss above the lowest known is left"
    assert told[0, 0].endswith(f"<br>less than 1e-12 {left}") and told[2, 1].endswith("<br>below the lowest loss known")
    assert told[2, 2].endswith(f"<br>{s.shares[2, 0, 2]:.1e} {left}") and "<br>" not in told[1, 0]
    cells = stress_map.stress_chart(s, 0).data[0]
    assert cells.colorbar.title.text == "share left above the lowest known loss"
    assert [cells.colorbar.ticktext[i] for i in (0, -1)] == ["≤ 10<sup>-12</sup>", "≥ 1"]
    words, medians = stress_map.table_words(s)["Median share left, 20 steps"], s.median_shares[0]
    assert [words(share) for share in medians] == ["less than 1e-12", "less than 1e-12", f"{medians[2]:.1e}"]
    assert sum(cell == "<1e-12" for row in _stress_rows(s) for cell in row) == 4


@pytest.mark.parametrize("places", [["x", "x"], ["saddle"], ["quadratic", "x"], ["quadratic"]], ids=str)
@pytest.mark.filterwarnings("error")
def test_without_a_surface_that_is_ranked_there_is_no_mean(places):
    s = ov.stress(["sgd", "sgd", "adam"], places, [1, 1])
    ranked = "quadratic" in places
    assert np.isfinite(s.mean_ranks).all() == np.isfinite(s.summary()["median_share_1"]).all() == ranked
    assert s.mean_ranks.shape == s.wins.shape == (2, 3) and len(s.to_frame()) == 6 * len(places) and s.caution
    assert len(stress_map.stress_chart(s, 0).data) == 2 and len(stress_map.stress_table(s)) == 3


def test_the_critical_difference_is_that_of_the_book():
    """Demsar 2006, table 5: q = 2.343 for three; k = 4, N = 14 gives 1.25."""
    many = stress.check(["sgd", "momentum", "adam", "rmsprop"], ["quadratic"] * 14, [1])
    shape = np.zeros(many.shape)
    assert stress.Stress(many, shape, shape, shape).difference == pytest.approx(1.25, abs=0.005)


def test_it_says_what_it_does_not_say(small):
    assert "54 trials" in small.sentence and "3 optimizers on 3 surfaces" in small.sentence
    assert f"{small.difference:.1f} tell no two" in small.caution and "Saddle are not ranked" in small.caution


def test_an_executor_gives_the_same_and_what_is_known_is_not_run_again(small):
    with ThreadPoolExecutor(2) as pool:
        other = ov.stress(KINDS, PLACES, STEPS, executor=pool)
    for name in ("before", "after", "lrs"):
        assert getattr(other, name).tobytes() == getattr(small, name).tobytes()
    known = dict.fromkeys(small.spec.cells(), (1.0, 2.0, 3.0))
    assert (stress.run(small.spec, known=known).after == 2.0).all()


def test_a_cancel_leaves_nan_and_a_lost_executor_is_told(small):
    cancel = threading.Event()
    part = ov.stress(KINDS, PLACES, STEPS, progress=lambda share: cancel.set() if share else None, cancel=cancel)
    done = ~np.isnan(part.after)
    assert part.cancelled and done.any() and (part.after[done] == small.after[done]).all()

    class Lost(ThreadPoolExecutor):
        def submit(self, *_):
            future = Future()
            future.set_exception(OSError("gone"))
            return future

    with pytest.raises(Unfinished, match="not done when one of them ended with OSError"):
        ov.stress(KINDS, PLACES, STEPS, executor=Lost(1))


def test_the_stored_table_is_whole_and_true():
    spec = stress.check()
    assert not stress_file.missing(spec), "python -m optim_viz stress --out optim_viz/data/stress.csv"
    stored = stress_file.whole()
    for surface in ("himmelblau", "six_hump_camel"):  # which of them is looked at makes no difference
        i = [s.name for s in spec.surfaces].index(surface)
        fresh = ov.stress(surfaces=[surface], horizons=[100])
        same = np.isclose(stored.after[i, 0], fresh.after[0, 0], rtol=1e-6, atol=1e-9)
        same &= np.isclose(stored.lrs[i, 0], fresh.lrs[0, 0], rtol=1e-9)
        assert same.sum() >= 0.8 * same.size
        for k in np.flatnonzero(~same):  # another processor rounds otherwise, and chaotic runs go elsewhere
            runs = ov.descend(surface, stored.optimizer(i, 0, k), steps=100)
            (run,) = runs
            assert rounding_decides(runs.spec, run.spec, run), (surface, run.label)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.stress("lbfgs"), "lbfgs cannot be tuned on this budget: it runs one trial after the other."),
        (lambda: ov.stress(surfaces=["beal"]), "did you mean 'beale'?"),
        (lambda: ov.stress(surfaces=[]), "A stress test needs at least one surface and one horizon."),
        (lambda: ov.stress(horizons=[0]), "horizons must be a whole number from 1 to 100,000; got 0."),
    ],
)
def test_what_cannot_be_asked_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)


def test_the_command_writes_the_table_and_the_ranks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", lambda count, _: ThreadPoolExecutor(count))
    asked = ["stress", "--optimizers", *KINDS, "--surfaces", *PLACES, "--steps", "20"]
    assert cli.main([*asked, "--out", str(tmp_path / "table.csv")]) == 0
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 10
    assert cli.main([*asked, "--language", "zh"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["optimizer", "mean", "rank"] and {row.split()[0] for row in rows[:3]} == set(KINDS)
    assert "临界差" in rows[-1]
    assert cli.main([*asked, "--out", "table.gif"]) == 2
    assert "must end in one of .csv, .parquet" in capsys.readouterr().err
