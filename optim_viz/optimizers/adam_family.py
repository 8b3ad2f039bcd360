"""The rows of Adam and its variants, and what they share: moving averages of the gradient and of its size."""

from __future__ import annotations

from optim_viz.language import N_
from optim_viz.optimizers import rules
from optim_viz.optimizers.hyperparameters import MAXIMIZE, SHRINK, eps, flag, fraction, lr, weight_decay
from optim_viz.optimizers.row import Card, Optimizer, Style
from optim_viz.spec import Hyperparameter

_BETAS = (
    fraction("beta1", 0.9, N_("Memory of the first moment, the mean gradient.")),
    fraction("beta2", 0.999, N_("Memory of the second moment, the mean squared gradient."), high=0.9999),
)
_AMSGRAD = flag("amsgrad", N_("Never let the second moment shrink."))
_DECOUPLED = flag("decoupled_weight_decay", N_("Let weight decay shrink the weights, not enter the gradient."))

_MOMENTS = (("exp_avg", ""), ("exp_avg_sq", ""))
_MOMENTS_LATEX = r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g \quad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \quad "
_ADAM_LATEX = (
    r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"
)

_ADAM_SYMBOLIC = "m ← β₁m + (1 − β₁)g,  v ← β₂v + (1 − β₂)g²,  θ ← θ − lr · m̂ / (√v̂ + ε)"
_MEAN_LINE = "m ← {beta1}·{exp_avg} + (1 − {beta1})·{g} = {exp_avg'}"
_MOMENT_LINES = (_MEAN_LINE, "v ← {beta2}·{exp_avg_sq} + (1 − {beta2})·{g}² = {exp_avg_sq'}")

ADAM_FAMILY = (
    Optimizer(
        name="adam",
        title="Adam",
        style=Style("#009E73", "#2FD6A3", "longdash", "diamond"),
        rule=rules.adam,
        torch_class="Adam",
        hyperparameters=(lr(1e-3), *_BETAS, eps(1e-8), weight_decay(), _AMSGRAD, MAXIMIZE, _DECOUPLED),
        state=(*_MOMENTS, ("max_exp_avg_sq", "amsgrad")),
        problem=N_("Gives every parameter a step of at most about lr, whatever the scale of its gradient."),
        latex=_MOMENTS_LATEX + _ADAM_LATEX,
        card=Card(_ADAM_SYMBOLIC, _MOMENT_LINES, pull="exp_avg"),
        paper="Kingma & Ba, Adam: A Method for Stochastic Optimization",
        year=2015,
    ),
    Optimizer(
        name="adamw",
        title="AdamW",
        style=Style("#117733", "#6CCB78", "dash", "triangle-down"),
        rule=rules.adam,
        torch_class="AdamW",
        hyperparameters=(lr(1e-3), *_BETAS, eps(1e-8), weight_decay(1e-2, SHRINK), _AMSGRAD, MAXIMIZE),
        state=(*_MOMENTS, ("max_exp_avg_sq", "amsgrad")),
        problem=N_("Adam whose weight decay acts on the weights alone, not through the adaptive scale."),
        latex=r"\theta \leftarrow (1 - \mathrm{lr}\,\lambda)\,\theta \quad " + _MOMENTS_LATEX + _ADAM_LATEX,
        card=Card(N_("θ ← (1 − lr·λ)θ,  then adam:  {adam}", adam=_ADAM_SYMBOLIC), _MOMENT_LINES, pull="exp_avg"),
        paper="Loshchilov & Hutter, Decoupled Weight Decay Regularization",
        year=2019,
        decoupled=True,
        told=("weight_decay",),
    ),
    Optimizer(
        name="nadam",
        title="NAdam",
        style=Style("#44887A", "#7FD8C6", "dot", "pentagon"),
        rule=rules.nadam,
        torch_class="NAdam",
        hyperparameters=(
            lr(2e-3),
            *_BETAS,
            eps(1e-8),
            weight_decay(),
            Hyperparameter("momentum_decay", 4e-3, 0.0, 0.1, text=N_("How fast the momentum warms up from beta1 / 2.")),
            _DECOUPLED,
            MAXIMIZE,
        ),
        state=(*_MOMENTS, ("mu_product", "")),
        initial=(("mu_product", 1.0),),
        problem=N_("Adam with Nesterov's look-ahead: the newest gradient counts at once."),
        latex=(
            _MOMENTS_LATEX + r"\theta \leftarrow \theta - \frac{\mathrm{lr}}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"
            r"\left(\frac{(1 - \mu_t)\, g}{1 - \prod_{i \le t} \mu_i} + "
            r"\frac{\mu_{t+1}\, m}{1 - \prod_{i \le t+1} \mu_i}\right)"
            r"\quad \mu_t = \beta_1 (1 - \tfrac{1}{2}\, 0.96^{t \psi})"
        ),
        card=Card(
            N_("m, v as adam's,  θ ← θ − lr · ((1 − μₜ)g / (1 − ∏μ) + μₜ₊₁m / (1 − ∏μ · μₜ₊₁)) / (√v̂ + ε)"),
            _MOMENT_LINES,
            pull="exp_avg",
        ),
        paper="Dozat, Incorporating Nesterov Momentum into Adam",
        year=2016,
    ),
    Optimizer(
        name="radam",
        title="RAdam",
        style=Style("#777722", "#CFCF5A", "dashdot", "hexagon"),
        rule=rules.radam,
        torch_class="RAdam",
        hyperparameters=(lr(1e-3), *_BETAS, eps(1e-8), weight_decay(), _DECOUPLED, MAXIMIZE),
        state=_MOMENTS,
        problem=N_("Adam with a built-in warm-up: plain momentum until the second moment can be trusted."),
        latex=(
            _MOMENTS_LATEX + r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{m}{1 - \beta_1^t}\, r_t\,"
            r"\frac{\sqrt{1 - \beta_2^t}}{\sqrt{v} + \varepsilon} \ \text{if } \rho_t > 5, \text{ else }"
            r"\theta - \mathrm{lr}\,\frac{m}{1 - \beta_1^t}"
        ),
        card=Card(
            N_("m, v as adam's,  θ ← θ − lr · m̂ · r / √v̂ once ρₜ > 5, before that − lr · m̂"),
            _MOMENT_LINES,
            pull="exp_avg",
        ),
        paper="Liu et al., On the Variance of the Adaptive Learning Rate and Beyond",
        year=2020,
    ),
    Optimizer(
        name="adamax",
        title="Adamax",
        style=Style("#CC3311", "#FF7A5C", "solid", "triangle-up"),
        rule=rules.adamax,
        torch_class="Adamax",
        hyperparameters=(
            lr(2e-3),
            _BETAS[0],
            fraction("beta2", 0.999, N_("Memory of the largest recent gradient."), high=0.9999),
            eps(1e-8),
            weight_decay(),
            MAXIMIZE,
        ),
        state=(("exp_avg", ""), ("exp_inf", "")),
        problem=N_("Adam on the largest recent gradient: steady where gradients are rare or sometimes very large."),
        latex=(
            r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g \quad u \leftarrow \max(\beta_2 u, |g| + \varepsilon) \quad "
            r"\theta \leftarrow \theta - \frac{\mathrm{lr}}{1 - \beta_1^t}\,\frac{m}{u}"
        ),
        card=Card(
            "m ← β₁m + (1 − β₁)g,  u ← max(β₂u, |g| + ε),  θ ← θ − lr · m̂ / u",
            (_MEAN_LINE, "u ← max({beta2}·{exp_inf}, |{g}| + {eps}) = {exp_inf'}"),
            pull="exp_avg",
        ),
        paper="Kingma & Ba, Adam: A Method for Stochastic Optimization",
        year=2015,
    ),
)
