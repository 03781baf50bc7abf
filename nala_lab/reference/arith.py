"""The operations that differ between number types.

The step functions use + - * / and ** only, so they run unchanged on float64 arrays and on object arrays of
``fractions.Fraction``, sympy expressions or mpmath numbers. Zeros and square roots are the exceptions;
the projection onto a ball and AdaLA's implicit probe take floating-point numbers alone.
"""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Complex, Real
from typing import Any

import numpy as np

from nala_lab.core import Array, require
from nala_lab.core.validate import is_symbolic

__all__ = ["as_point", "decayed", "root", "zeros"]


def as_point(x: Any) -> Array:
    """Make an array of float64, or leave exact and symbolic entries as they are; a copy in either case.

    Raises ValueError when an entry is complex or no number, or the rows are of different lengths.

    Examples
    --------
    >>> as_point([1, 2]).dtype.name, as_point([Fraction(1, 3)]).dtype.name
    ('float64', 'object')
    """
    try:
        array = np.array(x)
    except ValueError as trouble:  # NumPy's word for rows of different lengths is "inhomogeneous shape"
        raise ValueError(f"x0 must satisfy rows of one length, got x0={x!r}") from trouble
    if array.dtype == object:
        require("x0", x, all(map(_is_number, array.flat)), "real numbers, or exact or symbolic ones")
        return array
    require("x0", x, array.dtype.kind in "fiu", "real numbers, or exact or symbolic ones")
    return array.astype(np.float64)


def _is_number(entry: Any) -> bool:
    """True for what can be subtracted and scaled, fractions and symbols included; complex numbers cannot be ordered."""
    arithmetic = hasattr(entry, "__sub__") and hasattr(entry, "__mul__") and not isinstance(entry, bool)
    return arithmetic and (not isinstance(entry, Complex) or isinstance(entry, Real))


def decayed(gradient: Array, weight_decay: Any, theta: Array) -> Array:
    """g = gradient + weight_decay theta (L2)."""
    return gradient if weight_decay == 0 else gradient + weight_decay * theta


def zeros(x: Array) -> Array:
    """Zeros of the shape and kind of `x`; 0 times each entry where they are exact, symbolic or another's objects."""
    return 0 * x if x.dtype == object else np.zeros_like(x)


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
