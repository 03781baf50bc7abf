"""T11. Averaging against SGD at the same speed: what "Lookahead reduces variance" leaves out.

At the same learning rate Lookahead is quieter than SGD, and slower. Compare at the same speed instead: one mode,
alpha = 0, and SGD with the learning rate whose factor per gradient is T^{1/k}, T = (1+mu) r^k - mu. With V*_SGD of
the latter

    V*_LA / V*_SGD = f(r) / f(T^{1/k}),        f(r) = (1-r)(1+r^k) / ((1+r)(1-r^k))

and the ratio is > 1 iff mu < 0 and < 1 iff mu > 0: f decreases in r on (0, 1), and T^{1/k} > r iff mu < 0.

Derivation. V*_LA = s^2 lr^2 w Q_k / (1 - T^2) with lr = (1-r)/lam, Q_k = (1-r^{2k})/(1-r^2) and 1 - T = s (1 - r^k),
so V*_LA = (w/lam^2) s (1-r)(1+r^k) / ((1+r)(1+T)) = (w/lam^2) f(r) (1-T)/(1+T). SGD is the case mu = 0, r = T^{1/k}:
its r^k is T, so V*_SGD = (w/lam^2) f(T^{1/k}) (1-T)/(1+T). The last factor cancels.

Two limits of the same fact: for small steps V*/V*_SGD(same speed) = (k+1)(k s^2 lr^2 + alpha^2)/(k s lr + alpha)^2 >= 1
with equality iff alpha = (1+mu) lr (Cauchy-Schwarz); and no memoryless two-loop method is below
w (1-T) / (lam^2 (k+1)(1+T)).

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, reals, require, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power, one_minus_root
from nala_lab.theory.quadratic_rate import require_setting

__all__ = ["CARDS", "small_step_penalty", "variance_ratio_at_equal_speed"]

CARDS = (
    Card(
        id="T11", title="variance at equal speed", status="proved", kind="tight",
        statement="V_LA / V_SGD(same factor per gradient) = f(r)/f(T^{1/k}), f(r) = (1-r)(1+r^k)/((1+r)(1-r^k))",
        assumptions="one mode, additive noise, gradient descent inside, alpha = 0, 0 < r < 1, 0 < T < 1",
        source="derived here",
    ),
)  # fmt: skip


def variance_ratio_at_equal_speed(r: ArrayLike, *, k: int, mu: float) -> Real:
    """V*_LA over V*_SGD where SGD contracts as fast per gradient; r = 1 - lr lam in (0, 1).

    Raises ValueError unless 0 < r < 1 and 0 < T < 1: only then has SGD a learning rate of the same speed.

    Examples
    --------
    >>> from nala_lab.theory.equal_speed import variance_ratio_at_equal_speed
    >>> round(float(variance_ratio_at_equal_speed(0.7, k=10, mu=-0.5)), 2)
    1.8
    >>> bool(variance_ratio_at_equal_speed(0.9, k=5, mu=0.2) < 1)
    True
    """
    require_int("k", k, low=1)
    require_number("mu", mu, low=-1)
    r = reals("r", r)
    require("r", r, bool(np.all((r > 0) & (r < 1))), "0 < r < 1")
    fall, factor = (1 + mu) * one_minus_power(1 - r, k), (1 + mu) * r**k - mu  # 1 - T and T
    hint = "T = (1+mu) r^k - mu; SGD cannot match another T"
    require("T", factor, bool(np.all((fall > 0) & (factor > 0))), "0 < T < 1", hint)
    ratio: Real = _f(1 - r, k) / _f(one_minus_root(fall, factor, k), k)
    return ratio


def _f(x: Real, k: int) -> Real:
    """f(r) at r = 1 - x."""
    left = one_minus_power(x, k)
    value: Real = x * (2 - left) / ((2 - x) * left)
    return value


def small_step_penalty(*, lr: float, k: int, mu: float, alpha: float) -> float:
    """Limit of V*/V*_SGD(same speed) for small steps: (k+1)(k s^2 lr^2 + alpha^2) / (k s lr + alpha)^2.

    Raises ValueError when an argument is out of range, or nothing moves (lr (1+mu) = alpha = 0).

    Examples
    --------
    >>> from nala_lab.theory.equal_speed import small_step_penalty
    >>> round(small_step_penalty(lr=0.1, k=5, mu=-0.5, alpha=0.05), 12)  # alpha = (1+mu) lr: no penalty
    1.0
    """
    require_setting(lr, k, mu, alpha)
    moved = int(k) * (1 + mu) * lr + alpha
    require("alpha", alpha, moved > 0, "alpha > 0 or (1+mu) lr > 0", "a method that does not move has no variance")
    share = alpha / moved  # of the outer step; squares of steps may be below all floats
    return float((int(k) + 1) * ((1 - share) ** 2 / k + share**2))
