"""What a page opens with, and that whoever leads to it leads to the link that it would write."""

import threading
from dataclasses import replace

import pytest

import optim_viz as ov
from optim_viz.experiments import budgets, links, study_runs
from optim_viz.experiments.budgets import affordable
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.openings import (
    COMPARE,
    LEARNS,
    NETWORK,
    read_compare,
    read_network,
    write_compare,
    write_network,
)
from optim_viz.experiments.study_links import read_study
from optim_viz.experiments.study_views import FIRST, VIEWS, check
from optim_viz.export.study_pictures import PICTURES
from optim_viz.network import train


def test_only_a_link_that_says_nothing_opens_with_another_network():
    assert read_network({})[0] == read_network({"embed": ["true"], "plane": ["pca"]})[0] == LEARNS
    old = {"epochs": ["2"]}  # written when the page opened as in the source material
    assert read_network(old)[0].spec == train.check(NETWORK.spec.optimizers, epochs=2)
    for asked in (NETWORK, LEARNS, Fair(train.check([ov.optimizer("adam")], final_relu=False))):
        assert read_network(write_network(asked)) == (asked, [])


def test_a_click_on_a_map_leads_to_the_link_that_compare_writes():
    asked = check(replace(VIEWS["map"].opens, resolution=16))
    found = study_runs.run(asked.work, lambda progress: None, threading.Event())
    query = PICTURES["map"].played(found, 0, (3, 5))
    read, notes = links.read(links.FAIR_DESCENT, query, COMPARE)
    assert notes == [] and write_compare(read) == query


@pytest.mark.parametrize(("read", "default"), [(read_compare, COMPARE), (read_study, FIRST.opens)])
def test_steps_beyond_the_server_s_are_cut_with_a_note_and_all_else_stays(read, default):
    link = {"steps": ["20000"], "f": ["himmelblau"], "o": ["adam~lr~0.3"]}
    whole, notes = read(link, default)
    cut, (note,) = affordable(read)(link, default)
    spec = getattr(cut, "spec", None) or cut.descent
    assert notes == [] and note == "A page runs at most 5,000 steps; 20,000 were asked for."
    assert spec.steps == 5000 and read({**link, "steps": ["5000"]}, default)[0] == cut != whole
    assert affordable(read)({**link, "steps": ["5000"]}, default) == (cut, [])


def test_what_fits_the_shorter_run_alone_is_kept_and_a_default_that_is_too_long_is_no_link_s_fault(monkeypatch):
    grows = {"steps": ["20000"], "o": ["sgd~lr~0.001~s~lambda~s.lr_lambda~1.002^t"]}
    asked, (note,) = affordable(read_compare)(grows, COMPARE)
    assert (
        note == "A page runs at most 5,000 steps; 20,000 were asked for."
        and asked.spec.optimizers[0].schedule.kind == "lambda"
    )
    shrinks = {"steps": ["20000"], "o": ["sgd~lr~0.001~s~lambda~s.lr_lambda~1/abs(T - 5000)", "adam"]}
    asked, (dropped, note) = affordable(read_compare)(shrinks, COMPARE)
    assert "the factor of step" in dropped and [o.kind for o in asked.spec.optimizers] == ["adam"]
    trained, notes = affordable(read_study)({"view": ["network"], "steps": ["20000"]}, FIRST.opens)
    assert notes == [] and trained.view == "network"
    monkeypatch.setattr(budgets, "limit", {"steps": 20}.get)
    for read, default in ((read_compare, COMPARE), (read_study, FIRST.opens)):
        asked, notes = affordable(read)({}, default)
        assert notes == [] and (getattr(asked, "spec", None) or asked.descent).steps == 20
