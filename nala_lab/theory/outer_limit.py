"""T06. How long an outer step NALA tolerates on a quadratic: the inner loop has damped the stiff modes for it.

With x = lam / L in (0, 1], a = alpha L, h = lr L and B(x) = (1+mu)(1 - h x)^k - mu, where |B| <= 1 on (0, 1]:

    every mode contracts or stands  <=>  a <= a_max = min over x in (0, 1] of (1 + 1/|B(x)|) / x

Derivation. |rho| = |1 - a x| |B(x)| <= 1. While a x <= 1 this holds because |B| <= 1. Beyond, it reads
a x - 1 <= 1/|B(x)|. Each x gives one upper bound on a, and the least of them is the limit.

Cases at lr = 1/L:
    mu = 0      B = (1-x)^k. (a x - 1)(1 - x)^k is largest at x = (a+k)/(a(k+1)), where it equals
                (a-1)^(k+1) k^k / (a^k (k+1)^(k+1)); a_max is where that is 1: 5.83, 9.44, 13.04, 20.24 for
                k = 1, 2, 3, 5 (3 + 2 sqrt 2 for k = 1; about 3.591 k for large k), not 2.
    -1 < mu < 0 the stiffest mode (x = 1, B = |mu|) gives a_max <= 1 + 1/|mu|, with equality when |mu| is large enough:
                from 0.414 (= sqrt 2 - 1), 0.157, 0.100, 0.058 for k = 1, 2, 3, 5. Below that a mode in the
                interior decides, so 1 + 1/|mu| alone would promise too much (mu = -0.05, k = 5: 21, not 18.49).
    mu = -1     B = 1: plain descent, a_max = 2.

Source: derived here. Status: proved (the minimum over x is found numerically); tight.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nala_lab.core import Real, require, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "outer_limit", "root_at_zero_mu"]

CARDS = (
    Card(
        id="T06", title="largest outer step", status="proved", kind="tight",
        statement="alpha L <= min over x in (0,1] of (1 + 1/|(1+mu)(1 - lr L x)^k - mu|) / x",
        assumptions="quadratic with spectrum filling (0, L], gradient descent inside, Lookahead stable: |B| <= 1",
        source="derived here",
    ),
)  # fmt: skip

_GRID = 4001
_ZOOMS = 6  # each shrinks the bracket by 2000: 2000^-6 is far below an ulp, and at a minimum x counts quadratically


def root_at_zero_mu(k: int) -> float:
    """a_max for mu = 0 and lr = 1/L: the root above 1 of (a-1)^(k+1) k^k = a^k (k+1)^(k+1).

    Raises ValueError when k is not an integer >= 1.

    Examples
    --------
    >>> from nala_lab.theory.outer_limit import root_at_zero_mu
    >>> [round(root_at_zero_mu(k), 3) for k in (1, 2, 3, 5)]
    [5.828, 9.444, 13.045, 20.236]
    """
    k = require_int("k", k, low=1, hint="k counts inner steps per cycle")
    a = 4.0 * k + 2
    for _ in range(60):  # Newton on the logarithm, which increases and is concave for a > 1
        f = (k + 1) * math.log((a - 1) / (k + 1)) + k * math.log(k / a)
        step = f / ((k + 1) / (a - 1) - k / a)
        a -= step
        if abs(step) <= 1e-15 * a:
            break
    return a


def outer_limit(k: int, mu: float, *, lr: float = 1.0) -> float:
    """Largest alpha L at which no mode of (0, L] grows.

    Returns a_max, dimensionless, at least 2. Raises ValueError when an argument is out of range, or Lookahead without
    an outer step already diverges (|B| > 1 somewhere).

    Parameters
    ----------
    k : inner steps per cycle. mu : outer factor in [-1, 1]. lr : inner step in units of 1/L.

    Examples
    --------
    >>> from nala_lab.theory.outer_limit import outer_limit
    >>> round(outer_limit(5, 0.0), 3), outer_limit(5, -0.5), round(outer_limit(5, -0.05), 3)
    (20.236, 3.0, 18.49)
    """
    k = require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("mu", mu, low=-1, high=1)
    require_number("lr", lr, low=0)

    def size(x: Real) -> Real:
        return np.asarray(np.abs((1 + mu) * (1 - lr * x) ** k - mu))

    def bound(x: Real) -> Real:
        with np.errstate(divide="ignore", over="ignore"):
            return np.asarray((1 + 1 / size(x)) / x)

    worst = float(size(np.linspace(0, 1, _GRID)).max())
    hint = "Lookahead itself diverges here, before any outer step"
    require("lr", lr, worst <= 1 + 1e-12, "|(1+mu)(1 - lr L x)^k - mu| <= 1 on [0, 1]", hint)  # rounding of B(0) = 1
    knee = min(1.0, 10 / max(k * lr, 1.0))  # (1 - lr x)^k falls before it, too fast for a grid of the whole at k > 1e4
    return min(_least(bound, low, high) for low, high in ((0.0, knee), (0.0, 1.0)))


def _least(bound: Callable[[Real], Real], low: float, high: float) -> float:
    """Minimum over (low, high] by zooming in on the best point of a grid; bound grows like 2/x at 0."""
    best = math.inf
    for _ in range(_ZOOMS):
        x = np.linspace(low, high, _GRID)
        x = x[x > 0]
        values = bound(x)
        i = int(np.argmin(values))
        best = min(best, float(values[i]))
        width = (high - low) / (_GRID - 1)
        low, high = max(float(x[i]) - width, 0.0), min(float(x[i]) + width, 1.0)
    return best
