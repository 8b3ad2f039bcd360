"""A recorder as a callback of Lightning's and Hugging Face's Trainers: by the names of their hooks, importing neither.

Both ask a callback for dozens of hooks by name; those that are not written here do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optim_viz.network.recorder import Recorder


class _Hooks:
    """What has every hook by name."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("on_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return _nothing


def _nothing(*_: Any, **__: Any) -> None:
    """Any hook that is not needed."""


class Lightning(_Hooks):
    """What `recorder.lightning()` returns, as lightning.pytorch.Callback (2.6): one step recorded a training batch.

    With accumulated gradients and several optimizers a batch may have no step, or several: one is recorded where
    trainer.global_step has moved.
    """

    @property
    def state_key(self) -> str:
        """What tells callbacks of one trainer apart."""
        return f"optim_viz.{self.recorder.label}.{id(self.recorder)}"

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Nothing to set up."""

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Nothing to take down."""

    def state_dict(self) -> dict[str, Any]:
        """Nothing for Lightning's own checkpoints: the recording has a file of its own."""
        return {}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Nothing to load."""

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Take the optimizer that Lightning made."""
        self._taken, self._lr = trainer.global_step, None
        if self.recorder.optimizer is None and trainer.optimizers:
            self.recorder.optimizer = trainer.optimizers[0]

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        """Note the learning rate: when the batch is over, the scheduler has made it the next step's."""
        self._lr = optimizer.param_groups[0].get("lr")

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Record the step, with the loss that training_step returned."""
        if trainer.global_step == self._taken:
            return
        self._taken = trainer.global_step
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        self.recorder.step(loss, lr=self._lr)


class HuggingFace(_Hooks):
    """What `recorder.hugging_face()` returns, as transformers.TrainerCallback (5.24).

    The loss is what the Trainer logs: with logging_steps=1 that of each step, else the mean of so many, at the last.
    """

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Take the optimizer that the Trainer made: accelerate's wrapper holds torch's."""
        if self.recorder.optimizer is None and given.get("optimizer") is not None:
            self.recorder.optimizer = getattr(given["optimizer"], "optimizer", given["optimizer"])

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Note the learning rate: before on_step_end comes, the scheduler has made it the next step's."""
        optimizer = self.recorder.optimizer
        self._lr = optimizer.param_groups[0]["lr"] if optimizer is not None else None

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Record the step; its loss is told later."""
        self.recorder.step(lr=getattr(self, "_lr", None))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **given: Any) -> None:
        """Add to the last step what is logged of it."""
        self.recorder.note(loss=(logs or {}).get("loss"))
