"""T21, T22. What NALA and Lookahead guarantee over a whole class of functions, gradient descent inside.

T21 (Theorem A). f is L-smooth and m-strongly convex, mu in [-1, 0], 0 < lr <= 2/(L+m), 0 <= alpha <= 2/(L+m):

    ||phi_t - x*|| <= F ||phi_{t-1} - x*||,     F = (1 - alpha m) [ (1+mu) (1 - lr m)^k - mu ]

Proof. A gradient step of length h <= 2/(L+m) brings any point nearer to x* by the factor 1 - h m (Nesterov 2004,
Theorem 2.1.12: the gradient is co-coercive). So ||theta_k - x*|| <= (1 - lr m)^k ||phi - x*||. For mu in [-1, 0] the
point y = (1+mu) theta_k - mu phi is a convex combination, and the triangle inequality gives the bracket. The outer
step is one more gradient step. Equality for f = (m/2) ||x - x*||^2, so F is the least such number: tight.
For mu > 0 the triangle inequality gives (1+mu)(1 - lr m)^k + mu instead, which is no longer attained: no formula.

T22 (Formula B). f is L-smooth and convex, T cycles, H = T [ (1+mu) k lr + alpha ] L:

    sup_f f(phi_T) - f*  >=  L ||phi_0 - x*||^2 / (2 (2H + 1))        mu >= -1, lr >= 0, alpha >= 0

The bound is proved; it is reached at lr = 1/L and the settings of `CERTIFIED` only.

Proof of the lower bound. Take Huber's function with slope c = L R/(2H+1): |f'| <= c everywhere, so a cycle moves phi
by at most [(1+mu) k lr + alpha] c, and after T of them phi_T >= R - H c / L = (H+1) c / L, which lies where f is
c x - c^2/(2L), increasing. Its value there is at least c (H+1) c/L - c^2/(2L) = L R^2 / (2 (2H+1)).

The equality is a numerical certificate, and it does not hold in general: the quadratic L x^2/2 gives (L/2) rho(L)^{2T}
R^2, which at lr = 1/L, mu < 0 is (L/2)((1 - alpha L) mu)^{2T} R^2 however large k is, while Huber's value falls like
1/k. For T = 1, mu = -1/2 and alpha -> 0 the quadratic is the worse of the two from k = 4 on, the paper's k = 5
included. `value_lower_bound` is the larger of the two, proved for every setting.

For mu = 0 the formula is that of gradient descent with steps <= 1/L (Drori & Teboulle 2014; Teboulle & Vaisbourd 2022).

Both break even with Lookahead per gradient at the same place: alpha = (1+mu) lr (`break_even_alpha`).

Source: derived here. Status: T21 proved, tight; T22 lower bound proved, equality by semidefinite programmes.
"""

from __future__ import annotations

import numpy as np

from nala_lab.core import Real, require, require_int, require_number
from nala_lab.theory.break_even import against_lookahead
from nala_lab.theory.card import Card
from nala_lab.theory.quadratic_rate import require_setting, rho

__all__ = ["CARDS", "CERTIFIED", "break_even_alpha", "distance_factor", "huber_slope", "is_certified",
           "quadratic_value", "value_bound", "value_lower_bound"]  # fmt: skip

CARDS = (
    Card(
        id="T21", title="worst case over strongly convex functions", status="proved", kind="tight",
        statement="||phi_t - x*|| <= (1 - alpha m)((1+mu)(1 - lr m)^k - mu) ||phi_{t-1} - x*||",
        assumptions="L-smooth, m-strongly convex, gradient descent inside, -1 <= mu <= 0, lr, alpha <= 2/(L+m)",
        source="derived here; one gradient step: Nesterov 2004, Theorem 2.1.12",
    ),
    Card(
        id="T22", title="worst case over convex functions", status="certificate", kind="upper",
        statement="f(phi_T) - f* <= L ||phi_0 - x*||^2 / (2(2H+1)), H = T((1+mu) k lr + alpha) L",
        assumptions="L-smooth, convex, gradient descent inside, lr = 1/L, mu in {-1/2, 0}, k <= 3, T <= 3 (not k = 3, "
        "T = 1, mu = -1/2, alpha < 1/L); as a lower bound on the supremum: every setting",
        source="derived here; mu = 0: Drori & Teboulle 2014",
    ),
)  # fmt: skip

# (mu, k, T, alpha L) at lr = 1/L for which the semidefinite programme returns Huber's value (tests/verify, slow part)
CERTIFIED = tuple(
    (mu, k, cycles, alpha)
    for mu in (-0.5, 0.0)
    for k in (1, 2, 3)
    for cycles in (1, 2, 3)
    for alpha in (0.0, 1e-3, 1.0)
    if not (mu == -0.5 and k == 3 and cycles == 1 and alpha < 1)
)


def _require(lr: float, k: int, mu: float, alpha: float, L: float) -> None:
    require_setting(lr, k, mu, alpha)
    require_number("L", L, low=0, open_low=True)


def distance_factor(*, L: float, m: float, lr: float, k: int, mu: float, alpha: float) -> float:
    """T21: the exact worst factor of the distance to the minimiser over one cycle.

    Returns F in [0, 1], dimensionless; the factor of the squared distance is F^2. Raises ValueError where the theorem
    is silent: mu outside [-1, 0], or a step beyond 2/(L+m).

    Parameters
    ----------
    L, m : smoothness and strong convexity, 0 <= m <= L, units 1/lr.
    lr, k, mu, alpha : inner step, inner steps per cycle, outer factor, outer gradient step (0: Lookahead).

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import distance_factor
    >>> round(distance_factor(L=1, m=0.1, lr=1, k=3, mu=-0.5, alpha=1) ** 2, 6)
    0.605362
    >>> distance_factor(L=1, m=0.1, lr=1, k=3, mu=0.5, alpha=1)
    Traceback (most recent call last):
        ...
    ValueError: mu must satisfy -1 <= mu <= 0, got mu=0.5 (above 0 y is no convex combination: no formula is known)
    """
    _require(lr, k, mu, alpha, L)
    require_number("m", m, low=0, high=L)
    require_number("mu", mu, low=-1, high=0, hint="above 0 y is no convex combination: no formula is known")
    limit = 2 / float(L + m)
    hint = f"2/(L+m) = {limit:.6g}; beyond it the stiffest direction is the worst"
    require("lr", lr, 0 < float(lr) <= limit, "0 < lr <= 2/(L+m)", hint)
    require("alpha", alpha, float(alpha) <= limit, "alpha <= 2/(L+m)", hint)
    return float(rho(float(m), lr=lr, k=k, mu=mu, alpha=alpha))


def travel(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int) -> float:
    """H = T ((1+mu) k lr + alpha) L: how far T cycles go along a constant gradient, in units of gradient / L.

    Raises ValueError when a hyperparameter is out of range.

    Examples
    --------
    >>> travel(L=1, lr=1, k=3, mu=-0.5, alpha=1, cycles=2)
    5.0
    """
    _require(lr, k, mu, alpha, L)
    cycles = require_int("cycles", cycles, low=0)
    return float(cycles * ((1 + mu) * int(k) * lr + alpha) * L)


def value_bound(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int) -> float:
    """T22: L / (2 (2H+1)), to be multiplied by ||phi_0 - x*||^2.

    A proved lower bound on the worst f(phi_T) - f* for every setting. An upper bound where `is_certified` says so.
    Raises ValueError when a hyperparameter is out of range.

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import value_bound
    >>> round(value_bound(L=1, lr=1, k=2, mu=-0.5, alpha=1, cycles=1), 12)  # H = 2
    0.1
    """
    return L / (2 * (2 * travel(L=L, lr=lr, k=k, mu=mu, alpha=alpha, cycles=cycles) + 1))


def huber_slope(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int) -> float:
    """Slope of the worst Huber function for a start at distance 1: L / (2H + 1).

    f(x) = L x^2/2 for |x| <= c/L and c|x| - c^2/(2L) beyond, c the slope. Raises ValueError when a hyperparameter is
    out of range.

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import huber_slope
    >>> round(huber_slope(L=1, lr=1, k=2, mu=-0.5, alpha=1, cycles=1), 12)
    0.2
    """
    return 2 * value_bound(L=L, lr=lr, k=k, mu=mu, alpha=alpha, cycles=cycles)


def is_certified(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int) -> bool:
    """Say whether T22 is an upper bound here: only at the settings that were certified one by one.

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import is_certified
    >>> is_certified(L=2, lr=0.5, k=2, mu=-0.5, alpha=0.5, cycles=3)
    True
    >>> is_certified(L=1, lr=1, k=5, mu=-0.5, alpha=1e-3, cycles=1)  # the paper's setting: the formula is false there
    False
    """
    _require(lr, k, mu, alpha, L)
    if abs(lr * L - 1) > 1e-12:
        return False
    return any((mu, k, cycles) == known[:3] and abs(alpha * L - known[3]) <= 1e-12 for known in CERTIFIED)


def quadratic_value(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int, grid: int = 2001) -> float:
    """Largest f(phi_T) - f* over f = lam x^2/2, 0 < lam <= L, from distance 1, on a grid that holds lam = L.

    A lower bound on the worst case over the class: max over lam of (lam/2) rho(lam)^{2T}. Raises ValueError when a
    hyperparameter is out of range.

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import quadratic_value, value_bound
    >>> round(quadratic_value(L=1, lr=1, k=5, mu=-0.5, alpha=1e-3, cycles=1), 5)
    0.12475
    >>> round(value_bound(L=1, lr=1, k=5, mu=-0.5, alpha=1e-3, cycles=1), 5)
    0.0833
    """
    _require(lr, k, mu, alpha, L)
    cycles = require_int("cycles", cycles, low=0)
    require_int("grid", grid, low=2)
    lam: Real = np.linspace(0, L, grid)
    with np.errstate(over="ignore"):  # divergence is a result
        return float(np.max(lam / 2 * rho(lam, lr=lr, k=k, mu=mu, alpha=alpha) ** (2 * cycles)))


def value_lower_bound(*, L: float, lr: float, k: int, mu: float, alpha: float, cycles: int) -> float:
    """No guarantee on f(phi_T) - f* can be below this, per ||phi_0 - x*||^2: the worse of Huber and the quadratics.

    Raises ValueError when a hyperparameter is out of range.

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import value_lower_bound
    >>> round(value_lower_bound(L=1, lr=1, k=5, mu=-0.5, alpha=1e-3, cycles=1), 5)
    0.12475
    """
    huber = value_bound(L=L, lr=lr, k=k, mu=mu, alpha=alpha, cycles=cycles)
    return max(huber, quadratic_value(L=L, lr=lr, k=k, mu=mu, alpha=alpha, cycles=cycles))


def break_even_alpha(*, lr: float, k: int, mu: float, m: float) -> float:
    """Outer step above which T21's rate per gradient (k+1 of them) is below Lookahead's (k of them).

    alpha = (1 - B(m)^{1/k}) / m,  B(m) = (1+mu)(1 - lr m)^k - mu;  -> (1+mu) lr from below as m -> 0

    Raises ValueError when m is not positive, lr m > 1, or mu lies outside [-1, 0].

    Examples
    --------
    >>> from nala_lab.theory.worst_functions import break_even_alpha
    >>> round(break_even_alpha(lr=1, k=5, mu=-0.5, m=1e-6), 5), round(break_even_alpha(lr=1, k=5, mu=-0.5, m=0.5), 5)
    (0.5, 0.24815)
    """
    _require(lr, k, mu, 0.0, 1.0)
    require_number("m", m, low=0, open_low=True)
    require_number("mu", mu, low=-1, high=0)
    require("lr", lr, lr * m <= 1, "lr m <= 1")
    return float(against_lookahead(m, lr=lr, k=k, mu=mu)[0])
