"""T05. What no setting of NALA over gradient descent can beat on a quadratic: the Chebyshev floor.

    max over [m, L] of |rho|  >=  1 / T_n((kappa+1)/(kappa-1)),     kappa = L/m,   n = k+1   (n = k when alpha = 0)

T_n is Chebyshev's polynomial. Assumptions: quadratic, exact gradients, gradient descent inside, spectrum in [m, L].

Derivation. rho(lam) = (1 - alpha lam)((1+mu)(1 - lr lam)^k - mu) is a polynomial of degree n with rho(0) = 1. Among
these p* = T_n((L+m-2 lam)/(L-m)) / T_n((L+m)/(L-m)) has the least maximum on [m, L]: it takes its extreme value n+1
times with alternating signs, so a better rho would make p* - rho change sign n times on [m, L] and vanish at 0 as
well: n+1 zeros of a polynomial of degree n. The argument looks at the n+1 extreme points only: already on these
`extreme_points` no setting is better.

Attained for k = 1: rho = (1 - alpha lam)(1 - (1+mu) lr lam), so (1+mu) lr and alpha are the reciprocals of the two
roots of p*; lr alone is free.
Attained for k = 2: with roots r_i, r_j, r_l of p*: 1 - s + s (1 - lr lam)^2 vanishes at (1 +- sqrt(mu/(1+mu))) / lr, so

    alpha = 1/r_i,    lr = 2/(r_j + r_l),    mu = (r_j - r_l)^2 / (4 r_j r_l) >= 0

Not attained for k >= 3 when kappa > 1: 1 - s + s (1 - lr lam)^k has at most two real roots, and p* has n >= 4.
What is best there is known by search only (`searched`): k short steps of 1.4 .. 1.7 / L and one long outer step.

Per gradient the floor is its n-th root, above (sqrt(kappa)-1)/(sqrt(kappa)+1), because
1/T_n = 2 sigma^n / (1 + sigma^(2n)) > sigma^n with that sigma: a method that forgets cannot be accelerated by tuning.

Source: derived here; extremal property: Chebyshev, Markov. Status: proved (k >= 3 optimum: search); lower, tight for
k <= 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nala_lab.core import Real, require, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "extreme_points", "floor", "floor_per_gradient", "optimal_k1", "optimal_k2", "roots", "searched"]

CARDS = (
    Card(
        id="T05", title="Chebyshev floor of a cycle", status="proved", kind="lower",
        statement="max |rho| >= 1/T_{k+1}((kappa+1)/(kappa-1)); equality for k = 1, 2 at the stated lr, mu, alpha",
        assumptions="quadratic with spectrum filling [m, L], exact gradients, gradient descent inside",
        source="derived here; extremal property of Chebyshev's polynomials",
    ),
)  # fmt: skip


def _interval(m: float, L: float) -> None:
    require_number("m", m, low=0, open_low=True, hint="a flat direction has no rate")
    require_number("L", L, low=m, open_low=True, hint="with m = L one step of 1/L ends it")


def floor(kappa: float, gradients: int) -> float:
    """1 / T_n((kappa+1)/(kappa-1)), n gradients: the least error any polynomial method leaves on the whole spectrum.

    Raises ValueError unless kappa > 1 and n is an integer >= 1.

    Parameters
    ----------
    kappa : condition number > 1. gradients : n, k+1 for a cycle of NALA, k for one of Lookahead.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import floor
    >>> floor(3.0, 1), round(floor(10.0, 4), 4)
    (0.5, 0.1449)
    """
    require_number("kappa", kappa, low=1, open_low=True)
    gradients = require_int("gradients", gradients, low=1)
    sigma = _sigma(kappa)
    return float(2 * sigma**gradients / (1 + sigma ** (2 * gradients)))


def _sigma(kappa: float) -> float:
    """(sqrt(kappa)-1)/(sqrt(kappa)+1), the root below 1 of z + 1/z = 2 (kappa+1)/(kappa-1)."""
    root = math.sqrt(kappa)
    return (kappa - 1) / (root + 1) / (root + 1)  # sqrt(kappa) - 1 has no digits near kappa = 1


def floor_per_gradient(kappa: float, k: int) -> float:
    """Floor of NALA's rate per gradient, floor(kappa, k+1)^(1/(k+1)); it exceeds (sqrt(kappa)-1)/(sqrt(kappa)+1).

    Raises as `floor` does.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import floor_per_gradient
    >>> round(floor_per_gradient(100.0, 5), 5)
    0.90528
    """
    k = require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("kappa", kappa, low=1, open_low=True)
    sigma, n = _sigma(kappa), k + 1
    return float(sigma * (2 / (1 + sigma ** (2 * n))) ** (1 / n))  # the floor itself may be below all floats


def roots(m: float, L: float, n: int) -> Real:
    """The n zeros of the optimal polynomial on [m, L], increasing: (L+m)/2 - (L-m)/2 cos((2i-1) pi / 2n).

    Raises ValueError unless 0 < m < L and n >= 1.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import roots
    >>> roots(1.0, 3.0, 1)
    array([2.])
    """
    _interval(m, L)
    n = require_int("n", n, low=1)
    return _between(m, L, (2 * np.arange(1, n + 1) - 1) * np.pi / (4 * n))


def extreme_points(m: float, L: float, n: int) -> Real:
    """The n+1 points of [m, L] on which no polynomial of degree n with p(0) = 1 is below the floor.

    Raises ValueError unless 0 < m < L and n >= 1.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import extreme_points
    >>> extreme_points(1.0, 3.0, 2)
    array([1., 2., 3.])
    """
    _interval(m, L)
    n = require_int("n", n, low=1)
    # (L+m)/2 - (L-m)/2 cos(2 a) = m cos^2 a + L sin^2 a, a sum without cancellation
    inside = _between(m, L, np.arange(1, n) * np.pi / (2 * n))
    return np.concatenate([[m], inside, [L]])


def _between(m: float, L: float, a: Real) -> Real:
    return np.asarray(m * np.cos(a) ** 2 + L * np.sin(a) ** 2)


def optimal_k1(m: float, L: float, *, mu: float = 0.0, long_outer: bool = True) -> dict[str, float]:
    """lr and alpha that attain the floor with k = 1, for any mu > -1.

    Raises ValueError unless 0 < m < L and mu > -1.

    Parameters
    ----------
    m, L : ends of the spectrum. mu : outer factor > -1; only (1+mu) lr matters.
    long_outer : which of the two steps is the longer.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import optimal_k1
    >>> {name: round(value, 4) for name, value in optimal_k1(1.0, 3.0, mu=-0.5).items()}
    {'lr': 0.7388, 'mu': -0.5, 'alpha': 0.7735}
    """
    require_number("mu", mu, low=-1, open_low=True, hint="at mu = -1 the inner step is ignored")
    low, high = roots(m, L, 2)
    inner, outer = (high, low) if long_outer else (low, high)
    return {"lr": float(1 / (inner * (1 + mu))), "mu": mu, "alpha": float(1 / outer)}


def optimal_k2(m: float, L: float, *, outer: int = 0) -> dict[str, float]:
    """lr, mu and alpha that attain the floor with k = 2.

    Raises ValueError unless 0 < m < L and outer is 0, 1 or 2.

    Parameters
    ----------
    m, L : ends of the spectrum. outer : which of the three roots (0 the smallest) the outer step removes.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import optimal_k2
    >>> {name: round(value, 4) for name, value in optimal_k2(1.0, 3.0, outer=1).items()}
    {'lr': 0.5, 'mu': 0.2308, 'alpha': 0.5}
    """
    require_int("outer", outer, low=0)
    require("outer", outer, outer in (0, 1, 2), "0, 1 or 2", "the roots are counted from the smallest")
    three = roots(m, L, 3)
    r_j, r_l = (float(r) for i, r in enumerate(three) if i != outer)
    return {"lr": 2 / (r_j + r_l), "mu": (r_j - r_l) ** 2 / (4 * r_j * r_l), "alpha": float(1 / three[outer])}


def searched(kappa: float, k: int, *, seed: int = 0) -> dict[str, float]:
    """Best (lr, mu, alpha) that a search finds for the spectrum [1/kappa, 1]: an upper bound on the best rate.

    Differential evolution on max |rho| over 100 (k+1) Chebyshev points, then a simplex.

    Returns a dict with lr, mu, alpha in units of 1/L, and rate per cycle. Raises ValueError as `floor`.

    Examples
    --------
    >>> from nala_lab.theory.chebyshev import floor, searched
    >>> best = searched(10.0, 2)
    >>> round(best["rate"] / floor(10.0, 3), 4)  # k = 2: the floor is attained
    1.0
    """
    require_number("kappa", kappa, low=1, open_low=True)
    k = require_int("k", k, low=1)
    from scipy.optimize import differential_evolution, minimize

    lam = extreme_points(1 / kappa, 1.0, 100 * (k + 1))[:, None]  # the points of the floor among them

    def worst(z: Any) -> Any:
        lr, mu, alpha = z
        return np.abs((1 - alpha * lam) * ((1 + mu) * (1 - lr * lam) ** k - mu)).max(axis=0)

    bounds = [(0.0, 3.0), (-0.9, 3.0), (0.0, min(7.0 * k, kappa))]
    chance = np.random.default_rng(seed)  # SciPy before 1.15 has no rng=, and later ones take seed= as well
    found = differential_evolution(
        worst, bounds, seed=chance, vectorized=True, updating="deferred", tol=1e-10, maxiter=600
    )
    options = {"xatol": 1e-12, "fatol": 1e-14, "maxiter": 4000, "maxfev": 4000}
    end = minimize(lambda z: float(worst(z)[0]), found.x, method="Nelder-Mead", options=options)
    lr, mu, alpha = (float(v) for v in end.x)
    return {"lr": lr, "mu": mu, "alpha": alpha, "rate": float(end.fun)}
