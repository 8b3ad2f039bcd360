"""The OPTIMIZERS table: a row holds all there is to an optimizer, but for the rule itself."""

from __future__ import annotations

from optim_viz.language import N_
from optim_viz.optimizers import lbfgs, rules
from optim_viz.optimizers.adam_family import ADAM_FAMILY
from optim_viz.optimizers.hyperparameters import MAXIMIZE, eps, flag, fraction, lr, momentum, weight_decay
from optim_viz.optimizers.matrix_rows import MATRIX_ROWS
from optim_viz.optimizers.row import Card, Optimizer, Style
from optim_viz.spec import Hyperparameter

#: The lines of momentum's and nesterov's cards: torch begins with the gradient itself, and keeps nothing at momentum 0.
_BUFFER = (
    "[momentum?v ← [row?{momentum}·{momentum_buffer} + [dampening?(1 − {dampening})·]]{g} = {momentum_buffer'}]",
    "[momentum?v ← [row?{momentum}·{momentum_buffer} + ]{g} = {momentum_buffer'}]",
)
_AHEAD = "({g} + {momentum}·{momentum_buffer'})"
_MOVE = "{theta} − {lr}·[!momentum?{g}][momentum?[!nesterov?{momentum_buffer'}][nesterov?" + _AHEAD + "]] = {theta'}"

_ROWS = (
    Optimizer(
        name="sgd",
        title="SGD",
        style=Style("#0072B2", "#56B4E9", "solid", "circle"),
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(lr(1e-3), weight_decay(), MAXIMIZE),
        state=(),
        problem=N_("Follows the negative gradient of a mini-batch, or of the whole loss."),
        latex=r"\theta \leftarrow \theta - \mathrm{lr}\, g",
        card=Card("θ ← θ − lr · g", move="{theta} − {lr}·{g} = {theta'}"),
        paper="Robbins & Monro, A Stochastic Approximation Method",
        year=1951,
    ),
    Optimizer(
        name="momentum",
        title="Momentum",
        style=Style("#D55E00", "#FF8F4A", "dash", "square"),
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(
            lr(1e-3),
            momentum(0.9),
            Hyperparameter(
                "dampening",
                0.0,
                text=N_("Share of each new gradient that is left out of the velocity."),
                maximum=10.0,
            ),
            weight_decay(),
            flag("nesterov", N_("Look ahead: step along g + momentum * v (needs dampening 0).")),
            MAXIMIZE,
        ),
        state=(("momentum_buffer", ""),),
        problem=N_("Speeds up along a steady direction and damps oscillation across a ravine."),
        latex=r"v \leftarrow \mu v + (1 - \tau)\, g \qquad \theta \leftarrow \theta - \mathrm{lr}\, v",
        card=Card(
            "v ← μv + g,  θ ← θ − lr · v",
            _BUFFER[:1],
            _MOVE,
            pull="momentum_buffer",
        ),
        told=("momentum",),
        paper="Polyak, Some methods of speeding up the convergence of iteration methods",
        year=1964,
    ),
    Optimizer(
        name="nesterov",
        title="Nesterov",
        style=Style("#AA4499", "#DD88CC", "dot", "diamond"),
        rule=rules.sgd,
        torch_class="SGD",
        hyperparameters=(
            lr(1e-3),
            fraction("momentum", 0.9, N_("Share of the last step's velocity that is kept."), open_low=True),
            weight_decay(),
            MAXIMIZE,
        ),
        state=(("momentum_buffer", ""),),
        problem=N_("Momentum that looks ahead: it slows down before the slope rises again, so it overshoots less."),
        latex=r"v \leftarrow \mu v + g \qquad \theta \leftarrow \theta - \mathrm{lr}\, (g + \mu v)",
        card=Card(
            "v ← μv + g,  θ ← θ − lr · (g + μv)",
            _BUFFER[1:],
            "{theta} − {lr}·" + _AHEAD + " = {theta'}",
            pull="momentum_buffer",
        ),
        told=("momentum",),
        paper="Nesterov, A method of solving a convex programming problem with convergence rate O(1/k^2)",
        year=1983,
        fixed=(("nesterov", True),),
    ),
    Optimizer(
        name="adagrad",
        title="Adagrad",
        style=Style("#B8860B", "#F0C040", "dashdot", "triangle-up"),
        rule=rules.adagrad,
        torch_class="Adagrad",
        hyperparameters=(
            lr(1e-2),
            Hyperparameter("lr_decay", 0.0, 0.0, 0.1, text=N_("Shrinks the learning rate as 1 / (1 + t * lr_decay).")),
            weight_decay(),
            Hyperparameter(
                "initial_accumulator_value",
                0.0,
                0.0,
                10.0,
                text=N_("What the sum of squares starts at: it shortens the first steps."),
            ),
            eps(1e-10),
            MAXIMIZE,
        ),
        state=(("sum", ""),),
        initial=(("sum", "initial_accumulator_value"),),
        problem=N_("Gives rarely changing parameters larger steps; every parameter's rate can only shrink."),
        latex=r"s \leftarrow s + g^2 \qquad \theta \leftarrow \theta - \mathrm{lr}\,\frac{g}{\sqrt{s} + \varepsilon}",
        card=Card("s ← s + g²,  θ ← θ − lr · g / (√s + ε)", ("s ← {sum} + {g}² = {sum'}",)),
        paper="Duchi, Hazan & Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization",
        year=2011,
    ),
    Optimizer(
        name="rmsprop",
        title="RMSprop",
        style=Style("#332288", "#9A8CFF", "longdash", "x"),
        rule=rules.rmsprop,
        torch_class="RMSprop",
        hyperparameters=(
            lr(1e-2),
            fraction("alpha", 0.99, N_("Memory of the mean squared gradient.")),
            eps(1e-8),
            weight_decay(),
            momentum(0.0),
            flag("centered", N_("Divide by the spread of g, not by its mean square.")),
            MAXIMIZE,
        ),
        state=(("square_avg", ""), ("grad_avg", "centered"), ("momentum_buffer", "momentum")),
        problem=N_(
            "Adagrad that forgets: steps follow the recent size of the gradient, so they do not shrink for ever."
        ),
        latex=(
            r"v \leftarrow \alpha v + (1 - \alpha)\, g^2 \qquad "
            r"\theta \leftarrow \theta - \mathrm{lr}\,\frac{g}{\sqrt{v} + \varepsilon}"
        ),
        card=Card(
            "v ← αv + (1 − α)g²,  θ ← θ − lr · g / (√v + ε)",
            ("v ← {alpha}·{square_avg} + (1 − {alpha})·{g}² = {square_avg'}",),
        ),
        paper="Tieleman & Hinton, Lecture 6.5, Neural Networks for Machine Learning",
        year=2012,
    ),
    Optimizer(
        name="adadelta",
        title="Adadelta",
        style=Style("#882255", "#E0709A", "longdashdot", "star"),
        rule=rules.adadelta,
        torch_class="Adadelta",
        hyperparameters=(
            lr(1.0),
            fraction("rho", 0.9, N_("Memory of both averages: squared gradients and squared steps.")),
            eps(1e-6, N_("Sets the length of the first steps: they are about its root.")),
            weight_decay(),
            MAXIMIZE,
        ),
        state=(("square_avg", ""), ("acc_delta", "")),
        problem=N_("Has no learning rate to choose: the size of past steps sets the unit of the next."),
        latex=(
            r"v \leftarrow \rho v + (1 - \rho)\, g^2 \quad "
            r"\delta = \frac{\sqrt{u + \varepsilon}}{\sqrt{v + \varepsilon}}\, g \quad "
            r"u \leftarrow \rho u + (1 - \rho)\, \delta^2 \quad \theta \leftarrow \theta - \mathrm{lr}\, \delta"
        ),
        card=Card(
            "v ← ρv + (1 − ρ)g²,  d = g · √(u + ε) / √(v + ε),  u ← ρu + (1 − ρ)d²,  θ ← θ − lr · d",
            ("v ← {rho}·{square_avg} + (1 − {rho})·{g}² = {square_avg'}", "u: {acc_delta} → {acc_delta'}"),
        ),
        paper="Zeiler, ADADELTA: An Adaptive Learning Rate Method",
        year=2012,
    ),
    *ADAM_FAMILY,
    Optimizer(
        name="rprop",
        title="Rprop",
        style=Style("#5B2C83", "#C39BE8", "longdashdot", "cross"),
        rule=rules.rprop,
        torch_class="Rprop",
        hyperparameters=(
            lr(1e-2, N_("Learning rate: the length of the first step.")),
            fraction("etaminus", 0.5, N_("Factor on the step where the gradient's sign turns."), open_low=True),
            Hyperparameter(
                "etaplus",
                1.2,
                1.001,
                2.0,
                text=N_("Factor on the step while the sign stays."),
                minimum=1.0,
                maximum=100.0,
                open_low=True,
            ),
            Hyperparameter("step_min", 1e-6, 1e-10, 1e-2, "log", N_("Shortest step.")),
            Hyperparameter("step_max", 50.0, 1e-2, 100.0, "log", N_("Longest step.")),
            MAXIMIZE,
        ),
        state=(("prev", ""), ("step_size", "")),
        initial=(("step_size", "lr"),),
        forgets=True,
        problem=N_("Uses only the sign of the gradient: for full batches, where slopes differ by orders of magnitude."),
        latex=(
            r"s \leftarrow s \cdot \begin{cases} \eta^+ & g\, g_{t-1} > 0 \\ \eta^- & g\, g_{t-1} < 0 \end{cases}"
            r"\qquad \theta \leftarrow \theta - s\, \mathrm{sign}(g)"
        ),
        card=Card(
            N_("size · η⁺ where the sign of g stays, · η⁻ where it turns;  θ ← θ − sign(g) · size"),
            ("size: {step_size} → {step_size'}",),
        ),
        paper="Riedmiller & Braun, A Direct Adaptive Method for Faster Backpropagation Learning: The RPROP Algorithm",
        year=1993,
    ),
    Optimizer(
        name="asgd",
        title="ASGD",
        style=Style("#33809B", "#88CCEE", "dash", "star"),
        rule=rules.asgd,
        torch_class="ASGD",
        hyperparameters=(
            lr(1e-2),
            Hyperparameter("lambd", 1e-4, 1e-6, 1.0, "log", N_("How fast the step decays; shrinks the weights, too.")),
            Hyperparameter("alpha", 0.75, text=N_("Power of that decay."), maximum=10.0),
            Hyperparameter(
                "t0", 1e6, 1.0, 1e6, "log", N_("Step from which the points are averaged (into ax)."), maximum=1e9
            ),
            weight_decay(),
            MAXIMIZE,
        ),
        state=(("eta", ""), ("mu", ""), ("ax", "")),
        initial=(("eta", "lr"), ("mu", 1.0)),
        problem=N_("Averages the points of a noisy run: the mean lies closer to the minimum than most of them."),
        latex=(
            r"\theta \leftarrow (1 - \lambda \eta)\,\theta - \eta\, g \quad "
            r"\eta \leftarrow \frac{\mathrm{lr}}{(1 + \lambda\,\mathrm{lr}\, t)^{\alpha}} \quad "
            r"\bar\theta \leftarrow \bar\theta + \mu\, (\theta - \bar\theta)"
        ),
        card=Card(N_("θ ← (1 − λη)θ − ηg,  beside it the mean of the points"), ("η = {eta}", "mean: {ax} → {ax'}")),
        paper="Polyak & Juditsky, Acceleration of Stochastic Approximation by Averaging",
        year=1992,
    ),
    Optimizer(
        name="lbfgs",
        title="L-BFGS",
        style=Style("#444444", "#D0D0D0", "solid", "x"),
        rule=None,
        closure_rule=lbfgs.lbfgs,
        looks=lbfgs.most_looks,
        torch_class="LBFGS",
        hyperparameters=(
            lr(1.0),
            Hyperparameter(
                "max_iter",
                20,
                1,
                50,
                "int",
                N_("Inner iterations a step: one step is several moves."),
                minimum=1,
                maximum=lbfgs.MOST_ITERATIONS,
            ),
            Hyperparameter(
                "max_eval",
                0,
                0,
                100,
                "int",
                N_("Most gradients a step; 0: 1.25 times max_iter."),
                maximum=lbfgs.MOST_ITERATIONS * 5 // 4,
            ),
            Hyperparameter("tolerance_grad", 1e-7, 1e-12, 1e-2, "log", N_("Stops where no gradient is larger.")),
            Hyperparameter("tolerance_change", 1e-9, 1e-14, 1e-2, "log", N_("Stops where point or loss change less.")),
            Hyperparameter(
                "history_size",
                100,
                1,
                100,
                "int",
                N_("How many past steps shape the curvature."),
                minimum=1,
                maximum=lbfgs.MOST_HISTORY,
            ),
            flag("line_search_fn", N_("Search along each direction (strong_wolfe).")),
        ),
        state=(),
        problem=N_(
            "Learns the curvature from past gradients: few steps where others need hundreds, if nothing is noisy."
        ),
        latex=r"\theta \leftarrow \theta - \mathrm{lr}\, H_t\, g \qquad H_t \approx (\nabla^2 f)^{-1}",
        card=Card(N_("θ ← θ − lr · Hg,  H from the last steps and gradients")),
        paper="Liu & Nocedal, On the limited memory BFGS method for large scale optimization",
        year=1989,
    ),
    *MATRIX_ROWS,
)

OPTIMIZERS: dict[str, Optimizer] = {row.name: row for row in _ROWS}
#: The names of those with an elementwise rule, whose runs can be one batch.
WITH_RULE = tuple(name for name, row in OPTIMIZERS.items() if row.rule)
#: Those that a surface of two weights can show.
ON_SURFACES: dict[str, Optimizer] = {name: row for name, row in OPTIMIZERS.items() if not row.matrices}
#: torch's that nothing here can show, and why.
NOWHERE = {
    "sparseadam": N_(
        "SparseAdam needs sparse gradients, and neither a surface nor the network has any: adam is its dense rule."
    )
}


def not_on_surfaces(row: Optimizer) -> str:
    """Return why a surface of two weights cannot show an optimizer.

    >>> not_on_surfaces(OPTIMIZERS["muon"])
    'Muon takes matrices of weights as a whole, and a surface has two single weights: train the network with it.'
    """
    return N_(
        "{optimizer} takes matrices of weights as a whole, and a surface has two single weights: "
        "train the network with it.",
        optimizer=row.title,
    )
