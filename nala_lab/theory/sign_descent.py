"""T16. NALA over sign descent (Adam with betas (0, 0) and eps = 0) on f = lam x^2 / 2: the outer map, exactly.

An inner step moves x by lr towards 0, past it when |x| < lr. From a = |phi|, with n = floor(a / lr), d = a - n lr:

    x_k = a - k lr       k <= n
    x_k = d              k > n, k - n even
    x_k = d - lr         k > n, k - n odd
    phi' = sign(phi) c [(1+mu) x_k - mu a],      c = 1 - alpha lam

Derivation. Adam without averages divides g by |g|. The walk goes down to d in [0, lr), then alternates between d - lr
and d. The outer step multiplies by c because its gradient is lam y. The map is odd in phi, lam enters only through c.

Consequences for |phi| < lr (n = 0, d = a), 0 < c:

    k odd    phi' = c (a - (1+mu) lr)       a cycle of period two: |phi| = c (1+mu) lr / (1+c)
    k even   phi' = c a                     the inner loop is invisible

The cycle is there if c mu < 1 and attracts with factor c, so only an outer step makes it attract. For even k only the
outer gradient makes progress.

At phi = 0 exactly, and where the walk meets 0, the sign is undefined: Adam with eps = 0 divides 0 by 0 there.

A cycle of the paper's method with an odd and an even k thus ends at different distances, whatever lam is.

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, reals, require, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.quadratic_rate import require_setting

__all__ = ["CARDS", "cycle_amplitude", "distance_to_edge", "inner_end", "outer_map", "trajectory"]

CARDS = (
    Card(
        id="T16", title="outer map over sign descent", status="proved", kind="tight",
        statement="phi' = c((1+mu) x_k - mu phi); period two at c(1+mu)lr/(1+c) for odd k, decay by c for even k",
        assumptions="f = sum lam_i x_i^2/2, lam > 0, Adam with betas (0, 0) and eps = 0 inside, exact gradients",
        source="derived here",
    ),
)  # fmt: skip


def _check(lam: ArrayLike, lr: float, k: int, mu: float, alpha: float) -> Real:
    require_number("lr", lr, low=0, open_low=True, hint="a step of length 0 never reaches the minimum")
    require_setting(lr, k, mu, alpha)
    values: Real = eigenvalues("lam", lam)
    require("lam", lam, bool(np.all(values > 0)), "finite lam > 0")
    return values


def distance_to_edge(phi: ArrayLike, *, lr: float) -> Real:
    """Distance of |phi| to the next multiple of lr, where the sign of a gradient hangs on the last bit; (...).

    Examples
    --------
    >>> from nala_lab.theory.sign_descent import distance_to_edge
    >>> float(distance_to_edge(-0.75, lr=0.5))
    0.25
    """
    require_number("lr", lr, low=0, open_low=True)
    rest = np.mod(np.abs(reals("phi", phi)), lr)
    return np.asarray(np.minimum(rest, lr - rest))


def inner_end(phi: ArrayLike, *, lr: float, k: int) -> Real:
    """x_k from `phi` (...): where k sign steps lead.

    Raises ValueError when lr is not positive or k < 1.

    Examples
    --------
    >>> from nala_lab.theory.sign_descent import inner_end
    >>> inner_end([1.75, 0.25, -0.25], lr=0.5, k=3)
    array([ 0.25, -0.25,  0.25])
    """
    require_number("lr", lr, low=0, open_low=True)
    k = require_int("k", k, low=1)
    start = reals("phi", phi)
    a = np.abs(start)
    n = np.floor(a / lr)
    d = a - n * lr
    around = np.where((k - n) % 2 == 1, d - lr, d)
    return np.asarray(np.sign(start) * np.where(k <= n, a - k * lr, around))


def outer_map(phi: ArrayLike, lam: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """phi after one cycle.

    Raises ValueError when an argument is out of range.

    Parameters
    ----------
    phi : (..., d) slow weights, x* = 0. lam : (d,) curvatures > 0. lr, k, mu, alpha : hyperparameters.

    Examples
    --------
    >>> from nala_lab.theory.sign_descent import outer_map
    >>> [float(outer_map(0.25, 1.0, lr=1.0, k=k, mu=-0.5, alpha=0.5)) for k in (5, 4)]  # parity of k
    [-0.125, 0.125]
    """
    curvature = _check(lam, lr, k, mu, alpha)
    start = reals("phi", phi)
    end = inner_end(start, lr=lr, k=k)
    return np.asarray((1 - alpha * curvature) * ((1 + mu) * end - mu * start))


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def trajectory(phi0: ArrayLike, lam: ArrayLike, cycles: int, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """phi_0 .. phi_T, shape (T+1, ..., d). Arguments and Raises as `outer_map`.

    Examples
    --------
    >>> from nala_lab.theory.sign_descent import trajectory
    >>> trajectory([0.25], [1.0], 2, lr=1.0, k=1, mu=-0.5, alpha=0.5)[:, 0]
    array([ 0.25  , -0.125 ,  0.1875])
    """
    require_int("cycles", cycles, low=0)
    rows = [eigenvalues("phi0", phi0)]
    for _ in range(cycles):
        rows.append(outer_map(rows[-1], lam, lr=lr, k=k, mu=mu, alpha=alpha))
    return np.stack(rows)


def cycle_amplitude(lam: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """|phi| on the cycle of period two for odd k: c (1+mu) lr / (1+c), shape of `lam`.

    Raises ValueError for even k or mu = -1 (phi decays instead), c = 1 - alpha lam <= 0, or c mu >= 1: then there is no
    such cycle.

    Examples
    --------
    >>> from nala_lab.theory.sign_descent import cycle_amplitude
    >>> float(cycle_amplitude(1.0, lr=0.3, k=5, mu=-0.5, alpha=0.5))
    0.05
    """
    curvature = _check(lam, lr, k, mu, alpha)
    require_number("mu", mu, low=-1, open_low=True, hint="at mu = -1 the inner steps are ignored")
    require("k", k, k % 2 == 1, "odd", "an even number of sign steps ends where it began, once |phi| < lr")
    c = 1 - alpha * curvature
    require("alpha", alpha, bool(np.all((c > 0) & (c * mu < 1))), "1 - alpha lam > 0 and (1 - alpha lam) mu < 1")
    return np.asarray(c * (1 + mu) * lr / (1 + c))
