"""A recorder as a callback: stand-ins call every hook of lightning 2.6.6 and transformers 5.24.0 as those do.

Both packages are too heavy for the tests; the real Trainers were tried by hand, with these hooks in this order.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import optim_viz as ov
from tests.network.models import images, loss, made

#: Every hook of lightning.pytorch.Callback that a fit calls around its batches, with what comes after trainer, module.
BEFORE = ("on_fit_start", "on_sanity_check_start", "on_sanity_check_end", "on_train_start", "on_train_epoch_start")
AFTER = ("on_train_epoch_end", "on_validation_start", "on_validation_epoch_start", "on_validation_epoch_end",
         "on_validation_end", "on_train_end", "on_fit_end")  # fmt: skip


class LightningTrainer:
    """The order of lightning's training loop; a scheduler that steps with each batch comes before the batch's end."""

    def __init__(self, callbacks, optimizers, accumulate=1):
        assert len({c.state_key for c in callbacks}) == len(callbacks)
        self.callbacks, self.optimizers, self.accumulate, self.global_step = callbacks, optimizers, accumulate, 0

    def call(self, name, *arguments):
        for callback in self.callbacks:
            getattr(callback, name)(self, None, *arguments)

    def fit(self, model, batches, whole_outputs=True):
        (optimizer,) = self.optimizers
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
        self.call("setup", "fit")
        for name in BEFORE:
            self.call(name)
        seen = []
        for i, batch in enumerate(batches):
            self.call("on_train_batch_start", batch, i)
            value = loss(model, batch)
            seen.append(value.item())
            self.call("on_before_backward", value)
            value.backward()
            self.call("on_after_backward")
            if (i + 1) % self.accumulate == 0:
                self.call("on_before_optimizer_step", optimizer)
                optimizer.step()
                self.call("on_before_zero_grad", optimizer)
                optimizer.zero_grad()
                scheduler.step()
                self.global_step += 1
            self.call("on_train_batch_end", {"loss": value.detach()} if whole_outputs else value.detach(), batch, i)
        for name in AFTER:
            self.call(name)
        for callback in self.callbacks:
            callback.load_state_dict(callback.state_dict())
        self.call("on_save_checkpoint", {})
        self.call("on_exception", KeyboardInterrupt())
        self.call("teardown", "fit")
        return seen


@pytest.mark.parametrize("accumulate", [1, 2])
def test_lightning_records_each_step_with_its_loss_and_rate(accumulate):
    model = made("logistic")
    sgd = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    rec, other = ov.record(model, "momentum"), ov.record(model)
    trainer = LightningTrainer([rec.lightning(), other.lightning()], [sgd], accumulate)
    seen = trainer.fit(model, [images()] * 6, whole_outputs=accumulate == 1)
    steps = 6 // accumulate
    assert rec.losses.tolist() == pytest.approx(seen[accumulate - 1 :: accumulate]) and other.steps == steps
    np.testing.assert_allclose(rec.recording.lrs, 0.1 * 0.5 ** np.arange(steps))
    assert rec.recording.optimizer["momentum"] == 0.9 and rec.snapshot_steps.tolist() == [*range(steps + 1)]


class HuggingFaceTrainer:
    """The order of transformers' inner loop; all but the three first arguments go by name, as there."""

    def __init__(self, callbacks, optimizer, logging_steps):
        self.callbacks, self.optimizer, self.logging_steps = callbacks, optimizer, logging_steps
        self.call("on_init_end")

    def call(self, name, **more):
        given = {"model": None, "processing_class": None, "lr_scheduler": None, "train_dataloader": None, **more}
        for callback in self.callbacks:
            state, control = SimpleNamespace(global_step=0), SimpleNamespace(should_log=False)
            result = getattr(callback, name)(SimpleNamespace(), state, control, optimizer=self.optimizer, **given)
            assert result is None  # or it would take control's place

    def train(self, model, batches):
        sgd = self.optimizer.optimizer
        scheduler, since, logged = torch.optim.lr_scheduler.StepLR(sgd, 1, 0.5), [], []
        self.call("on_train_begin")
        self.call("on_epoch_begin")
        for i, batch in enumerate(batches, 1):
            self.call("on_step_begin")
            value = loss(model, batch)
            value.backward()
            since.append(value.item())
            self.call("on_pre_optimizer_step")
            sgd.step()
            self.call("on_optimizer_step")
            scheduler.step()
            sgd.zero_grad()
            self.call("on_step_end")
            if i % self.logging_steps == 0:
                logged.append(float(np.mean(since)))
                self.call("on_log", logs={"loss": logged[-1], "grad_norm": 1.0, "learning_rate": 0.1})
                since = []
        for name in ("on_epoch_end", "on_evaluate", "on_prediction_step", "on_save", "on_train_end"):
            self.call(name)
        self.call("on_log", logs={"train_runtime": 1.0, "train_loss": 2.0})
        return logged


@pytest.mark.parametrize("logging_steps", [1, 3])
def test_hugging_face_records_each_step_and_the_losses_that_are_logged(logging_steps):
    model = made("logistic")
    rec = ov.record(model, "sgd")
    accelerated = SimpleNamespace(optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    trainer = HuggingFaceTrainer([rec.hugging_face()], accelerated, logging_steps)
    logged = trainer.train(model, [images()] * 6)
    assert rec.steps == 6 and rec.losses[logging_steps - 1 :: logging_steps].tolist() == pytest.approx(logged)
    assert np.isfinite(rec.losses).sum() == len(logged)
    np.testing.assert_allclose(rec.recording.lrs, 0.1 * 0.5 ** np.arange(6))
    assert rec.recording.optimizer["class"] == "SGD" and not rec.recording.diverged


def test_what_is_no_hook_is_not_there():
    for callback in (ov.record(made("logistic")).lightning(), ov.record(made("logistic")).hugging_face()):
        assert not hasattr(callback, "whatever") and callback.on_whatever(1, a=2) is None
