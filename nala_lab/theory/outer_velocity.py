"""T23. Outer velocity on a quadratic: the rate that NALA, which keeps none, cannot reach.

On an eigenvalue lam a cycle of gradient descent shrinks the error by 1 - q, q = 1 - (1 - lr lam)^k, so without an outer
gradient every member of the family is its outer method run on the effective curvature q. With Nesterov's outer momentum
(SNOO; DiLoCo with one worker), state (e, b) with b the momentum after the last cycle, D = q e:

    b' = beta b + q e
    e' = c [ e - nu (q e + beta b') ] = c [ (1 - nu q (1 + beta)) e - nu beta^2 b ],     c = 1 - alpha lam

    O = [[ c (1 - nu q (1+beta)), -c nu beta^2 ], [ q, beta ]]

For alpha = 0 and effective curvatures in [q_l, q_L], k_q = q_L / q_l, the tuned pair

    nu = 4 / (3 q_L + q_l),     beta = (sqrt(3 k_q + 1) - 2) / (sqrt(3 k_q + 1) + 2)

gives the rate 1 - 2 / sqrt(3 k_q + 1) per cycle: Nesterov's method with its best constants for quadratics, since b is
the sum of pseudo-gradients and nu the step. As k_q is about kappa / k for small steps, the square root is gained over
cycles of k steps.

Source: derived here; the constants are those of Nesterov's method on quadratics (Lessard, Recht & Packard 2016).
Status: checked; tight.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power

__all__ = ["CARDS", "cycle_matrix", "effective_curvature", "tuned"]

CARDS = (
    Card(
        id="T23", title="rate with outer velocity", status="checked", kind="tight",
        statement="rate per cycle 1 - 2/sqrt(3 k_q + 1) at nu = 4/(3 q_L + q_l), k_q = q_L/q_l, q = 1 - (1 - lr lam)^k",
        assumptions="quadratic, exact gradients, gradient descent inside, Nesterov outer momentum, alpha = 0",
        source="derived here; constants: Lessard, Recht & Packard 2016",
    ),
)  # fmt: skip


def effective_curvature(lam: ArrayLike, *, lr: float, k: int) -> Real:
    """q = 1 - (1 - lr lam)^k: what an outer method sees of a mode.

    Raises ValueError when lr is negative or k is not an integer >= 1.

    Examples
    --------
    >>> from nala_lab.theory.outer_velocity import effective_curvature
    >>> float(effective_curvature(1.0, lr=0.5, k=2))
    0.75
    """
    require_number("lr", lr, low=0)
    require_int("k", k, low=1)
    return one_minus_power(lr * eigenvalues("lam", lam), k)


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def cycle_matrix(lam: ArrayLike, *, lr: float, k: int, nu: float, beta: float, alpha: float = 0.0) -> Real:
    """O on (error of phi, b), shape (..., 2, 2).

    Raises ValueError when an argument is out of range.

    Examples
    --------
    >>> from nala_lab.theory.outer_velocity import cycle_matrix
    >>> cycle_matrix(1.0, lr=0.5, k=1, nu=1.0, beta=0.5)
    array([[ 0.25, -0.25],
           [ 0.5 ,  0.5 ]])
    """
    require_number("nu", nu, low=0)
    require_number("beta", beta, low=0, high=1, open_high=True)
    require_number("alpha", alpha, low=0)
    q = effective_curvature(lam, lr=lr, k=k)
    c = 1 - alpha * eigenvalues("lam", lam)
    top = np.stack([c * (1 - nu * q * (1 + beta)), -c * nu * beta**2], -1)
    return np.stack([top, np.stack([q, beta * np.ones_like(q)], -1)], -2)


def tuned(q_low: float, q_high: float) -> tuple[float, float, float]:
    """Best nu and beta for effective curvatures in [q_low, q_high], and the rate per cycle they give.

    Raises ValueError unless 0 < q_low <= q_high.

    Examples
    --------
    >>> from nala_lab.theory.outer_velocity import tuned
    >>> nu, beta, rate = tuned(0.25, 1.25)  # k_q = 5
    >>> nu, round(beta, 6), rate
    (1.0, 0.333333, 0.5)
    """
    require_number("q_low", q_low, low=0, open_low=True, hint="a mode with q = 0 never moves")
    require_number("q_high", q_high, low=q_low)
    root = math.sqrt(3 * q_high / q_low + 1)
    return 4 / (3 * q_high + q_low), (root - 2) / (root + 2), 1 - 2 / root
