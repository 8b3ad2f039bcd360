"""The hyperparameters that several optimizers share, with torch's names and defaults."""

from __future__ import annotations

from optim_viz.spec import Hyperparameter


def lr(default: float, low: float = 1e-4, high: float = 10.0) -> Hyperparameter:
    """The learning rate."""
    return Hyperparameter("lr", default, low, high, "log", "Learning rate: how far one step goes.", open_low=True)


def fraction(name: str, default: float, text: str, high: float = 0.999, open_low: bool = False) -> Hyperparameter:
    """A share from 0 to below 1, such as the memory of a moving average."""
    return Hyperparameter(name, default, 0.0, high, text=text, maximum=1.0, open_low=open_low, open_high=True)


def eps(default: float) -> Hyperparameter:
    """What keeps a denominator from 0."""
    return Hyperparameter("eps", default, 1e-10, 1.0, "log", "Added to the denominator: keeps a step finite.")


def decay(default: float = 0.0, text: str = "") -> Hyperparameter:
    """Weight decay."""
    text = text or "L2 penalty: pulls every weight towards 0 through the gradient."
    return Hyperparameter("weight_decay", default, 0.0, 0.5, text=text)


SHRINK = "Shrinks every weight by lr * weight_decay a step, beside the gradient (decoupled)."
DECOUPLED = Hyperparameter(
    "decoupled_weight_decay", False, scale="bool", text="Let weight decay shrink the weights, not enter the gradient."
)
MAXIMIZE = Hyperparameter("maximize", False, scale="bool", text="Climb instead of descend.")
MOMENTUM = Hyperparameter("momentum", 0.9, 0.0, 0.999, text="Share of the last step's velocity that is kept.")
DAMPENING = Hyperparameter(
    "dampening", 0.0, 0.0, 1.0, text="Share of each new gradient that is left out of the velocity."
)
NESTEROV = Hyperparameter(
    "nesterov", False, scale="bool", text="Look ahead: step along g + momentum * v (needs dampening 0)."
)
BETAS = (
    fraction("beta1", 0.9, "Memory of the first moment, the mean gradient."),
    fraction("beta2", 0.999, "Memory of the second moment, the mean squared gradient.", high=0.9999),
)
AMSGRAD = Hyperparameter("amsgrad", False, scale="bool", text="Never let the second moment shrink.")
