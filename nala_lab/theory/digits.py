"""1 - (1 - x)^k with all its digits where x is tiny.

(1 - x)^k is near 1 there and rounded to 1e-16, so the difference keeps k x only to 1e-16 / (k x) of itself: nothing is
left at x = 1e-16. expm1 and log1p never form the 1:

    1 - (1 - x)^k = -expm1(k log1p(-x))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Real

__all__ = ["one_minus_power", "one_minus_root"]

SMALL = 0.1  # beyond it the plain difference loses less than one digit for k >= 1, and log10(1/k) more for k < 1


def one_minus_power(x: Any, k: Any) -> Real:
    """1 - (1 - x)^k, for real x (...) and any real k; for fractional k, 1 - |1 - x|^k.

    Examples
    --------
    >>> from nala_lab.theory.digits import one_minus_power
    >>> float(one_minus_power(1e-20, 5)), float(one_minus_power(0.5, 2))
    (5e-20, 0.75)
    """
    x = np.asarray(x, dtype=np.float64)
    base = 1 - x if np.issubdtype(np.asarray(k).dtype, np.integer) else np.abs(1 - x)
    with np.errstate(over="ignore"):
        near = -np.expm1(k * np.log1p(-np.where(np.abs(x) < SMALL, x, 0.0)))
        return np.asarray(np.where(np.abs(x) < SMALL, near, 1 - base**k))


def one_minus_root(fall: Any, value: Any, k: int) -> Real:
    """1 - |B|^(1/k) from B = `value` and 1 - B = `fall`, each with its digits: of the one that is not near 1.

    Where B is near -1 neither of them holds the digits of 1 - |B|.

    Examples
    --------
    >>> from nala_lab.theory.digits import one_minus_root
    >>> float(one_minus_root(1e-20, 1.0, 5)), float(one_minus_root(1.0, 1e-20, 5))
    (2e-21, 0.9999)
    """
    near = one_minus_power(fall, 1.0 / k)
    return np.asarray(np.where(np.abs(fall) < SMALL, near, 1 - np.abs(value) ** (1 / k)))
