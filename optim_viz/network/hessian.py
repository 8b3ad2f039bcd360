"""The largest eigenvalues of a Hessian that is only ever multiplied with: Hessian-vector products by torch.autograd.

The Lanczos iteration is ARPACK's, by scipy (Lehoucq, Sorensen & Yang, ARPACK Users' Guide, 1998).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.looks import look

if TYPE_CHECKING:
    from torch import Tensor

#: Up to so many weights the whole matrix is made: ARPACK wants more than a few rows.
DENSE = 64
#: Relative to the eigenvalue: gradients of float32 say no more.
TOLERANCE = 1e-5
#: Vectors that ARPACK keeps at least, with which a largest eigenvalue took the fewest products: about 20. After so many
#: rounds of new ones, 370 products for one eigenvalue, it gives up.
KEPT, ROUNDS = 10, 40

Product = Callable[["Tensor"], "Tensor"]


def product(value: Callable[[Tensor], Tensor], at: Tensor) -> Product:
    """Return v -> H v of a scalar function at a point: the gradient is taken once, and derived along v each time.

    >>> import torch
    >>> product(lambda w: (w**3).sum(), torch.tensor([1.0, 2.0]))(torch.ones(2))
    tensor([ 6., 12.])
    """
    import torch

    point, flat = at.detach().clone().requires_grad_(), lambda v: torch.zeros_like(at)
    with torch.enable_grad():
        found = value(point)
        if not found.requires_grad:
            return flat
        (slope,) = torch.autograd.grad(found, point, create_graph=True, materialize_grads=True)
    return lambda v: torch.autograd.grad(slope, point, v, retain_graph=True)[0] if slope.requires_grad else flat(v)


def largest(times: Product, size: int, count: int, start: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the `count` largest eigenvalues of a symmetric matrix, largest first, and the first one's vector.

    Arguments: `times`, its product with a float32 [size]; `start`, a vector near that of the largest eigenvalue.
    Raises ArithmeticError where the matrix is not finite, or so many products as are allowed do not find one of them.
    """
    import torch

    def multiplied(v: np.ndarray) -> np.ndarray:
        look()
        return times(torch.from_numpy(np.ascontiguousarray(v.reshape(-1), np.float32))).double().cpu().numpy()

    if size <= DENSE:
        rows = np.array([multiplied(row) for row in np.eye(size)])
        values, vectors = np.linalg.eigh(_finite((rows + rows.T) / 2))
        return values[::-1][:count], vectors[:, -1]
    return _lanczos(multiplied, size, count, start)


def _lanczos(
    times: Callable[[np.ndarray], np.ndarray], size: int, count: int, start: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    from scipy.sparse import linalg

    begin: Any = np.random.default_rng(0).standard_normal(size) if start is None else start
    _finite(times(begin))
    matrix = linalg.LinearOperator((size, size), matvec=times, dtype=np.float64)
    kept = min(size, max(KEPT, 2 * count + 1))
    try:
        values, vectors = linalg.eigsh(matrix, count, which="LA", v0=begin, tol=TOLERANCE, ncv=kept, maxiter=ROUNDS)
    except linalg.ArpackNoConvergence as error:
        values, vectors = error.eigenvalues, error.eigenvectors
        if not len(values):
            raise ArithmeticError("ARPACK did not converge.") from None
    except linalg.ArpackError as error:  # such as a start that the matrix takes to nothing
        raise ArithmeticError(str(error)) from None
    order = np.argsort(values)[::-1]
    found = np.append(values[order], np.full(count - len(order), np.nan))
    return found, vectors[:, order[0]]


def _finite(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all():
        raise FloatingPointError("The Hessian holds what is no finite number.")
    return values
