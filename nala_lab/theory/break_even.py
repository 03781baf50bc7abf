"""T07. When the extra gradient pays: outer steps at which NALA is as fast, per gradient, as what it is compared with.

With r = 1 - lr lam, B = (1+mu) r^k - mu, a mode lam > 0 and exact gradients, NALA shrinks the error by
(|1 - alpha lam| |B|)^(1/(k+1)) per gradient.

    against Lookahead, same lr, k, mu:  faster  <=>  |1 - alpha lam| < |B|^(1/k)
                                                <=>  (1 - |B|^(1/k))/lam < alpha < (1 + |B|^(1/k))/lam
    against gradient descent, same lr:  faster  <=>  |1 - alpha lam| |B| < |r|^(k+1)
                                                <=>  (1 - |r|^(k+1)/|B|)/lam < alpha < (1 + |r|^(k+1)/|B|)/lam

Derivation. Lookahead spends k gradients on the factor |B|, so its rate is |B|^(1/k), and the k+1 gradients of NALA win
iff |1 - alpha lam| |B| < |B|^((k+1)/k). Against gradient descent the right side is |r|^(k+1).

For small steps the lower ends are (1+mu) lr and (1 - k mu) lr: the outer step must be longer than 1+mu inner steps to
beat Lookahead, and than 3.5 inner steps (mu = -1/2, k = 5) to beat plain descent.
For r >= 0 and -1 <= mu <= 0 the first lower end is at most (1+mu) lr (power mean: |mu| 1 + (1-|mu|) r^k is at least
(|mu| + (1-|mu|) r)^k), so alpha = (1+mu) lr suffices there on every mode; for mu > 0 it is at least (1+mu) lr
where B >= 0.

Adam inside, constant gradient c (T13, eps negligible): the inner loop moves (1+mu) k lr, the outer step alpha |c|, so

    faster per gradient than Lookahead  <=>  |c| > (1+mu) lr / alpha           0.5 at the paper's defaults
    share of a cycle's move that the outer gradient makes = alpha |c| / (alpha |c| + (1+mu) k lr)

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, reals, require, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power, one_minus_root
from nala_lab.theory.quadratic_rate import lookahead_factor, require_setting

__all__ = ["CARDS", "adam_break_even", "against_descent", "against_lookahead", "outer_share", "sufficient"]

CARDS = (
    Card(
        id="T07", title="break-even outer step, per gradient", status="proved", kind="tight",
        statement="beats Lookahead iff |alpha lam - 1| < |B|^(1/k);  beats GD iff |alpha lam - 1| < |r|^(k+1)/|B|",
        assumptions="one mode of a quadratic, exact gradients, gradient descent inside, the same lr, k and mu",
        source="derived here",
    ),
)  # fmt: skip


def _positive(lam: ArrayLike) -> Real:
    values: Real = eigenvalues("lam", lam)
    require("lam", lam, bool(np.all(values > 0)), "finite lam > 0", "a flat direction has no rate")
    return values


def against_lookahead(lam: ArrayLike, *, lr: float, k: int, mu: float) -> tuple[Real, Real]:
    """Ends of the interval of alpha in which NALA is faster per gradient than Lookahead(1+mu).

    Returns low and high, (...) each, units of lr. They coincide where B = 0 (Lookahead ends in one cycle and cannot be
    beaten). low is negative where Lookahead diverges (|B| > 1). Raises ValueError when an argument is out of range.

    Parameters
    ----------
    lam : (...) eigenvalues > 0. lr, k, mu : shared by both methods.

    Examples
    --------
    >>> from nala_lab.theory.break_even import against_lookahead
    >>> low, high = against_lookahead(1.0, lr=0.1, k=5, mu=-0.5)
    >>> round(float(low), 5), round(float(high), 5)
    (0.04479, 1.95521)
    """
    values = _positive(lam)
    factor = lookahead_factor(values, lr=lr, k=k, mu=mu)
    if mu == 0:  # |B|^(1/k) = |r|, also where r^k is below all floats
        inside = np.minimum(lr * values, 2 - lr * values)
        return np.asarray(inside / values), np.asarray((2 - inside) / values)
    beyond = np.isinf(factor)  # the root first where the power leaves the numbers
    root = np.where(beyond, (1 + mu) ** (1 / k) * np.abs(1 - lr * values), np.abs(factor) ** (1 / k))
    shortfall = np.where(beyond, 1 - root, one_minus_root((1 + mu) * one_minus_power(lr * values, k), factor, k))
    return np.asarray(shortfall / values), np.asarray((1 + root) / values)


def against_descent(lam: ArrayLike, *, lr: float, k: int, mu: float) -> tuple[Real, Real]:
    """Ends of the interval of alpha in which NALA is faster per gradient than gradient descent with the same lr.

    Parameters and Raises as `against_lookahead`; -inf and inf where B = 0: any outer step is faster there.

    Examples
    --------
    >>> from nala_lab.theory.break_even import against_descent
    >>> low, _ = against_descent(1e-6, lr=1.0, k=5, mu=-0.5)  # small steps: (1 - k mu) lr = 3.5 lr
    >>> round(float(low), 4)
    3.5
    """
    values = _positive(lam)
    factor = lookahead_factor(values, lr=lr, k=k, mu=mu)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = mu / (1 - lr * values) ** k if mu else 0.0
        # |r^(k+1) / B|, where r^k is no number or 0 too: |r| at mu = 0, as long as r is not 0
        defined = (factor != 0) | ((mu == 0) & (lr * values != 1))
        reach = np.where(defined, np.abs(1 - lr * values) / np.abs(1 + mu - left), np.inf)
        # 1 - r^(k+1)/B = ((1 - r^(k+1)) - (1 - B)) / B, both small where lam is; else rounded to 1e-16 / B
        fall = one_minus_power(lr * values, int(k) + 1)
        near = (fall - (1 + mu) * one_minus_power(lr * values, k)) / factor
    shortfall = np.where((fall < factor) & (lr * values < 1), near, 1 - reach)
    return np.asarray(shortfall / values), np.asarray((1 + reach) / values)


def sufficient(*, lr: float, mu: float) -> float:
    """(1+mu) lr: beats or equals Lookahead per gradient on every mode with lr lam <= 1, when -1 <= mu <= 0.

    Raises ValueError when lr is negative or mu is outside [-1, 0]: for mu > 0 it is not sufficient, though necessary
    where B >= 0.

    Examples
    --------
    >>> from nala_lab.theory.break_even import sufficient
    >>> sufficient(lr=0.1, mu=-0.5)
    0.05
    """
    require_number("lr", lr, low=0)
    require_number("mu", mu, low=-1, high=0)
    return (1 + mu) * lr


def adam_break_even(*, lr: float, mu: float, alpha: float) -> float:
    """Size of a gradient entry above which NALA over Adam moves farther per gradient than Lookahead over Adam.

    Raises ValueError when an argument is out of range, or alpha = 0: an outer step of length 0 never pays.

    Examples
    --------
    >>> from nala_lab.theory.break_even import adam_break_even
    >>> adam_break_even(lr=1e-3, mu=-0.5, alpha=1e-3)
    0.5
    """
    require_number("lr", lr, low=0)
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0, open_low=True, hint="an outer step of length 0 never pays")
    return (1 + mu) * lr / alpha


def outer_share(c: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """Share of a cycle's move that the outer gradient makes, Adam inside, gradient `c` (...), eps negligible.

    Raises ValueError when an argument is out of range, or nothing moves.

    Examples
    --------
    >>> from nala_lab.theory.break_even import outer_share
    >>> round(float(outer_share(0.01, lr=1e-3, k=5, mu=-0.5, alpha=1e-3)), 4)
    0.004
    """
    require_setting(lr, k, mu, alpha)
    outer = alpha * np.abs(reals("c", c))
    inner = (1 + mu) * int(k) * lr
    require("c", c, bool(np.all((outer + inner > 0) & (outer < np.inf))), "finite, with something that moves")
    return np.asarray(outer / (outer + inner))
