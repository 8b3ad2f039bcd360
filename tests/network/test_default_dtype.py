"""The network is float32, whatever torch's default dtype is: docs/equal.md names that as a setting."""

import pytest
import torch

import optim_viz as ov


@pytest.fixture
def under():
    """Call a function under a default dtype."""
    before = torch.get_default_dtype()

    def called(dtype, function):
        torch.set_default_dtype(dtype)
        return function()

    yield called
    torch.set_default_dtype(before)


def trained(*optimizers, **options):
    return ov.train(list(optimizers), epochs=1, batch_size=1000, hidden=(8,), **options)


def recorded():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 3, dtype=torch.float32), torch.nn.Tanh())
    adam, x = torch.optim.Adam(model.parameters(), lr=0.1), torch.ones(4, 2, dtype=torch.float32)
    run = ov.record(model, "adam", optimizer=adam, scales=True)
    for _ in range(4):
        adam.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        adam.step()
        run.step(loss)
    return run, {"loss": lambda call, batch: call(batch).square().mean(), "data": x}


def losses(runs):
    return [run.losses.tolist() for run in runs]


def grid(plane):
    return plane.loss.tolist()


def table(found):
    return found.to_frame().to_csv()


def of_recording(function, read, **options):
    run, how = recorded()
    return read(function(run, **how, **options))


RESULTS = {
    "train": lambda: losses(trained("sgd", "adam", "muon", "lbfgs")),
    "train, clipped": lambda: losses(trained(ov.optimizer("sgd", clip_norm=1.0), final_relu=False)),
    "train, one's own": lambda: losses(trained(lambda params: torch.optim.SGD(params, lr=0.1))),
    "train_sweep": lambda: table(ov.train_sweep("sgd", [0.1], epochs=1, batch_size=1000, hidden=(8,))),
    "project": lambda: grid(ov.project(trained("sgd"), resolution=5, digits=10)),
    "sharpness": lambda: table(ov.sharpness(trained("adam"), digits=10, snapshots=2)),
    "record and project": lambda: of_recording(ov.project, grid, resolution=5),
    "record and sharpness": lambda: of_recording(ov.sharpness, table),
    "matrix_task": lambda: losses(ov.matrix_task(["muon", "adam"], steps=5)),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_the_default_dtype_changes_no_bit_of_the_network(under, result):
    once = under(torch.float32, result)
    assert under(torch.float64, result) == once
    assert under(torch.bfloat16, result) == once
