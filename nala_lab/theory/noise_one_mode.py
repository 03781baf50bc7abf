"""T08, T09. Mean, variance and stationary variance of NALA on one mode of a noisy quadratic.

    g = lam x + xi,  E xi = 0,  Var xi = w

where w = lam^2 sigma^2 in the random-minimum model of Zhang et al. 2019.

With r = 1 - lr lam, R = r^k, c = 1 - alpha lam, s = 1 + mu, B = s R - mu, T = c B and Q_k = sum_{j<k} r^{2j}, a cycle
maps mean and variance of phi by

    E phi'   = T E phi
    Var phi' = T^2 Var phi + N,   V* = N / (1 - T^2)  when |T| < 1

    fresh    N = c^2 s^2 lr^2 w Q_k + alpha^2 w                          outer gradient on its own mini-batch
    last     N = c^2 s^2 lr^2 w Q_k + alpha^2 w + 2 c s lr alpha w       ... on the last inner mini-batch
    full     N = c^2 s^2 lr^2 w Q_k                                      ... of the whole objective

Derivation. theta_k = R phi - lr sum_j r^{k-1-j} xi_j, so Var theta_k = R^2 Var phi + lr^2 w Q_k; phi' = c (s theta_k -
mu phi) - alpha xi_outer. The last inner noise enters theta_k as -lr xi and the outer step as -alpha xi: with the same
mini-batch both carry the same sign, hence the cross term.

T09, alpha = 0 (Lookahead): V* = s^2 (1-R^2) / [s^2 (1-R^2) + 2 s (1-s)(1-R)] V_SGD, because 1 - B^2 is the denominator,
and V*/V_SGD = s (1+R) / (2 - s (1-R)): below 1 iff mu < 0, above 1 for every stable mu > 0.

Source: recurrences derived here; T09: Zhang et al. 2019, Prop. 2. Status: proved; tight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_choice, require_number, variances
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power
from nala_lab.theory.quadratic_rate import require_setting

__all__ = ["CARDS", "OUTER", "cycle_moments", "lookahead_variance_ratio", "one_minus_factor", "sgd_variance",
           "stationary_variance"]  # fmt: skip

OUTER = ("fresh", "last", "full")

CARDS = (
    Card(
        id="T08", title="stationary variance of one noisy mode", status="proved", kind="tight",
        statement="Var phi' = T^2 Var phi + N;  V* = N / (1 - T^2)",
        assumptions="quadratic, additive noise of constant variance, gradient descent inside, |T| < 1",
        source="derived here",
    ),
    Card(
        id="T09", title="Lookahead's stationary variance against SGD's", status="proved", kind="tight",
        statement="V_LA / V_SGD = s (1 + R) / (2 - s (1 - R))",
        assumptions="quadratic, additive noise, gradient descent inside, alpha = 0, same learning rate",
        source="Zhang et al. 2019, Prop. 2; the ratio derived here",
    ),
)  # fmt: skip


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def cycle_moments(
    lam: ArrayLike, w: ArrayLike, *, lr: float, k: int, mu: float, alpha: float, outer: str = "fresh"
) -> tuple[Real, Real]:
    """T and N of one cycle: E phi' = T E phi, Var phi' = T^2 Var phi + N.

    Returns T and N, arrays of the broadcast shape; T dimensionless, N in units of x^2. Raises ValueError when an
    argument is out of range or a variance is negative.

    Parameters
    ----------
    lam, w : eigenvalue and variance of the gradient noise, broadcast together; or lam (d,) and w a (d, d) covariance
    in the coordinates of the eigenvectors, of which each mode sees its diagonal entry.
    lr, k, mu, alpha : hyperparameters. outer : ``"fresh"``, ``"last"`` or ``"full"`` outer gradient.

    Examples
    --------
    >>> from nala_lab.theory.noise_one_mode import cycle_moments
    >>> T, N = cycle_moments(0.5, 1.0, lr=0.3, k=1, mu=0.0, alpha=0.0)
    >>> bool(T == 1 - 0.3 * 0.5), bool(N == 0.3**2)
    (True, True)
    """
    require_setting(lr, k, mu, alpha)
    require_choice("outer", outer, OUTER)
    lam = eigenvalues("lam", lam)
    lam, w = np.broadcast_arrays(lam, variances("w", w, lam))
    r, c, s = 1 - lr * lam, 1 - alpha * lam, 1 + mu
    q = sum((r ** (2 * j) for j in range(1, k)), np.zeros_like(r))  # Q_k - 1, summed: exact at r = 1 too
    # what overflowed times 0 is 0: nothing is left of a mode at alpha lam = 1, and nothing of the inner loop at mu = -1
    grown = s * r**k if s else np.zeros_like(r)
    t: Any = np.where(c == 0, 0.0, c * (grown - mu))
    step = c * s * lr  # with the outer one: squares only, because the last batch's cross term may cancel them
    last = step**2 if outer == "full" else (step + alpha) ** 2 if outer == "last" else step**2 + alpha**2
    n: Any = np.where(w == 0, 0.0, w * (np.where(step == 0, 0.0, step**2 * q) + last))
    return t, n


def stationary_variance(
    lam: ArrayLike, w: ArrayLike, *, lr: float, k: int, mu: float, alpha: float, outer: str = "fresh"
) -> Real:
    """V* = N / (1 - T^2), the variance of phi that a cycle reproduces.

    Raises ValueError when a mode is not stable (|T| >= 1): it has no stationary variance; and as `cycle_moments`.

    Examples
    --------
    >>> from nala_lab.theory.noise_one_mode import stationary_variance
    >>> float(stationary_variance(1.0, 1.0, lr=0.5, k=1, mu=0.0, alpha=0.0))  # SGD: lr / (lam (2 - lr lam))
    0.3333333333333333
    """
    t, n = cycle_moments(lam, w, lr=lr, k=k, mu=mu, alpha=alpha, outer=outer)
    left = one_minus_factor(eigenvalues("lam", lam), lr=lr, k=k, mu=mu, alpha=alpha)
    stable = bool(np.all((left > 0) & (t > -1)))
    hint = "an unstable mode has no stationary variance"
    require("T", float(np.max(np.abs(t), initial=0.0)), stable, "|T| < 1 for every mode", hint)
    v: Real = n / (left * (1 + t))
    return v


def one_minus_factor(lam: Real, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """1 - T = s q + alpha lam (1 - s q), q = 1 - r^k: with all its digits at small lam, where T is 1 in floats.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.noise_one_mode import one_minus_factor
    >>> float(one_minus_factor(np.array(1e-20), lr=1.0, k=5, mu=-0.5, alpha=1.0))
    3.5e-20
    """
    fall = (1 + mu) * one_minus_power(lr * lam, k)
    left: Real = fall + alpha * lam * (1 - fall)
    return left


def sgd_variance(lam: ArrayLike, w: ArrayLike, *, lr: float) -> Real:
    """Stationary variance of SGD, lr w / (lam (2 - lr lam)).

    Raises ValueError unless lr >= 0 and 0 < lr lam < 2 for every mode.

    Examples
    --------
    >>> from nala_lab.theory.noise_one_mode import sgd_variance
    >>> float(sgd_variance(2.0, 3.0, lr=0.5))
    0.75
    """
    require_number("lr", lr, low=0)
    lam = eigenvalues("lam", lam)
    a = lr * lam
    require("lr * lam", a, bool(np.all((a > 0) & (a < 2))), "0 < lr * lam < 2 for every mode")
    v: Real = lr * variances("w", w, lam) / (lam * (2 - a))
    return v


def lookahead_variance_ratio(lam: ArrayLike, *, lr: float, k: int, mu: float) -> Real:
    """V_LA / V_SGD at the same learning rate: s (1 + R) / (2 - s (1 - R)) with s = 1 + mu, R = (1 - lr lam)^k.

    Raises ValueError unless lr >= 0, 0 < lr lam < 2 and |s R - mu| < 1 for every mode (both variances exist).

    Examples
    --------
    >>> from nala_lab.theory.noise_one_mode import lookahead_variance_ratio
    >>> bool(lookahead_variance_ratio(1.0, lr=0.3, k=5, mu=-0.5) < 1)
    True
    >>> bool(lookahead_variance_ratio(1.0, lr=0.3, k=5, mu=0.5) > 1)
    True
    """
    require_setting(lr, k, mu)
    a = lr * eigenvalues("lam", lam)
    require("lr * lam", a, bool(np.all((a > 0) & (a < 2))), "0 < lr * lam < 2 for every mode")
    s, big_r = 1 + mu, (1 - a) ** k
    fall = s * one_minus_power(a, k)  # 1 - B
    stable = bool(np.all((fall > 0) & (fall < 2)))
    require("mu", mu, stable, "|(1+mu) R - mu| < 1 for every mode", "else Lookahead has no stationary variance")
    ratio: Real = s * (1 + big_r) / (2 - fall)
    return ratio
