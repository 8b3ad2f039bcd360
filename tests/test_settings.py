"""The app's budgets: one table, overridable by the environment, within the library's own limits."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov
from optim_viz import log, settings
from optim_viz.experiments import budgets, links
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.memory import weight
from optim_viz.network import digit_files, train
from optim_viz.settings import SETTINGS
from optim_viz.surfaces import descent

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("row", SETTINGS.values(), ids=SETTINGS)
def test_every_setting_is_read_from_its_variable_and_checked(row):
    good = row.options[-1] if row.options else str(row.low)
    assert settings.read({row.variable: good})[row.name] == (good if row.options else row.low)
    for bad in ["nonsense", *([] if row.options else [str(row.low - 1), str(row.high + 1), "1.5", "nan", "1e999"])]:
        with pytest.raises(ov.SpecError, match=row.variable) as caught:
            settings.read({row.variable: bad})
        assert bad in str(caught.value)
    assert settings.read({row.variable: " "})[row.name] == row.default
    assert row.options or row.low <= row.default <= row.high


def test_the_librarys_limits_are_the_upper_ends():
    high = {name: row.high for name, row in SETTINGS.items()}
    assert high["steps"] == descent.MAX_STEPS and high["optimizers"] == links.MAX_OPTIMIZERS
    assert (high["epochs"], high["seeds"]) == (train.MAX_EPOCHS, train.MAX_SEEDS)
    assert high["training_steps"] == train.MAX_OPTIMIZERS * train.MAX_SEEDS * train.MAX_STEPS
    assert high["upload_mb"] * 2**20 >= digit_files.MAX_BYTES


def test_a_bad_value_stops_the_start_with_one_sentence():
    command = [sys.executable, "-c", "from optim_viz import settings; settings.show()"]
    good = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert good.stdout.count("\n") == len(SETTINGS) and all(row.variable in good.stdout for row in SETTINGS.values())
    variables = {"OPTIM_VIZ_STEPS": "many"}
    bad = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=variables, check=False)
    sentence = "OPTIM_VIZ_STEPS must be a whole number from 1 to 100,000; got 'many'.\n"
    assert bad.returncode == 1 and bad.stderr == sentence


def test_what_is_over_the_budget_is_refused_with_the_budget(monkeypatch):
    values = settings.read(
        {
            "OPTIM_VIZ_STEPS": "100",
            "OPTIM_VIZ_GRADIENT_EVALUATIONS": "3000",
            "OPTIM_VIZ_EPOCHS": "2",
            "OPTIM_VIZ_TRAINING_STEPS": "700",
        }
    )
    monkeypatch.setattr(settings, "_read_once", lambda: values)
    sgd, adam = ov.optimizer("sgd"), ov.optimizer("adam")
    allowed = Fair(descent.check("quadratic", [sgd], steps=100))
    assert budgets.within(allowed) is allowed
    for asked, sentence in [
        (descent.check("quadratic", [sgd], steps=101), "at most 100 steps at once; 101 were"),
        (descent.check("quadratic", [ov.optimizer("lbfgs")] * 2, steps=100), "at most 3,000 gradient evaluations"),
        (train.check([sgd], epochs=3), "at most 2 epochs at once; 3 were"),
        (train.check([sgd, adam], epochs=2, batch_size=32, seeds=1), "at most 700 training steps at once; 1,000"),
    ]:
        with pytest.raises(ov.SpecError, match=sentence):
            budgets.within(Fair(asked))


def test_a_weight_is_that_of_the_arrays():
    t = ov.descend("quadratic", [ov.optimizer("sgd"), ov.optimizer("adam")], steps=1000)
    own = sum(a.nbytes for run in t for a in (run.points, run.losses, run.gradients, run.lrs, *run.state.values()))
    assert own <= weight(t) <= 3 * own
    whole = np.zeros(1000)
    assert weight([whole[:10], whole[10:], whole]) == 8000


def test_an_event_is_one_line_of_json(capsys):
    logger = logging.getLogger("optim_viz")
    before = logger.handlers[:], logger.level, logger.propagate
    try:
        logger.handlers.clear()
        log.start.__wrapped__("info")
        log.event("request", page="compare", ms=1.5)
        log.event("quiet", logging.DEBUG)
        try:
            raise ValueError("two\nlines")
        except ValueError as error:
            log.event("request", logging.ERROR, error=error)
    finally:
        logger.handlers[:], logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("request", "info"), ("request", "error")]
    assert lines[0]["page"] == "compare" and lines[0]["ms"] == 1.5 and "two\nlines" in lines[1]["trace"]
