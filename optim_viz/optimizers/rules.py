"""The update rules, in order of increasing complexity.

A rule is written once, elementwise, with + - * / ** and sqrt, abs, maximum and sign from a namespace that is passed in.
The same lines therefore run on Python floats (one run, fastest), NumPy arrays (many runs at once) and torch tensors,
and tests hold them to torch.optim step for step. The order of operations follows torch's own, so that what overflows
there overflows here: a square that is averaged is (1 - beta) * g * g, as addcmul has it. Nothing branches on data:
where torch does, sign and maximum build a factor of 0 or 1. The only question asked is `t == 1`.

Equal means: in float64, under the default dtype float64 where torch keeps scalars in it (nadam, asgd), and for |g| from
1e-154 to 1e154, within which squares neither overflow nor vanish.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

Namespace = SimpleNamespace | ModuleType
State = tuple[Any, ...]
#: step(t, lr, theta, g, state) -> (theta, state); t counts from 1, state is a tuple named by the row's `state`.
Step = Callable[[Any, Any, Any, Any, State], tuple[Any, State]]


def flat(step: Step) -> Callable[..., tuple[Any, ...]]:
    """Return a rule's step as a function of (t, lr, theta, g, *state) that returns (theta, *state)."""

    def flat_step(t: Any, lr: Any, theta: Any, g: Any, *state: Any) -> tuple[Any, ...]:
        theta, new = step(t, lr, theta, g, state)
        return (theta, *new)

    return flat_step


#: The namespace for Python floats, with NumPy's names.
FLOATS = SimpleNamespace(
    sqrt=math.sqrt, abs=abs, maximum=max, minimum=min, sign=lambda v: math.copysign(1.0, v) if v else v
)


def is_zero(value: Any) -> bool:
    """Whether a hyperparameter is the plain number 0, so that its term can be left out."""
    return isinstance(value, (int, float)) and value == 0


def sgd(xp: Namespace, *, momentum: Any = 0.0, dampening: Any = 0.0, nesterov: bool = False) -> Step:
    """Rule of sgd, momentum and nesterov: v <- momentum*v + (1 - dampening)*g, theta <- theta - lr*v."""
    if is_zero(momentum):
        return lambda t, lr, theta, g, state: (theta - lr * g, state)
    # torch keeps no buffer at momentum 0, so there the dampening must not bite (sign(0) = 0).
    plain, fresh = is_zero(dampening), 1.0 - dampening * xp.sign(momentum)

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        # torch starts the buffer at the first gradient itself, undampened.
        v = g if t == 1 else momentum * state[0] + (g if plain else fresh * g)
        return theta - lr * (g + momentum * v if nesterov else v), (v,)

    return step


def adagrad(xp: Namespace, *, lr_decay: Any, eps: Any, initial_accumulator_value: Any) -> Step:
    """Rule of adagrad: s <- s + g^2, theta <- theta - lr/(1 + (t - 1)*lr_decay) * g / (sqrt(s) + eps)."""
    sqrt, steady = xp.sqrt, is_zero(lr_decay)

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        s = state[0] + g * g
        clr = lr if steady else lr / (1.0 + (t - 1.0) * lr_decay)
        return theta - clr * g / (sqrt(s) + eps), (s,)

    return step


def rmsprop(xp: Namespace, *, alpha: Any, eps: Any, momentum: Any, centered: bool) -> Step:
    """Rule of rmsprop: v <- alpha*v + (1 - alpha)*g^2, theta <- theta - lr * g / (sqrt(v) + eps)."""
    sqrt, new, plain = xp.sqrt, 1.0 - alpha, is_zero(momentum)

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        v = state[0] * alpha + new * g * g
        kept: State = (v,)
        spread = v
        if centered:
            mean = state[1] + (g - state[1]) * new
            kept, spread = (v, mean), v - mean * mean
        scale = sqrt(spread) + eps
        if plain:
            return theta - lr * g / scale, kept
        buffer = momentum * state[-1] + g / scale
        return theta - lr * buffer, (*kept, buffer)

    return step


def adadelta(xp: Namespace, *, rho: Any, eps: Any) -> Step:
    """Rule of adadelta: the step is g * rms(earlier steps) / rms(gradients), each a moving average."""
    sqrt, new = xp.sqrt, 1.0 - rho

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        v = state[0] * rho + new * g * g
        delta = sqrt(state[1] + eps) / sqrt(v + eps) * g
        return theta - lr * delta, (v, state[1] * rho + new * delta * delta)

    return step


def rprop(xp: Namespace, *, etaminus: Any, etaplus: Any, step_min: Any, step_max: Any) -> Step:
    """Rule of rprop: the step size grows while the gradient's sign stays, and shrinks (and waits) where it turns."""
    sign, maximum = xp.sign, xp.maximum

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        agree = sign(g * state[0])
        stays, turns = maximum(agree, 0.0), maximum(-agree, 0.0)
        size = state[1] * (stays * etaplus + turns * etaminus + (1.0 - stays - turns))
        size = -maximum(-maximum(size, step_min), -step_max)
        g = g * (1.0 - turns)
        return theta - sign(g) * size, (g, size)

    return step


def asgd(xp: Namespace, *, lambd: Any, alpha: Any, t0: Any) -> Step:
    """Rule of asgd: a decaying step eta along g; beside it the average ax of the points, from step t0 on."""
    maximum = xp.maximum

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        eta, mu, ax = state
        theta = theta * (1.0 - lambd * eta) - eta * g
        ax = ax + (theta - ax) * mu
        return theta, (lr / (1.0 + lambd * lr * t) ** alpha, 1.0 / maximum(t - t0, 1.0), ax)

    return step


def adam(xp: Namespace, *, beta1: Any, beta2: Any, eps: Any, amsgrad: bool) -> Step:
    """Rule of adam and adamw: theta <- theta - lr * m_hat / (sqrt(v_hat) + eps), bias-corrected moments."""
    sqrt, maximum = xp.sqrt, xp.maximum
    new1, new2 = 1.0 - beta1, 1.0 - beta2

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        m = state[0] + (g - state[0]) * new1
        v = state[1] * beta2 + new2 * g * g
        top = maximum(state[2], v) if amsgrad else v
        scale = sqrt(top) / (1.0 - beta2**t) ** 0.5 + eps
        theta = theta - lr / (1.0 - beta1**t) * m / scale
        return theta, (m, v, top) if amsgrad else (m, v)

    return step


def adamax(xp: Namespace, *, beta1: Any, beta2: Any, eps: Any) -> Step:
    """Rule of adamax: adam with the largest recent |g| in the place of the root mean square."""
    absolute, maximum, new = xp.abs, xp.maximum, 1.0 - beta1

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        m = state[0] + (g - state[0]) * new
        u = maximum(state[1] * beta2, absolute(g) + eps)
        return theta - lr / (1.0 - beta1**t) * m / u, (m, u)

    return step


def nadam(xp: Namespace, *, beta1: Any, beta2: Any, eps: Any, momentum_decay: Any) -> Step:
    """Rule of nadam: adam that looks one step ahead, with a momentum mu_t that warms up."""
    sqrt, new1, new2 = xp.sqrt, 1.0 - beta1, 1.0 - beta2

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (t * momentum_decay))
        ahead = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1.0) * momentum_decay))
        product = state[2] * mu
        m = state[0] + (g - state[0]) * new1
        v = state[1] * beta2 + new2 * g * g
        scale = sqrt(v / (1.0 - beta2**t)) + eps
        theta = theta - lr * (1.0 - mu) / (1.0 - product) * g / scale
        return theta - lr * ahead / (1.0 - product * ahead) * m / scale, (m, v, product)

    return step


def radam(xp: Namespace, *, beta1: Any, beta2: Any, eps: Any) -> Step:
    """Rule of radam: adam whose adaptive scale is switched on, rectified, once rho_t > 5 says that v can be trusted."""
    sqrt, maximum, sign = xp.sqrt, xp.maximum, xp.sign
    new1, new2 = 1.0 - beta1, 1.0 - beta2
    limit = 2.0 / new2 - 1.0
    usable = maximum(sign(limit - 5.0), 0.0)  # at a limit of 5 or less rho_t never passes 5:
    safe = usable * limit + (1.0 - usable) * 6.0  # there any number does that divides nothing by zero

    def step(t: Any, lr: Any, theta: Any, g: Any, state: State) -> tuple[Any, State]:
        m = state[0] + (g - state[0]) * new1
        v = state[1] * beta2 + new2 * g * g
        power = beta2**t
        rho = limit - 2.0 * t * power / (1.0 - power)
        trusted = maximum(sign(rho - 5.0), 0.0)  # 1 where torch takes the adaptive branch, else 0
        rho = maximum(rho, 5.0)
        rectified = ((rho - 4.0) * (rho - 2.0) * safe / ((safe - 4.0) * (safe - 2.0) * rho)) ** 0.5
        adaptive = (1.0 - power) ** 0.5 / (sqrt(v) + eps + (1.0 - trusted))
        update = trusted * (adaptive * rectified) + (1.0 - trusted)
        return theta - m / (1.0 - beta1**t) * lr * update, (m, v)

    return step
