"""The good region of made-up curves and maps: flat ones, single dips, two valleys, and what a grid's edge cuts off."""

import numpy as np
import pytest

from optim_viz.figures.good_region import ROUNDING, good_region, steady, stretches
from optim_viz.figures.region_words import DIP, NARROW, cells_words, rates_words, short_words

FINE = np.geomspace(0.01, 1.0, 21)  # a factor of 1.26 apart
VALLEY = 4.0 ** np.abs(np.arange(21) - 10)  # good from 9 to 11, the best at 10


def said(losses, near=10.0, lrs=FINE, lost=None):
    return rates_words("sgd", lrs, np.asarray(losses, float), int(np.nanargmin(losses)), near, lost)


@pytest.mark.parametrize("apart", [2, 5])
def test_the_table_names_the_places_that_the_sentence_names(apart):
    losses = np.full(len(FINE), 99.0)
    losses[[20, *range(2, 2 + 2 * apart, 2)]] = [1.0, *[2.0] * apart]
    places = short_words(FINE, good_region(losses, (20,), 10.0)).partition("; also ")[2]
    assert places and places in rates_words("adam", FINE, losses, 20, 10.0)
    assert "alone" not in short_words(FINE, good_region(losses, (20,), 10.0))


def test_a_valley_is_as_wide_as_its_good_rates():
    assert said(VALLEY) == "sgd: best 0.1; within a factor of 10 of that loss from 0.079 to 0.13, a factor of 1.6 wide."
    assert said(VALLEY**0.05, near=1.1).startswith("sgd: best 0.1; within a factor of 1.1 of that loss from 0.079 to")


def test_a_flat_curve_is_good_at_all_rates_and_may_be_beyond():
    text = said(np.ones(21))
    assert "from 0.01 to 1, a factor of 100 wide: at all that were tried, so it may go on beyond both ends." in text
    region = good_region(np.ones(21), (0,), 10.0)
    assert region.points == 21 and region.beyond == [(True, True)] and not region.single
    assert short_words(FINE, region) == "0.01 to 1, a factor of 100 wide, and maybe below and above"


def test_one_dip_is_called_a_dip_and_the_steadier_rate_beside_it_is_named():
    losses = VALLEY.copy()
    losses[16] = 1e-4
    text = said(losses)
    assert f"but its neighbours are over a million times worse: {DIP}." in text
    assert "Steadier is 0.1, loss 1; within a factor of 10 of that loss from 0.079 to 0.13" in text
    losses[14:18] = 30.0, 20.0, 0.5, np.inf
    assert f"sgd: best 0.4, but its neighbours are at least 40 times worse: {DIP}; as good again, with worse" in said(
        losses
    )
    losses[15] = np.inf
    assert "its neighbours do not work at all" in said(losses)
    assert short_words(FINE, good_region(losses, (16,), 10.0)) == "at 0.4; also from 0.079 to 0.13"


def test_without_a_region_anywhere_no_steadier_rate_is_made_up():
    assert "Steadier" not in said(np.where(np.arange(21) % 2, np.inf, 1.0 + np.arange(21)[::-1]))
    assert steady(np.array([1.0, np.inf, 1.0])) is None
    assert steady(np.array([5.0, 1.0, 2.0]), np.array([True, False, False])) == (2,)


def test_two_valleys_are_not_one_region():
    losses = np.r_[VALLEY, 2 * VALLEY]
    text = said(losses, lrs=np.geomspace(0.01, 100, 42))
    assert "; as good again, with worse ones between, " in text and DIP not in text
    many = np.where(np.arange(42) % 4 < 2, 1.0, 100.0)
    assert "as good again in 10 other places between" in said(many, lrs=np.geomspace(0.01, 1, 42))


@pytest.mark.parametrize(("shift", "end", "word"), [(10, "smallest", "below"), (-10, "largest", "above")])
def test_at_the_edge_of_the_grid_it_may_go_on_beyond(shift, end, word):
    losses = 4.0 ** np.abs(np.arange(21) - 10 + shift)
    text = said(losses)
    assert f"the {end} tried is one of them, so it may go on beyond." in text and DIP not in text
    best = int(losses.argmin())
    assert short_words(FINE, good_region(losses, (best,), 10.0)).endswith(f"wide, and maybe {word}")
    losses[best + (1 if best == 0 else -1)] = 11.0
    assert said(losses) == f"sgd: best {FINE[best]:.2g}, the {end} tried: better ones may lie beyond."


def test_the_tip_of_a_valley_is_no_dip_though_it_stands_alone():
    text = said(50.0 ** np.abs(np.arange(7) - 3.0), lrs=FINE[:7])
    assert DIP not in text and "its neighbours, a factor of 1.3 away, are at least 50 times worse." in text
    cliff = np.r_[50.0 ** np.arange(6)[::-1], np.inf, np.inf]  # down to the edge of what is stable
    assert DIP not in said(cliff, lrs=FINE[:8])


def test_a_coarse_grid_is_not_called_a_dip():
    lrs = np.geomspace(1e-4, 1.0, 9)
    text = said([2.3, 2.2, 1.9, 1.2, 0.5, 0.3, 0.5, 2.0, 2.3], 1.1, lrs)
    assert "its neighbours, a factor of 3.2 away, are at least 1.7 times worse." in text
    assert DIP not in text and "Steadier" not in text


def test_what_is_lost_is_not_good_and_nothing_may_be_left():
    losses = np.ones(21)
    lost = np.arange(21) > 5
    assert good_region(losses, (2,), 10.0, lost).box == [(0, 5)]
    assert good_region(losses, (9,), 10.0, lost) is None
    assert rates_words("sgd", FINE, losses, 9, 10.0, lost) == "sgd: none of the learning rates tried works."
    assert short_words(FINE, None) == "none"
    assert said([0.5], lrs=np.array([0.1])) == "sgd: best 0.1, the only learning rate tried."


def test_rounding_makes_nothing_better():
    losses = np.r_[1.0, 1e-18, 1e-30, 0.0, 1e-20, 1.0]
    region = good_region(losses, (3,), 10.0)
    assert region.box == [(1, 4)] and region.rounding and region.limit == pytest.approx(10 * ROUNDING)
    assert "as good but for rounding (below 1e-15) from" in said(losses, lrs=FINE[:6])
    assert good_region(np.zeros(3), (1,), 10.0).points == 3
    assert "; as good from 0.01 to 1, a factor of 100 wide: at all that were tried" in said(np.zeros(21))


def test_a_region_of_a_map_hangs_together_at_corners_and_walks_around():
    grid = np.array([[1, 9, 9, 9], [9, 1, 9, 1], [9, 9, 1, 9], [9, 9, 9, 9]], float)
    region = good_region(grid, (0, 0), 2.0)
    assert region.points == 4 and not region.elsewhere.any()
    assert region.box == [(0, 2), (0, 3)] and region.beyond == [(True, False), (True, True)]
    grid[1, 1] = 9.0
    region = good_region(grid, (2, 2), 2.0)
    assert region.points == 2 and np.argwhere(region.elsewhere).tolist() == [[0, 0]]
    cube = good_region(np.ones((3, 4, 2)), (1, 1, 1), 2.0)
    assert cube.points == 24


def test_the_words_of_a_map():
    x, y = ("lr", np.geomspace(0.1, 1.6, 5), True), ("x", np.linspace(-2, 2, 5), False)
    grid = np.full((5, 5), 100.0)
    grid[2, 2] = 1.0
    assert cells_words((x, y), grid, (2, 2), 10.0, "good") == f"Its neighbours are at least 100 times worse: {DIP}."
    steep = np.add.outer(np.abs(np.arange(5) - 2), np.abs(np.arange(5) - 2))
    assert cells_words((x, y), 20.0**steep, (2, 2), 10.0, "good").endswith(f"times worse: {NARROW}.")
    grid[2, 3] = 2.0
    text = cells_words((x, y), grid, (2, 2), 10.0, "good")
    assert text == "Around it 2 of 25 cells are good: lr at 0.4, x from 0 to 1."
    grid[0, 0] = 3.0
    assert cells_words((x, y), grid, (2, 2), 10.0, "good").endswith(
        "1 cell elsewhere is as good, not connected with it."
    )
    grid[0, 0] = 0.1
    assert "and at the map's edge: better ones may lie beyond." in cells_words((x, y), grid, (0, 0), 5.0, "good")
    assert cells_words((x, y), np.full((5, 5), np.nan), (0, 0), 10.0, "good") == ""


def test_stretches():
    assert stretches(np.zeros(3, bool)) == [] and stretches(np.ones(3, bool)) == [(0, 2)]


def test_of_a_floor_it_is_what_lies_above_it_that_is_better_or_worse():
    losses = VALLEY.copy()
    losses[16] = 1e-4
    text = rates_words("sgd", FINE, losses, 16, 10.0, None, -5.0)
    assert f"its neighbours lie over a million times as far above the lowest known (-5): {DIP}." in text
    good = "within a factor of 10 of that loss, both taken above the lowest known (-5) from 0.079 to 0.13"
    assert f"Steadier is 0.1, 1 above the lowest known; {good}" in text
    losses[14:18] = 30.0, 20.0, 0.5, np.inf
    text = rates_words("sgd", FINE, losses, 16, 10.0, None, -5.0)
    assert "lie at least 40 times as far above the lowest known (-5)" in text
    axes = [("lr", FINE[:3], True), ("momentum", np.array([0.0, 0.5]), False)]
    values = np.array([[1e-20, 1e-21], [0.0, 1e-20], [9.0, 9.0]])
    assert "(less than 9e-15 above the lowest known, -5)" in cells_words(axes, values, (1, 0), 10.0, "", -5.0)
