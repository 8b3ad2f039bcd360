"""The hyperparameters that several optimizers share, with torch's names."""

from __future__ import annotations

from optim_viz.language import N_
from optim_viz.spec import Hyperparameter

#: torch's argument of several numbers -> the hyperparameters that it is here, each with its own slider.
GROUPS = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_min", "step_max"),
    "ns_coefficients": ("ns_a", "ns_b", "ns_c"),
    "eps": ("eps1", "eps2"),
}


def lr(default: float, text: str = N_("Learning rate: how far one step goes.")) -> Hyperparameter:
    """The learning rate."""
    return Hyperparameter("lr", default, 1e-4, 10.0, "log", text, open_low=True)


def momentum(default: float) -> Hyperparameter:
    """The momentum of SGD and of RMSprop."""
    text = N_("Share of the last step's velocity that is kept.")
    return Hyperparameter("momentum", default, 0.0, 0.999, text=text, maximum=10.0)


def eps(default: float, text: str = N_("Added to the denominator: keeps a step finite.")) -> Hyperparameter:
    """What keeps a denominator from 0."""
    return Hyperparameter("eps", default, 1e-10, 1.0, "log", text)


def weight_decay(
    default: float = 0.0, text: str = N_("L2 penalty: pulls every weight towards 0 through the gradient.")
) -> Hyperparameter:
    """Weight decay."""
    return Hyperparameter("weight_decay", default, 0.0, 0.5, text=text)


def fraction(name: str, default: float, text: str, high: float = 0.999, open_low: bool = False) -> Hyperparameter:
    """A share from 0 to below 1, such as the memory of a moving average."""
    return Hyperparameter(name, default, 0.0, high, text=text, maximum=1.0, open_low=open_low, open_high=True)


def flag(name: str, text: str) -> Hyperparameter:
    """A switch, off by default."""
    return Hyperparameter(name, False, scale="bool", text=text)


#: What decoupled weight decay does.
SHRINK = N_("Shrinks every weight by lr * weight_decay a step, beside the gradient (decoupled).")
MAXIMIZE = flag("maximize", N_("Climb instead of descend."))
