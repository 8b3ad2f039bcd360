"""The examples of docs/own-network.md run as they stand."""

import re
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov

TEXT = (Path(__file__).parents[2] / "docs" / "own-network.md").read_text("utf-8")
EXAMPLES = {
    title: code
    for title, part in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    for code in re.findall(r"```python\n(.*?)```", part, re.DOTALL)
}


def test_there_are_four():
    assert list(EXAMPLES) == [
        "Logistic regression", "A CNN with BatchNorm", "A small transformer, and its sharpness",
        "Gradient descent at the edge of stability",
    ]  # fmt: skip


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_runs(title, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(EXAMPLES[title], names)  # noqa: S102 - our own
    losses = [rec.losses for rec in names["recs"]]
    assert all(curve[-1] < 0.8 * curve[0] for curve in losses)
    for file in tmp_path.iterdir():
        assert file.stat().st_size > 10_000
    if "plane" in names:
        assert names["plane"].explained_variance.sum() > 0.5
    if "edge" in names:
        (descent,) = names["edge"]
        tops = descent.eigenvalues[:, 0]
        assert (descent.edge == 50).all() and tops[0] < 40 and (np.abs(tops[-3:] / 50 - 1) < 0.2).all()
    if "sharp" in names:
        assert {c.words for c in names["sharp"]} == {"2 / lr", "(2 + 2β1) / (1 - β1) / lr, preconditioned"}
    assert isinstance(names["ov"].SpecError, type) and names["ov"] is ov
