"""T03. How large an inner step NALA and Lookahead tolerate on a quadratic, and why the parity of k decides.

Lookahead (alpha = 0), slow step 1+mu, -1 < mu < 1, gradient descent inside: every mode contracts iff

    0 < lr lam < 1 + ((1-mu)/(1+mu))^(1/k)    k odd
    0 < lr lam < 2                            k even

Derivation. With r = 1 - lr lam and R = r^k, rho = (1+mu) R - mu. |rho| < 1 means (mu-1)/(1+mu) < R < 1.
k even: R >= 0, and (mu-1)/(1+mu) < 0, so only R < 1 counts, |r| < 1.
k odd: R < 1 is r < 1, and R > -(1-mu)/(1+mu) is r > -((1-mu)/(1+mu))^(1/k).
So averaging (mu < 0) enlarges the stable step only for odd k: it is the period-2 oscillation r ~ -1 that it cancels,
and after an even number of steps that oscillation is back where it started.
At mu = -1 nothing moves (rho = 1); at mu >= 1 only small steps are stable (rho ~ 1 - (1+mu) k lr lam only while
R > (mu-1)/(1+mu), so the band is 0 < lr lam < 1 - ((mu-1)/(1+mu))^(1/k) for both parities).

With an outer step, c = 1 - alpha lam != 0:  |rho| < 1  <=>  (mu - 1/|c|)/(1+mu) < R < (mu + 1/|c|)/(1+mu).

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nala_lab.core import Real, eigenvalues, reals, require, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power

__all__ = ["CARDS", "inner_limit", "is_stable"]

CARDS = (
    Card(
        id="T03", title="largest stable inner step, by parity of k", status="proved", kind="tight",
        statement="lr lam < 1 + ((1-mu)/(1+mu))^(1/k) for odd k, 2 for even k",
        assumptions="quadratic, gradient descent inside, alpha = 0, -1 < mu < 1",
        source="derived here",
    ),
)  # fmt: skip


def inner_limit(k: int, mu: ArrayLike) -> Real:
    """First value of lr lam at which Lookahead with slow step 1+mu stops contracting.

    Returns an array of the shape of `mu`, dimensionless (lr times curvature). Raises ValueError when k < 1, or mu <= -1
    (the slow weights never move), or not finite.

    Parameters
    ----------
    k : inner steps per cycle.
    mu : outer factor > -1, one number or an array; the slow step is 1+mu.

    Examples
    --------
    >>> from nala_lab.theory.stability import inner_limit
    >>> [round(float(inner_limit(k, -0.5)), 4) for k in (1, 3, 4, 5)]
    [4.0, 2.4422, 2.0, 2.2457]
    """
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    values = reals("mu", mu)
    allowed = bool(np.all((values > -1) & (values < np.inf)))
    require("mu", mu, allowed, "-1 < mu < inf", "at mu = -1 the slow weights never move, so there is no limit")
    edge = (values - 1) / (1 + values)  # rho > -1 is R > edge
    root = np.sign(edge) * np.abs(edge) ** (1 / k)
    parity = np.full_like(root, -1.0) if k % 2 == 0 else root
    return np.where(edge < 0, 1 - parity, one_minus_power(2 / (1 + values), 1 / k))  # mu >= 1: edge = 1 - 2/(1+mu)


def is_stable(lam: ArrayLike, *, lr: float, k: int, mu: float, alpha: float = 0.0) -> NDArray[np.bool_]:
    """Say which modes contract, from the interval for R = (1 - lr lam)^k and not from rho.

    Returns booleans of the shape of `lam`. Raises ValueError when a hyperparameter is out of range, mu = -1 included.

    Parameters
    ----------
    lam : (...) real eigenvalues.
    lr, k, mu, alpha : inner step, inner steps per cycle, outer factor > -1, outer gradient step.

    Examples
    --------
    >>> from nala_lab.theory.stability import is_stable
    >>> is_stable([2.2, 2.3], lr=1.0, k=5, mu=-0.5)
    array([ True, False])
    """
    require_number("lr", lr, low=0)
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("mu", mu, low=-1, open_low=True)
    require_number("alpha", alpha, low=0)
    values: NDArray[Any] = eigenvalues("lam", lam)
    c = np.abs(1 - alpha * values)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        inner = (1 - lr * values) ** k
        reach = np.where(c > 0, 1 / c, np.inf)  # c = 0: the outer step alone removes the mode
        # R < (mu + 1/|c|)/(1+mu) is (1+mu)(1-R) + 1/|c| - 1 > 0, which keeps its sign where lam is tiny
        beyond = np.where(alpha * values < 1, alpha * values, 2 - alpha * values) * reach
        above = (1 + mu) * one_minus_power(lr * values, k) + beyond > 0
    return np.asarray((c == 0) | (((mu - reach) / (1 + mu) < inner) & above))
