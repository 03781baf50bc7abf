"""T04. The best outer factor for Lookahead (alpha = 0) on a quadratic with a known spectrum.

    mu* = (R_max + R_min) / (2 - R_max - R_min),     rate* = (R_max - R_min) / (2 - R_max - R_min)

where R_min, R_max are the extremes of R(lam) = (1 - lr lam)^k on [m, L].

Derivation. rho = (1+mu) R - mu = 1 - s q with s = 1+mu and q = 1 - R. The worst of |1 - s q| over [q_min, q_max],
q_min > 0, is least when both ends are equal in size and opposite in sign: s* = 2/(q_min + q_max), and the rate is
(q_max-q_min)/(q_max+q_min).
R is monotone in lam for odd k. For even k it falls until lr lam = 1 and rises after, so its least value is 0 if
1/lr lies in [m, L].

Consequences. mu* < 0 iff R_max + R_min < 0, which needs k odd and lr > 2/(m+L): averaging helps a deterministic
quadratic only where the inner steps overshoot. A single mode is finished in one cycle by mu = R/(1-R).

Source: derived here (the argument is the classical one for the Richardson iteration). Status: proved; tight.
"""

from __future__ import annotations

import numpy as np

from nala_lab.core import require, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.digits import one_minus_power

__all__ = ["CARDS", "inner_range", "optimal_mu", "optimal_rate"]

CARDS = (
    Card(
        id="T04", title="optimal mu on a quadratic, no outer step", status="proved", kind="tight",
        statement="mu* = (R_max+R_min)/(2-R_max-R_min), rate (R_max-R_min)/(2-R_max-R_min)",
        assumptions="quadratic with spectrum filling [m, L], gradient descent inside, alpha = 0, every R < 1",
        source="derived here",
    ),
)  # fmt: skip


def inner_range(m: float, L: float, *, lr: float, k: int) -> tuple[float, float]:
    """Least and greatest value of R(lam) = (1 - lr lam)^k for lam in [m, L].

    Raises ValueError when not 0 < m <= L, lr is not positive, k < 1, or the inner loop does not contract (R_max >= 1).

    Examples
    --------
    >>> from nala_lab.theory.optimal_mu import inner_range
    >>> inner_range(0.5, 1.5, lr=1.0, k=2)
    (0.0, 0.25)
    """
    require_number("m", m, low=0, open_low=True, hint="a flat direction has no rate")
    require_number("L", L, low=m)
    require_number("lr", lr, low=0, open_low=True)
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    with np.errstate(over="ignore"):
        ends = [float((1 - np.float64(lr * end)) ** k) for end in (m, L)]  # Python's floats refuse to overflow
    require("L", L, bool(np.isfinite(ends[1])), "a finite (1 - lr L)^k", f"lr is {float(lr):g}")
    contracts = lr * m > 0 and (k % 2 == 1 or lr * L < 2)  # every (1 - lr lam)^k < 1, judged before rounding
    low = 0.0 if k % 2 == 0 and lr * m <= 1 <= lr * L else min(ends)
    high = max(ends)
    require("lr", lr, contracts, "(1 - lr lam)^k < 1 on [m, L]", "the inner loop moves away, and no slow step turns it")
    return low, high


def optimal_mu(m: float, L: float, *, lr: float, k: int) -> float:
    """Give the mu that minimises max |rho| over [m, L] when alpha = 0.

    Raises ValueError as in `inner_range`.

    Parameters
    ----------
    m, L : least and greatest curvature. lr, k : inner step and inner steps per cycle.

    Examples
    --------
    >>> from nala_lab.theory.optimal_mu import optimal_mu
    >>> optimal_mu(0.5, 1.5, lr=1.0, k=1)
    0.0
    >>> round(optimal_mu(1.0, 1.0, lr=0.5, k=2), 6)  # one mode: R/(1-R), and the rate is zero
    0.333333
    """
    least, most = _shrinkage(m, L, lr=lr, k=k)
    return (2 - least - most) / (least + most)


def optimal_rate(m: float, L: float, *, lr: float, k: int) -> float:
    """Give max |rho| over [m, L] at `optimal_mu`, per cycle of k gradients. Arguments and Raises as there.

    Examples
    --------
    >>> from nala_lab.theory.optimal_mu import optimal_rate
    >>> optimal_rate(0.5, 1.5, lr=1.0, k=1)
    0.5
    """
    least, most = _shrinkage(m, L, lr=lr, k=k)
    return (most - least) / (least + most)


def _shrinkage(m: float, L: float, *, lr: float, k: int) -> tuple[float, float]:
    """Least and greatest q = 1 - R on [m, L], with all digits where lr m is tiny."""
    inner_range(m, L, lr=lr, k=k)  # refuses what has no rate
    m, L, lr = float(m), float(L), float(lr)
    ends = [float(one_minus_power(lr * end, k)) for end in (m, L)]
    return min(ends), 1.0 if k % 2 == 0 and lr * m <= 1 <= lr * L else max(ends)
