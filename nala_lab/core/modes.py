"""Eigenvalues and noise as arguments: what is accepted everywhere, and what is refused everywhere.

The covariance of a gradient's noise is a number (the same variance in every coordinate), d numbers (one a coordinate)
or a (d, d) matrix. A formula for single modes needs the variance that each mode sees: the diagonal of the matrix, in
the coordinates of the eigenvectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core.trajectory import Array
from nala_lab.core.validate import require

__all__ = ["covariance", "eigenvalues", "reals", "variances"]


def eigenvalues(name: str, value: Any) -> Array:
    """Read real eigenvalues (...) as float64.

    Raises ValueError for NaN, infinities or what is no number.

    Examples
    --------
    >>> from nala_lab.core import eigenvalues
    >>> eigenvalues("lam", [1, 2]).tolist()
    [1.0, 2.0]
    """
    return _real(name, value, "finite real numbers")


def reals(name: str, value: Any, rule: str = "real numbers") -> Array:
    """Read real numbers (...) as float64, infinities and NaN among them: divergence is a result.

    Raises ValueError, with `rule`, for what is no number, and for complex ones: NumPy would drop an imaginary part.

    Examples
    --------
    >>> from nala_lab.core import reals
    >>> reals("phi", [1j])
    Traceback (most recent call last):
        ...
    ValueError: phi must satisfy real numbers, got phi=[1j]
    """
    try:
        array = np.asarray(value)
        told = array.dtype.kind in "fiu" or array.dtype == object and None not in array.flat  # None would be NaN
        array = array.astype(np.float64) if told else array
    except (TypeError, ValueError, OverflowError):  # no number, rows of different lengths, an integer no float holds
        told = False
    require(name, value, told, rule)
    return array


def _real(name: str, value: Any, rule: str) -> Array:
    array = reals(name, value, rule)
    require(name, value, bool(np.isfinite(array).all()), rule)
    return array


def variances(name: str, value: Any, lam: Array) -> Array:
    """Read the noise variance that each mode of `lam` sees, from a scalar, a vector or a covariance matrix.

    Raises ValueError for a negative variance, NaN, a matrix that is no covariance, or a shape that does not fit.

    Returns
    -------
    An array that broadcasts with `lam`: for a matrix its diagonal, otherwise the numbers given.

    Examples
    --------
    >>> from nala_lab.core import variances
    >>> import numpy as np
    >>> lam = np.array([1.0, 2.0])
    >>> variances("w", 3.0, lam).tolist(), variances("w", [[4.0, 1.0], [1.0, 5.0]], lam).tolist()
    (3.0, [4.0, 5.0])
    """
    w = _real(name, value, f"{name} >= 0, a variance")
    if w.ndim == 2 and lam.ndim == 1 and w.shape == (len(lam), len(lam)):
        return np.diag(covariance(name, w, len(lam))).copy()
    require(name, value, bool(np.all(w >= 0)), f"{name} >= 0, a variance")
    fits = all(n in (1, d) or d == 1 for n, d in zip(w.shape[::-1], lam.shape[::-1], strict=False))
    require(f"the shape of {name}", w.shape, fits, f"one that fits lam, {lam.shape}")
    return w


def covariance(name: str, value: Any, d: int) -> Array:
    """Read a covariance (d, d) from a scalar, a vector (d,) or a matrix.

    Raises ValueError for another shape, a negative variance, NaN, or a matrix that is not symmetric and positive
    semi-definite.

    Examples
    --------
    >>> from nala_lab.core import covariance
    >>> covariance("C", 2.0, 2).tolist(), covariance("C", [1.0, 3.0], 2).tolist()
    ([[2.0, 0.0], [0.0, 2.0]], [[1.0, 0.0], [0.0, 3.0]])
    """
    rule = f"a number, {d} numbers or a ({d}, {d}) matrix, finite"
    c = _real(name, value, rule)
    require(name, value, c.shape in ((), (d,), (d, d)), rule)
    if c.ndim < 2:
        require(name, value, bool(np.all(c >= 0)), f"{name} >= 0, a variance")
        return np.diag(np.broadcast_to(c, (d,)).copy())
    size = float(np.abs(c).max(initial=0.0))
    require(name, value, bool(np.abs(c - c.T).max(initial=0.0) <= 1e-12 * size), "symmetric")  # rounding of Q diag Q'
    lowest = float(np.linalg.eigvalsh(c).min(initial=0.0))
    # eigvalsh is backward stable: a true zero comes back as at most a few d ulp of the largest entry
    fine = lowest >= -1e-12 * max(size, 1e-300) * d and bool(np.all(np.diag(c) >= 0))
    require(name, value, fine, "positive semi-definite", "a covariance")
    return c
