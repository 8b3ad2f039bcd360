"""What tests and benchmarks compare with: a loss for autograd, and runs on arrays that are new at every step."""

import numpy as np
import sympy
import torch

from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import OF_EXAMPLES, with_numbers
from optim_viz.surfaces.torch_functions import plain, torch_functions_by_name


def torch_loss(surface):
    """A surface's loss as a torch function of x and y (tensors of one shape), for autograd.

    >>> from optim_viz import SURFACES
    >>> torch_loss(SURFACES["quadratic"])(torch.tensor(1.0), torch.tensor(1.0))
    tensor(5.5000)
    """
    names = OF_EXAMPLES if surface.data else ("x", "y")
    # torch's functions take no plain numbers, so constants such as exp(2) are worked out first.
    expression = plain(with_numbers(surface))
    function = sympy.lambdify(sympy.symbols(names, real=True), expression, [torch_functions_by_name(), torch])
    if not surface.data:
        return function
    u, v = torch.tensor(examples(surface.data)).unbind(1)
    return lambda x, y: function(x[..., None], y[..., None], u, v).mean(-1)


def array_steps(functions, optimizer, starts, lrs, changed=()):
    """Run one optimizer from many starts at once; yield (gradient, theta, state) of every step, each array [2, n].

    `starts` is float64 [n, 2]; `lrs` gives the rates of x and y of every step, each a number or float64 [n]; `changed`
    replaces hyperparameters by float64 [n], one value a run. Overflow becomes inf and NaN.
    """
    values = {**optimizer.hyperparameters, **dict(changed)}
    row = OPTIMIZERS[optimizer.kind]
    step, theta, state = row.step_with(values, np), np.ascontiguousarray(starts.T), ()

    def rows(pair):
        return np.stack(np.broadcast_arrays(*pair, theta[0])[:2])

    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            g = rows(functions.gradient(t, *theta))
            lr = lrx if lrx is lry or (isinstance(lrx, float) and lrx == lry) else rows((lrx, lry))
            if t == 1:
                state = tuple(np.broadcast_to(first, theta.shape) for first in row.initial_state(values, lr))
            theta, state = step(t, lr, theta, g, state)
        yield g, theta, state
