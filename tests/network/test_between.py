"""The segment between two ends: the ends' own numbers at both ends, and a barrier where there is one."""

import numpy as np
import pytest
import torch
from torch import nn

import optim_viz as ov
from optim_viz.language import speaking, tr
from optim_viz.network.plane import BATCHNORM
from tests.network.models import accuracy, images, loss, made, trained


@pytest.mark.parametrize("name", ["logistic", "cnn"])
def test_its_ends_are_those_of_the_recordings(name):
    a, b = (trained(made(name, seed), images(), label=f"start {seed}") for seed in (0, 1))
    found = ov.between(a, b, loss=loss, data=images(), accuracy=accuracy, points=5)
    for rec, value, share in zip((a, b), found.losses[[0, -1]], found.accuracies[[0, -1]], strict=True):
        assert value == pytest.approx(loss(rec.model, images()).item(), rel=1e-6)
        assert share == pytest.approx(float(accuracy(rec.model, images())))
    half = made(name)
    middle = (a.recording.snapshot(-1) + b.recording.snapshot(-1)) / 2
    nn.utils.vector_to_parameters(torch.from_numpy(middle), half.parameters())
    for part in half.modules():
        part.training = not isinstance(part, nn.Dropout)
    assert found.losses[2] == pytest.approx(loss(half, images()).item(), rel=1e-5)
    assert found.distance == pytest.approx(
        np.linalg.norm(a.recording.snapshot(-1) - b.recording.snapshot(-1)), rel=1e-6
    )


def test_a_convex_loss_has_no_barrier_and_a_hill_its_height():
    a, b = (ov.record(made("logistic", seed), label=str(seed)) for seed in (0, 1))
    assert ov.between(a, b, loss=loss, data=images()).barrier < 1e-6
    ends = [nn.Linear(1, 1, bias=False) for _ in range(2)]
    for end, value in zip(ends, (-1.0, 1.0), strict=True):
        nn.init.constant_(end.weight, value)
    hill = ov.between(*map(ov.record, ends), loss=lambda call, x: (call(x)[0, 0] ** 2 - 1) ** 2, data=torch.ones(1, 1))
    assert hill.barrier == pytest.approx(1.0) and hill.losses[25] == pytest.approx(1.0)


@pytest.mark.parametrize("mode", BATCHNORM)
def test_its_picture_says_what_batchnorm_took(mode):
    a, b = (trained(made("cnn", seed), images(), steps=2, label=f"start {seed}") for seed in (0, 1))
    found = ov.between(a, b, loss=loss, data=images(), points=3, batchnorm=mode)
    assert BATCHNORM[mode].sentence.format(run="start 0") in found.caption
    figure = found.figure()
    assert f"BatchNorm: {mode}" in figure.layout.title.text and len(figure.data) == 2
    np.testing.assert_array_equal(figure.data[1].y, found.losses)


def test_with_an_accuracy_there_is_a_second_panel():
    a, b = (ov.record(made("logistic", seed), label=str(seed)) for seed in (0, 1))
    found = ov.between(a, b, loss=loss, data=images(), accuracy=accuracy, points=3)
    figure = found.figure(dark=True)
    assert [trace.name for trace in figure.data] == ["straight line", "loss", "accuracy"]
    assert figure.layout.yaxis2.title.text == "correct (%)"
    with speaking("zh"):
        figure, caption = found.figure(), tr(found.caption)
    assert figure.layout.yaxis2.title.text == "正确率 (%)" and "势垒" in figure.layout.title.text
    assert "的直线上" in caption and "straight line" not in caption


def test_a_wrong_call_says_what_to_write_instead():
    rec = ov.record(made("logistic"))
    with pytest.raises(ov.SpecError, match=r"Give what ov.record or ov.load returns"):
        ov.between(rec, "end", loss=loss, data=images())
    with pytest.raises(ov.SpecError, match="points must be a whole number from 3 to 1,001; got 2"):
        ov.between(rec, rec, loss=loss, data=images(), points=2)
    with pytest.raises(ov.SpecError, match="accuracy is a function of call and batch, as loss is; got 1"):
        ov.between(rec, rec, loss=loss, data=images(), accuracy=1)
