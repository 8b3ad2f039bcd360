"""The Stress page without a browser: its link, its picture, its files, and where a click leads."""

import io

import numpy as np
import pandas as pd
import pytest

from optim_viz.experiments import stress_file
from optim_viz.experiments.links import FAIR_DESCENT, read
from optim_viz.experiments.openings import COMPARE
from optim_viz.experiments.stress_links import play
from optim_viz.figures.stress_map import order, stress_chart, stress_table, table_formats, table_words
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.sweeps.stress import LEVEL
from optim_viz.ui.stress import _parcel
from tests.ui.test_app import open_page


def test_the_page_opens_from_its_link_and_turns():
    app = open_page("stress.py", {})
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1 and not dict(app.query_params)
    assert "cannot" not in app.title[0].value and any("critical difference" in text.value for text in app.markdown)
    app.segmented_control(key="stress.steps").set_value(100).run()
    assert not app.exception and app.query_params["steps"] in ("100", ["100"])
    app = open_page("stress.py", {"steps": "5"})
    assert not app.exception and "must be one of 100, 1000; got '5'" in app.warning[0].value


@pytest.mark.parametrize("horizon", [0, 1])
def test_the_picture_holds_what_was_found_the_best_first(horizon):
    found = stress_file.whole()
    cells, numbers = stress_chart(found, horizon).data
    ranks = found.mean_ranks[horizon]
    assert ranks[order(found, horizon)].tolist() == sorted(ranks)
    places = np.array(numbers.text).reshape(len(found.spec.surfaces), -1)
    for i, k, told in numbers.customdata:
        assert f"{found.after[i, horizon, k]:.3g}" in told
    assert np.shape(cells.z) == places.shape
    assert [row[0] == "–" for row in places] == [not ranked for ranked in found.ranked]
    means = places[found.ranked].astype(float).mean(axis=0)
    assert means.tolist() == pytest.approx(ranks[order(found, horizon)].tolist())  # the table's own


def test_the_table_has_numbers_that_sort_as_such_and_are_written_alike():
    found = stress_file.whole()
    frame, formats = stress_table(found), table_formats(found)
    assert len(formats) == 6 and "Mean rank, 1,000 steps" in formats and [*formats] == [*frame.columns[1:]]
    assert all(kind.kind in "fi" for kind in frame.dtypes[1:])
    assert {how % 8 for how in formats.values()} == {"8.0", "8", "8.0e+00"}
    page = next(file for file in _parcel(found, 100, "").files if file.row.name == "html").write().decode()
    written = table_words(found)
    for name, how in formats.items():
        level = frame[name] <= (LEVEL if "share" in name else -1)  # a median there was not measured
        assert any(level) == ("share" in name)
        told = ["less than 1e-12" if no else how % value for value, no in zip(frame[name], level, strict=True)]
        assert all(f"<td>{words}</td>" in page for words in told)
        assert [written[name](value) for value in frame[name]] == told
    assert "1.0e-12" not in page.partition("<table")[2].partition("</table>")[0]


def test_the_page_tells_the_table_in_the_same_words_and_sorts_by_numbers():
    (shown,) = open_page("stress.py", {}).dataframe
    assert shown.value.dtypes.iloc[-1].kind == "f"
    words = shown.proto.arrow_data.styler.display_values
    assert b"less than 1e-12" in words and b"1.0e-12" not in words


@pytest.mark.parametrize("horizon", [0, 1])
def test_the_table_goes_by_the_horizon_of_the_map_above_it(horizon):
    found = stress_file.whole()
    frame, formats = stress_table(found, horizon), [*table_formats(found)]
    assert frame[formats[3 * horizon]].is_monotonic_increasing
    assert frame.iloc[0, 0] == OPTIMIZERS[found.spec.optimizers[order(found, horizon)[0]].kind].title


def test_a_click_opens_the_tuned_run_beside_the_winner():
    found = stress_file.whole()
    for cell in ((1, 0, 2), (7, 1, 0)):
        asked, notes = read(FAIR_DESCENT, play(found, *cell), COMPARE)
        assert not notes and asked.spec.optimizers[0] == found.optimizer(*cell)
        assert asked.spec.surface.name == found.spec.surfaces[cell[0]].name
        assert asked.spec.steps == found.spec.horizons[cell[1]]
        assert len(asked.spec.optimizers) == 1 + bool(found.ranked[cell[0]] and found.ranks[cell].min() > 1)


def test_its_files_hold_every_number():
    found = stress_file.whole()
    files = {file.row.name: file.write() for file in _parcel(found, 100, "https://example.org/").files}
    frame = found.to_frame()
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(files["csv"])), frame)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(files["parquet"])), frame)
    assert b"https://example.org/stress?steps=100" in files["html"] and b"critical difference" in files["html"]
