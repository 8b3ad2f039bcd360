"""The rows of SCHEDULES that stand alone: each equals the class of torch.optim.lr_scheduler that it names.

Where torch leaves a setting without a default, or means epochs, ours stands in the row. Only `plateau` is no function
of the step: it watches the losses.
"""

from __future__ import annotations

from typing import Any

from optim_viz.language import N_, meant
from optim_viz.optimizers import milestones, rates
from optim_viz.optimizers.schedule_row import Schedule
from optim_viz.spec import Hyperparameter


def _gamma(default: float, text: str) -> Hyperparameter:
    return Hyperparameter("gamma", default, 0.01, 1.0, text=text, maximum=10.0, open_low=True)


def _momentum(base: float, most: float) -> tuple[Hyperparameter, ...]:
    """What cycles the momentum; torch's cycle_momentum is on where nothing is said, ours off: links say no more."""
    bounds: Any = {"maximum": 1.0, "open_low": True, "open_high": True}
    return (
        Hyperparameter(
            "cycle_momentum",
            False,
            scale="bool",
            text=N_("The momentum (of Adam and its kin beta1) goes the other way: down while the rate rises."),
        ),
        Hyperparameter("base_momentum", base, 0.5, 0.99, text=N_("The lowest, with cycle_momentum."), **bounds),
        Hyperparameter("max_momentum", most, 0.5, 0.99, text=N_("The highest, with cycle_momentum."), **bounds),
    )


_ETA_MIN = Hyperparameter("eta_min", 0.0, 0.0, 0.1, text=N_("The learning rate at the bottom."))
_THRESHOLD = N_("Share by which the loss must fall to be progress.")
_THRESHOLD_ABS = N_("The threshold is a difference of losses (threshold_mode abs), not a share.")

_ROWS = (
    Schedule(
        name="constant",
        title=N_("Constant"),
        rate=rates.constant,
        torch_class="ConstantLR",
        hyperparameters=(),
        problem=N_("The same learning rate at every step."),
        latex=r"\eta_t = \eta",
        reference="Robbins & Monro, A Stochastic Approximation Method, 1951",
    ),
    Schedule(
        name="step",
        title=meant("Steps", "Steps: a schedule of the learning rate"),
        rate=rates.staircase,
        torch_class="StepLR",
        hyperparameters=(
            Hyperparameter("step_size", 100, 1, 1000, "int", N_("Steps between two drops."), minimum=1),
            _gamma(0.1, N_("Factor of each drop.")),
        ),
        problem=N_("Large steps to come near, smaller ones to come to rest: drops at equal distances."),
        latex=r"\eta_t = \eta\,\gamma^{\lfloor t / T \rfloor}",
        reference="He et al., Deep Residual Learning for Image Recognition, 2016",
    ),
    Schedule(
        name="multistep",
        title=N_("Milestones"),
        rate=rates.multistep,
        torch_class="MultiStepLR",
        hyperparameters=(
            *milestones.settings((), {}),
            _gamma(0.1, N_("Factor of each drop.")),
        ),
        problem=N_("Drops at chosen steps."),
        latex=r"\eta_t = \eta\,\gamma^{\#\{i : m_i \le t\}}",
        reference="He et al., Deep Residual Learning for Image Recognition, 2016",
        numbered=True,
    ),
    Schedule(
        name="exponential",
        title=N_("Exponential"),
        rate=rates.exponential,
        torch_class="ExponentialLR",
        hyperparameters=(
            Hyperparameter("gamma", 0.99, 0.9, 1.0, text=N_("Factor of every step."), maximum=10.0, open_low=True),
        ),
        problem=N_("Shrinks by the same share at every step."),
        latex=r"\eta_t = \eta\,\gamma^t",
        reference="Li & Arora, An Exponential Learning Rate Schedule for Deep Learning, 2020",
    ),
    Schedule(
        name="cosine",
        title=N_("Cosine"),
        rate=rates.cosine,
        torch_class="CosineAnnealingLR",
        hyperparameters=(
            Hyperparameter("T_max", 0, 0, 1000, "int", N_("Steps from top to bottom; 0: the whole run.")),
            _ETA_MIN,
        ),
        problem=N_("Falls slowly, then fast, then slowly: no drop to place by hand."),
        latex=r"\eta_t = \eta_{\min} + \tfrac{1}{2} (\eta - \eta_{\min}) (1 + \cos(\pi t / T))",
        reference="Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017",
    ),
    Schedule(
        name="cosine_restarts",
        title=N_("Cosine with warm restarts"),
        rate=rates.cosine_restarts,
        torch_class="CosineAnnealingWarmRestarts",
        hyperparameters=(
            Hyperparameter("T_0", 100, 1, 1000, "int", N_("Steps until the first restart."), minimum=1),
            Hyperparameter(
                "T_mult",
                1,
                1,
                4,
                "int",
                N_("Each wave has so many times the steps of the one before."),
                minimum=1,
                maximum=100,
            ),
            _ETA_MIN,
        ),
        problem=N_("A cosine that starts anew at the full rate: each restart can leave the valley it came to."),
        latex=r"\eta_t = \eta_{\min} + \tfrac{1}{2} (\eta - \eta_{\min}) (1 + \cos(\pi\, t_i / T_i)), \ T_i = T_0 m^i",
        reference="Loshchilov & Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017",
    ),
    Schedule(
        name="polynomial",
        title=N_("Polynomial"),
        rate=rates.polynomial,
        torch_class="PolynomialLR",
        hyperparameters=(
            Hyperparameter("total_iters", 0, 0, 1000, "int", N_("Steps down to 0; 0: the whole run.")),
            Hyperparameter(
                "power", 1.0, 0.1, 4.0, text=N_("1: a straight line; above, most of the fall is early."), maximum=100.0
            ),
        ),
        problem=N_("Down to exactly 0 at a chosen step, along a curve of a chosen shape."),
        latex=r"\eta_t = \eta\,\left(1 - \min(t / T, 1)\right)^p",
        reference="Chen et al., DeepLab: Semantic Image Segmentation with Deep Convolutional Nets, 2017",
    ),
    Schedule(
        name="linear",
        title=N_("Linear"),
        rate=rates.linear,
        torch_class="LinearLR",
        hyperparameters=(
            Hyperparameter(
                "start_factor", 1.0 / 3.0, 0.01, 1.0, text=N_("Factor at the start."), maximum=1.0, open_low=True
            ),
            Hyperparameter("end_factor", 1.0, 0.0, 1.0, text=N_("Factor at the end."), maximum=1.0),
            Hyperparameter("total_iters", 5, 0, 1000, "int", N_("Steps from start to end; 0: the whole run.")),
        ),
        problem=N_("A straight ramp: warm-up where it rises, cool-down where it falls."),
        latex=r"\eta_t = \eta\,\left(a + (b - a) \min(t / T, 1)\right)",
        reference="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017",
    ),
    Schedule(
        name="warmup_cosine",
        title=N_("Warm-up, then cosine"),
        rate=rates.warmup_cosine,
        torch_class="SequentialLR",
        hyperparameters=(
            Hyperparameter("warmup", 50, 1, 1000, "int", N_("Steps of warm-up."), minimum=1),
            Hyperparameter("start_factor", 0.1, 0.01, 1.0, text=N_("Factor at the start."), maximum=1.0, open_low=True),
            _ETA_MIN,
        ),
        problem=N_("Short first steps while the optimizer's averages are still empty, then a cosine to the end."),
        latex=r"\eta_t = \eta\,(a + (1 - a)\, t / W),\ t < W; \ \text{then cosine over the rest}",
        reference="Goyal et al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017",
    ),
    Schedule(
        name="cyclic",
        title=N_("Cyclic"),
        rate=rates.cyclic,
        torch_class="CyclicLR",
        hyperparameters=(
            Hyperparameter(
                "div_factor", 4.0, 1.0, 100.0, "log", N_("The lowest rate (base_lr) is lr / div_factor."), minimum=1.0
            ),
            Hyperparameter("step_size_up", 50, 1, 1000, "int", N_("Steps from the lowest rate to lr."), minimum=1),
            Hyperparameter("step_size_down", 0, 0, 1000, "int", N_("Steps back down; 0: as many as up.")),
            Hyperparameter(
                "triangular2", False, scale="bool", text=N_("Each cycle is half as high as the one before (mode).")
            ),
            Hyperparameter(
                "gamma",
                1.0,
                0.98,
                1.0,
                maximum=10.0,
                open_low=True,
                text=N_("Factor of every step on the height (mode exp_range); not with triangular2."),
            ),
            *_momentum(0.8, 0.9),
        ),
        problem=N_("Up to lr (torch's max_lr) and down again, over and over: no single best rate has to be found."),
        latex=r"\eta / d \;\nearrow\; \eta \;\searrow\; \eta / d \;\nearrow\; \cdots",
        reference="Smith, Cyclical Learning Rates for Training Neural Networks, 2017",
        momentum=rates.cyclic_momentum,
    ),
    Schedule(
        name="onecycle",
        title=N_("One cycle"),
        rate=rates.onecycle,
        torch_class="OneCycleLR",
        hyperparameters=(
            Hyperparameter(
                "pct_start",
                0.3,
                0.05,
                0.95,
                text=N_("Share of the run in which the rate rises."),
                minimum=0.01,
                maximum=0.99,
            ),
            Hyperparameter(
                "div_factor", 25.0, 1.0, 100.0, "log", N_("The first rate is lr / div_factor."), minimum=1.0
            ),
            Hyperparameter(
                "final_div_factor",
                1e4,
                1.0,
                1e6,
                "log",
                N_("The last is the first / final_div_factor."),
                minimum=1.0,
                maximum=1e12,
            ),
            Hyperparameter(
                "anneal_linear", False, scale="bool", text=N_("Straight lines (anneal_strategy), not cosines.")
            ),
            Hyperparameter(
                "three_phase",
                False,
                scale="bool",
                text=N_("Three phases: back to the first rate in as many steps, then down."),
            ),
            *_momentum(0.85, 0.95),
        ),
        problem=N_("Up to lr (torch's max_lr) and far down again, once: fast training with large rates in the middle."),
        latex=r"\eta / d \;\nearrow\; \eta \;\searrow\; \eta / (d\, d_{\mathrm{final}})",
        reference="Smith & Topin, Super-Convergence, 2019",
        momentum=rates.onecycle_momentum,
    ),
    Schedule(
        name="plateau",
        title=N_("Plateau"),
        rate=None,
        torch_class="ReduceLROnPlateau",
        hyperparameters=(
            Hyperparameter("factor", 0.1, 0.01, 0.99, text=N_("Factor of each drop."), maximum=1.0, open_high=True),
            Hyperparameter("patience", 10, 0, 200, "int", N_("Steps without progress that are borne.")),
            Hyperparameter("threshold", 1e-4, 1e-8, 0.1, "log", _THRESHOLD, maximum=1.0),
            Hyperparameter("cooldown", 0, 0, 200, "int", N_("Steps after a drop in which nothing is counted.")),
            Hyperparameter("min_lr", 0.0, 0.0, 0.1, text=N_("The rate never drops below.")),
            Hyperparameter("eps", 1e-8, 0.0, 1e-3, text=N_("A smaller drop is not made.")),
            Hyperparameter("threshold_abs", False, scale="bool", text=_THRESHOLD_ABS),
        ),
        problem=N_("Drops when the (full) loss has stopped falling: needs no list of steps."),
        latex=r"\eta \leftarrow \max(\gamma\,\eta, \eta_{\min}) \ \text{after } p + 1 \text{ steps without progress}",
        reference="torch.optim.lr_scheduler.ReduceLROnPlateau (PyTorch), 2017",
    ),
)

ROWS: dict[str, Schedule] = {row.name: row for row in _ROWS}
