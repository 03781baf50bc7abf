"""A forecast for many weights: from Hessian-vector products and noise samples, in the subspace where things happen.

With constant noise the displacement is a polynomial of H applied to g and to the noise. Let z_1 .. z_s be samples of
the batch gradient's noise, C = mean z z'. The Krylov space

    K = span { H^j v :  v in (g, z_1 .. z_s),  j = 0 .. depth }

holds every displacement of at most depth + 1 steps, so in an orthonormal basis V (d, m) of it

    g_V = V'g,   H_V = V'HV,   C_V = V'CV

give the same mean, and the same g'm, m'Hm and tr(H P), as g, H and C do; for longer runs the error falls as Lanczos'
does, fast in the directions of the large eigenvalues. C is only as good as its samples: for Gaussian noise spread
evenly over n directions a trace from s samples has a relative error of sqrt(2 / (s n)).

Cost: (depth + 1) (s + 1) products. Source: derived here (Krylov projection). Status: exact up to depth + 1 steps.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, require, require_int
from nala_lab.theory.forecast import Local
from nala_lab.theory.minibatch_noise import Constant, finite_vector

__all__ = ["reduced"]

_LOST = 1e-10  # of a vector's length: what is left of it after projection is rounding


def reduced(
    loss: float, g: ArrayLike, product: Callable[[Real], ArrayLike], samples: ArrayLike, *, depth: int
) -> Local:
    """Make a `Local` of at most (depth + 1)(s + 1) dimensions for `forecast` and `one_cycle`.

    Raises ValueError when a shape does not fit, or g and all samples are zero.

    Parameters
    ----------
    g : (d,) gradient. product : v (d,) to H v (d,). samples : (s, d) batch gradients minus g, each of its own batch.
    depth : powers of H that are kept.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.forecast_products import reduced
    >>> from nala_lab.theory.forecast_cycle import one_cycle
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> h = np.linspace(0.1, 1, 1000)
    >>> here = reduced(0.0, np.ones(1000), lambda v: h * v, np.zeros((1, 1000)), depth=4)
    >>> len(here.noise.h), round(one_cycle(here, nala(lr=0.1, k=5, mu=0.0)).gain, 5)  # sum_i (1 - (1 - lr h_i)^5) / h_i
    (5, 448.56459)
    """
    g = finite_vector("g", g)
    z = np.asarray(samples, np.float64)
    require("samples", z.shape, z.ndim == 2 and z.shape[1] == len(g) and len(z) > 0, f"(s, {len(g)}), s >= 1")
    require("samples", z.shape, bool(np.all(np.isfinite(z))), "finite entries")
    depth = require_int("depth", depth, low=0)
    basis: list[Real] = []
    images: list[Real] = []
    block = [g, *z]
    for _ in range(depth + 1):
        fresh = [v for v in (_outside(v, basis) for v in block) if v is not None]
        block = [np.asarray(product(v), np.float64) for v in fresh]
        images += block
    require("g", 0.0, bool(basis), "a gradient or a sample that is not zero")
    V, HV = np.stack(basis, axis=1), np.stack(images, axis=1)
    H, noise = V.T @ HV, z @ V
    return Local(loss, Constant((H + H.T) / 2, noise.T @ noise / len(z), g=V.T @ g))


def _outside(v: Real, basis: list[Real]) -> Real | None:
    """The direction of `v` that is not in the basis yet, appended to it; None where nothing is left."""
    length = float(np.linalg.norm(v))
    for _ in range(2):  # twice is enough (Kahan): one pass leaves what it rounds
        for u in basis:
            v = v - (u @ v) * u
    left = float(np.linalg.norm(v))
    if not left > _LOST * length:
        return None
    basis.append(v / left)
    return basis[-1]
