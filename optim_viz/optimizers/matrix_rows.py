"""The rows of the optimizers that look at a matrix of weights as a whole, so that two coordinates cannot show them."""

from __future__ import annotations

from optim_viz.language import N_
from optim_viz.optimizers.hyperparameters import MAXIMIZE, SHRINK, eps, flag, fraction, lr, weight_decay
from optim_viz.optimizers.row import Card, Optimizer, Style
from optim_viz.spec import Hyperparameter

_TERM = N_("A coefficient of the polynomial that evens out the singular values of a step.")


def _coefficient(name: str, default: float) -> Hyperparameter:
    return Hyperparameter(name, default, -10.0, 10.0, text=_TERM, minimum=-100.0, maximum=100.0)


MATRIX_ROWS = (
    Optimizer(
        name="muon",
        title="Muon",
        style=Style("#9C2F6B", "#F28CC0", "longdash", "pentagon"),
        rule=None,
        torch_class="Muon",
        matrices=True,
        hyperparameters=(
            lr(1e-3, N_("Learning rate: how far one step goes; that of AdamW on the biases, too.")),
            fraction("momentum", 0.95, N_("Memory of the mean gradient, whose singular values are evened out.")),
            weight_decay(0.1, SHRINK),
            Hyperparameter("nesterov", True, scale="bool", text=N_("Mix the newest gradient into the mean once more.")),
            flag("adjust_lr_fn", N_("Size a matrix's steps as AdamW would (match_rms_adamw).")),
            Hyperparameter(
                "ns_steps", 5, 1, 10, "int", N_("How often the polynomial is applied: Newton-Schulz steps."), maximum=99
            ),
            _coefficient("ns_a", 3.4445),
            _coefficient("ns_b", -4.775),
            _coefficient("ns_c", 2.0315),
            eps(1e-7),
        ),
        state=(),
        problem=N_(
            "Takes a matrix as a whole: every direction of a step gets about the same length; biases go to AdamW."
        ),
        latex=(
            r"M \leftarrow \mu M + (1 - \mu)\, G \qquad U \Sigma V^\top = (1 - \mu)\, G + \mu M \qquad "
            r"\theta \leftarrow (1 - \mathrm{lr}\,\lambda)\,\theta - \mathrm{lr}\,\sqrt{\max(1, n / m)}\; U V^\top"
        ),
        card=Card(N_("M ← μM + (1 − μ)G,  θ ← (1 − lr·λ)θ − lr · UVᵀ of (1 − μ)G + μM")),
        paper="Jordan et al., Muon: An optimizer for hidden layers in neural networks",
        year=2024,
        told=("momentum", "nesterov", "weight_decay"),
    ),
    Optimizer(
        name="adafactor",
        title="Adafactor",
        style=Style("#7A4B1E", "#D9A066", "dashdot", "cross"),
        rule=None,
        torch_class="Adafactor",
        matrices=True,
        hyperparameters=(
            lr(1e-2, N_("Largest relative step: lr times the size of a matrix's weights.")),
            Hyperparameter(
                "beta2_decay",
                -0.8,
                -1.0,
                -0.1,
                text=N_("A mean square forgets by the share t ** beta2_decay at step t."),
                minimum=-10.0,
                maximum=0.0,
            ),
            Hyperparameter(
                "eps1", 0.0, 0.0, 1e-3, text=N_("Smallest root of a mean square; 0: the precision of the weights.")
            ),
            Hyperparameter("eps2", 1e-3, 1e-6, 1.0, "log", N_("What the size of a matrix's weights is at least.")),
            Hyperparameter("d", 1.0, 1.0, 10.0, text=N_("Root mean square that a step is cut to."), minimum=1.0),
            weight_decay(0.0, SHRINK),
            MAXIMIZE,
        ),
        state=(),
        problem=N_("Adam with little memory: of a matrix's squared gradients, it keeps the means of rows and columns."),
        latex=(
            r"\hat V = \frac{R\, C}{\operatorname{mean} R} \qquad U = \frac{G}{\sqrt{\hat V}} \qquad "
            r"\theta \leftarrow \theta - \min\!\left(\mathrm{lr}, \tfrac{1}{\sqrt t}\right) "
            r"\operatorname{rms}(\theta)\, \frac{U}{\max(1, \operatorname{rms}(U) / d)}"
        ),
        card=Card(N_("R, C ← mean squares of rows and columns,  θ ← θ − min(lr, 1/√t) · rms(θ) · G / √(RC / mean R)")),
        paper="Shazeer & Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost",
        year=2018,
    ),
)
