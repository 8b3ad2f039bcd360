"""The rows of the OPTIMIZERS table: rule, torch's hyperparameters with its defaults, state, formula and source."""

from __future__ import annotations

from optim_viz.optimizers import hyperparameters as k
from optim_viz.optimizers import rules
from optim_viz.optimizers.row import Optimizer
from optim_viz.spec import Hyperparameter

_MOMENTS = (("exp_avg", ""), ("exp_avg_sq", ""))
_MOMENTS_LATEX = r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g \quad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \quad "
_ADAM_LATEX = (
    r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"
)

_ROWS = (
    Optimizer(
        name="sgd",
        title="SGD",
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(k.lr(1e-3), k.decay(), k.MAXIMIZE),
        state=(),
        problem="Follows the negative gradient of a mini-batch, or of the whole loss.",
        latex=r"\theta \leftarrow \theta - \mathrm{lr}\, g",
        paper="Robbins & Monro, A Stochastic Approximation Method",
        year=1951,
    ),
    Optimizer(
        name="momentum",
        title="Momentum",
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(k.lr(1e-3), k.MOMENTUM, k.DAMPENING, k.decay(), k.NESTEROV, k.MAXIMIZE),
        state=(("momentum_buffer", ""),),
        problem="Speeds up along a steady direction and damps oscillation across a ravine.",
        latex=r"v \leftarrow \mu v + (1 - \tau)\, g \qquad \theta \leftarrow \theta - \mathrm{lr}\, v",
        paper="Polyak, Some methods of speeding up the convergence of iteration methods",
        year=1964,
    ),
    Optimizer(
        name="nesterov",
        title="Nesterov",
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(
            k.lr(1e-3),
            k.fraction("momentum", 0.9, "Share of the last step's velocity that is kept.", open_low=True),
            k.decay(),
            k.MAXIMIZE,
        ),
        state=(("momentum_buffer", ""),),
        problem="Momentum that looks ahead: it brakes before a slope turns up, so it overshoots less.",
        latex=r"v \leftarrow \mu v + g \qquad \theta \leftarrow \theta - \mathrm{lr}\, (g + \mu v)",
        paper="Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2)",
        year=1983,
        fixed=(("nesterov", True),),
    ),
    Optimizer(
        name="adagrad",
        title="Adagrad",
        rule=rules.adagrad,
        torch_class="Adagrad",
        hyperparameters=(
            k.lr(1e-2),
            Hyperparameter("lr_decay", 0.0, 0.0, 0.1, text="Shrinks the learning rate as 1 / (1 + t * lr_decay)."),
            k.decay(),
            Hyperparameter(
                "initial_accumulator_value",
                0.0,
                0.0,
                10.0,
                text="What the sum of squares starts at: tames first steps.",
            ),
            k.eps(1e-10),
            k.MAXIMIZE,
        ),
        state=(("sum", ""),),
        initial=(("sum", "initial_accumulator_value"),),
        problem="Gives rarely changing parameters larger steps; every parameter's steps only ever shrink.",
        latex=r"s \leftarrow s + g^2 \qquad \theta \leftarrow \theta - \mathrm{lr}\,\frac{g}{\sqrt{s} + \varepsilon}",
        paper="Duchi, Hazan & Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        year=2011,
    ),
    Optimizer(
        name="rmsprop",
        title="RMSprop",
        rule=rules.rmsprop,
        torch_class="RMSprop",
        hyperparameters=(
            k.lr(1e-2),
            Hyperparameter(
                "alpha", 0.99, 0.0, 0.999, text="Memory of the mean squared gradient.", maximum=1.0, open_high=True
            ),
            k.eps(1e-8),
            k.decay(),
            Hyperparameter("momentum", 0.0, 0.0, 0.999, text="Share of the last step's velocity that is kept."),
            Hyperparameter("centered", False, scale="bool", text="Divide by the spread of g, not by its mean square."),
            k.MAXIMIZE,
        ),
        state=(("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum")),
        problem="Adagrad that forgets: steps follow the recent size of the gradient, so they do not die out.",
        latex=(
            r"v \leftarrow \alpha v + (1 - \alpha)\, g^2 \qquad "
            r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{g}{\sqrt{v} + \varepsilon}"
        ),
        paper="Tieleman & Hinton, Lecture 6.5, Neural Networks for Machine Learning",
        year=2012,
    ),
    Optimizer(
        name="adadelta",
        title="Adadelta",
        rule=rules.adadelta,
        torch_class="Adadelta",
        hyperparameters=(
            k.lr(1.0),
            k.fraction("rho", 0.9, "Memory of both averages: squared gradients and squared steps."),
            Hyperparameter(
                "eps", 1e-6, 1e-10, 1.0, "log", "Sets the length of the first steps: they are about its root."
            ),
            k.decay(),
            k.MAXIMIZE,
        ),
        state=(("square_avg", ""), ("acc_delta", "")),
        problem="Has no learning rate to choose: the size of past steps sets the unit of the next.",
        latex=(
            r"v \leftarrow \rho v + (1 - \rho)\, g^2 \quad "
            r"\delta = \frac{\sqrt{u + \varepsilon}}{\sqrt{v + \varepsilon}}\, g \quad "
            r"u \leftarrow \rho u + (1 - \rho)\, \delta^2 \quad \theta \leftarrow \theta - \mathrm{lr}\, \delta"
        ),
        paper="Zeiler, ADADELTA: An Adaptive Learning Rate Method",
        year=2012,
    ),
    Optimizer(
        name="adam",
        title="Adam",
        rule=rules.adam,
        torch_class="Adam",
        hyperparameters=(k.lr(1e-3), *k.BETAS, k.eps(1e-8), k.decay(), k.AMSGRAD, k.MAXIMIZE, k.DECOUPLED),
        state=(*_MOMENTS, ("max_exp_avg_sq", "amsgrad")),
        problem="Gives every parameter a step of about lr, whatever the scale of its gradient.",
        latex=_MOMENTS_LATEX + _ADAM_LATEX,
        paper="Kingma & Ba, Adam: A Method for Stochastic Optimization",
        year=2015,
    ),
    Optimizer(
        name="adamw",
        title="AdamW",
        rule=rules.adam,
        torch_class="AdamW",
        hyperparameters=(k.lr(1e-3), *k.BETAS, k.eps(1e-8), k.decay(1e-2, k.SHRINK), k.AMSGRAD, k.MAXIMIZE),
        state=(*_MOMENTS, ("max_exp_avg_sq", "amsgrad")),
        problem="Adam whose weight decay acts on the weights alone, not through the adaptive scale.",
        latex=r"\theta \leftarrow (1 - \mathrm{lr}\,\lambda)\,\theta \quad " + _MOMENTS_LATEX + _ADAM_LATEX,
        paper="Loshchilov & Hutter, Decoupled Weight Decay Regularization",
        year=2019,
        decoupled=True,
    ),
    Optimizer(
        name="nadam",
        title="NAdam",
        rule=rules.nadam,
        torch_class="NAdam",
        hyperparameters=(
            k.lr(2e-3),
            *k.BETAS,
            k.eps(1e-8),
            k.decay(),
            Hyperparameter("momentum_decay", 4e-3, 0.0, 0.1, text="How fast the momentum warms up from beta1 / 2."),
            k.DECOUPLED,
            k.MAXIMIZE,
        ),
        state=(*_MOMENTS, ("mu_product", "")),
        initial=(("mu_product", 1.0),),
        problem="Adam with Nesterov's look-ahead: the newest gradient counts at once.",
        latex=(
            _MOMENTS_LATEX + r"\theta \leftarrow \theta - \frac{\mathrm{lr}}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon}"
            r"\left(\frac{(1 - \mu_t)\, g}{1 - \prod_{i \le t} \mu_i} + "
            r"\frac{\mu_{t+1}\, m}{1 - \prod_{i \le t+1} \mu_i}\right)"
            r"\quad \mu_t = \beta_1 (1 - \tfrac{1}{2}\, 0.96^{t \psi})"
        ),
        paper="Dozat, Incorporating Nesterov Momentum into Adam",
        year=2016,
    ),
    Optimizer(
        name="radam",
        title="RAdam",
        rule=rules.radam,
        torch_class="RAdam",
        hyperparameters=(k.lr(1e-3), *k.BETAS, k.eps(1e-8), k.decay(), k.DECOUPLED, k.MAXIMIZE),
        state=_MOMENTS,
        problem="Adam with a built-in warm-up: plain momentum until the second moment can be trusted.",
        latex=(
            _MOMENTS_LATEX + r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{m}{1 - \beta_1^t}\, r_t\,"
            r"\frac{\sqrt{1 - \beta_2^t}}{\sqrt{v} + \varepsilon} \ \text{if } \rho_t > 5, \text{ else }"
            r"\theta - \mathrm{lr}\,\frac{m}{1 - \beta_1^t}"
        ),
        paper="Liu et al., On the Variance of the Adaptive Learning Rate and Beyond",
        year=2020,
    ),
    Optimizer(
        name="adamax",
        title="Adamax",
        rule=rules.adamax,
        torch_class="Adamax",
        hyperparameters=(
            k.lr(2e-3),
            k.BETAS[0],
            k.fraction("beta2", 0.999, "Memory of the largest recent gradient.", high=0.9999),
            k.eps(1e-8),
            k.decay(),
            k.MAXIMIZE,
        ),
        state=(("exp_avg", ""), ("exp_inf", "")),
        problem="Adam on the largest recent gradient: steady where gradients are rare or spiky.",
        latex=(
            r"m \leftarrow \beta_1 m + (1 - \beta_1)\, g \quad u \leftarrow \max(\beta_2 u, |g| + \varepsilon) \quad "
            r"\theta \leftarrow \theta - \frac{\mathrm{lr}}{1 - \beta_1^t}\,\frac{m}{u}"
        ),
        paper="Kingma & Ba, Adam: A Method for Stochastic Optimization",
        year=2015,
    ),
    Optimizer(
        name="rprop",
        title="Rprop",
        rule=rules.rprop,
        torch_class="Rprop",
        hyperparameters=(
            Hyperparameter(
                "lr", 1e-2, 1e-4, 10.0, "log", "Learning rate: the length of the first step.", open_low=True
            ),
            k.fraction("etaminus", 0.5, "Factor on the step where the gradient's sign turns.", open_low=True),
            Hyperparameter(
                "etaplus", 1.2, 1.001, 2.0, text="Factor on the step while the sign stays.", minimum=1.0, open_low=True
            ),
            Hyperparameter("step_min", 1e-6, 1e-10, 1e-2, "log", "Shortest step."),
            Hyperparameter("step_max", 50.0, 1e-2, 100.0, "log", "Longest step."),
            k.MAXIMIZE,
        ),
        state=(("prev", ""), ("step_size", "")),
        initial=(("step_size", "lr"),),
        forgets=True,
        problem="Trusts only the sign of the gradient: for full batches, where slopes differ by orders of magnitude.",
        latex=(
            r"s \leftarrow s \cdot \begin{cases} \eta^+ & g\, g_{t-1} > 0 \\ \eta^- & g\, g_{t-1} < 0 \end{cases}"
            r"\qquad \theta \leftarrow \theta - s\, \mathrm{sign}(g)"
        ),
        paper="Riedmiller & Braun, A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm",
        year=1993,
    ),
    Optimizer(
        name="asgd",
        title="ASGD",
        rule=rules.asgd,
        torch_class="ASGD",
        hyperparameters=(
            k.lr(1e-2),
            Hyperparameter("lambd", 1e-4, 1e-6, 1.0, "log", "How fast the step decays; shrinks the weights, too."),
            Hyperparameter("alpha", 0.75, 0.0, 1.0, text="Power of that decay."),
            Hyperparameter("t0", 1e6, 1.0, 1e6, "log", "Step from which the points are averaged (into ax)."),
            k.decay(),
            k.MAXIMIZE,
        ),
        state=(("eta", ""), ("mu", ""), ("ax", "")),
        initial=(("eta", "lr"), ("mu", 1.0)),
        problem="Averages the points of a noisy run: the mean lies closer to the minimum than any of them.",
        latex=(
            r"\theta \leftarrow (1 - \lambda \eta)\,\theta - \eta\, g \quad "
            r"\eta \leftarrow \frac{\mathrm{lr}}{(1 + \lambda\,\mathrm{lr}\, t)^{\alpha}} \quad "
            r"\bar\theta \leftarrow \bar\theta + \mu\, (\theta - \bar\theta)"
        ),
        paper="Polyak & Juditsky, Acceleration of Stochastic Approximation by Averaging",
        year=1992,
    ),
    Optimizer(
        name="lbfgs",
        title="L-BFGS",
        rule=None,
        torch_class="LBFGS",
        hyperparameters=(
            k.lr(1.0),
            Hyperparameter(
                "max_iter", 20, 1, 50, "int", "Inner iterations a step: one step is several moves.", minimum=1
            ),
            Hyperparameter("max_eval", 0, 0, 100, "int", "Most gradients a step; 0: 1.25 times max_iter."),
            Hyperparameter("tolerance_grad", 1e-7, 1e-12, 1e-2, "log", "Stops where no gradient is larger."),
            Hyperparameter("tolerance_change", 1e-9, 1e-14, 1e-2, "log", "Stops where point or loss change less."),
            Hyperparameter("history_size", 100, 1, 100, "int", "How many past steps shape the curvature.", minimum=1),
            Hyperparameter("line_search_fn", False, scale="bool", text="Search along each direction (strong_wolfe)."),
        ),
        state=(),
        problem="Learns the curvature from past gradients: few steps where others need hundreds, if nothing is noisy.",
        latex=r"\theta \leftarrow \theta - \mathrm{lr}\, H_t\, g \qquad H_t \approx (\nabla^2 f)^{-1}",
        paper="Liu & Nocedal, On the limited memory BFGS method for large scale optimization",
        year=1989,
    ),
)

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in _ROWS}
