"""The two operations that differ between number types.

The step functions use + - * / and ** only, so they run unchanged on float64 arrays and on object arrays of
``fractions.Fraction``, sympy expressions or mpmath numbers. Zeros and square roots are the exceptions.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.core.validate import is_symbolic

__all__ = ["as_point", "root", "zeros"]


def as_point(x: Any) -> Array:
    """Make an array of float64, or leave exact and symbolic entries as they are.

    Examples
    --------
    >>> as_point([1, 2]).dtype.name, as_point([Fraction(1, 3)]).dtype.name
    ('float64', 'object')
    """
    array = np.array(x)
    return array if array.dtype == object else array.astype(np.float64)


def zeros(x: Array) -> Array:
    """Zeros of the shape and kind of `x`; integer zeros for exact arithmetic."""
    return np.zeros_like(x)


def _root_of_one(value: Any) -> Any:
    if is_symbolic(value):
        import sympy

        return sympy.sqrt(value)
    if isinstance(value, Fraction):
        exact = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
        return exact if exact * exact == value else math.sqrt(value)
    return value.sqrt() if hasattr(value, "sqrt") else math.sqrt(value)


def root(x: Any) -> Array:
    """Square root, entry by entry; exact where the entry is the square of a fraction.

    Examples
    --------
    >>> root(np.array([Fraction(4, 9)], dtype=object))
    array([Fraction(2, 3)], dtype=object)
    """
    if isinstance(x, np.ndarray):
        rooted: Array = np.frompyfunc(_root_of_one, 1, 1)(x) if x.dtype == object else np.sqrt(x)
        return rooted
    exact: Array = _root_of_one(x)
    return exact
