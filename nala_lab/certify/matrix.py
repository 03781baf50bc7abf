"""Rigorous enclosure of the spectral radius of any real matrix, defective ones included.

Two bounds that hold for every t, with t = 2^j reached by squaring in interval arithmetic:

    |tr(M^t) / n|^(1/t)  <=  radius  <=  ||M^t||_F^(1/t)                       (Gelfand)

A defective eigenvalue costs a factor t^(d-1) in the norm, which the t-th root of 2^-40 removes. The enclosures of
single eigenvalues by python-flint are intersected with these; they are narrower for simple eigenvalues, and useless for
Jordan blocks.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.certify.quadratic import Enclosure, arb_of, ends, exact
from nala_lab.core import require, require_int

__all__ = ["certify_radius"]

SQUARINGS = 40


def certify_radius(matrix: ArrayLike, *, gradients: int = 1, bits: int = 256) -> Enclosure:
    """Enclose the spectral radius of a real square matrix.

    Parameters
    ----------
    matrix : (d, d); floats are the dyadic numbers they are, integers and Fractions are exact.
    gradients : gradients that one application costs. bits : precision.

    Raises
    ------
    ValueError
        For a matrix that is not square, or has entries that are no finite numbers.
    ModuleNotFoundError
        Without python-flint.

    Examples
    --------
    >>> from nala_lab.certify import certify_radius
    >>> e = certify_radius([[0.5, 1000.0], [0.0, 0.5]])  # a Jordan-like block: its norm says 1000
    >>> e.lower <= 0.5 <= e.upper, e.upper - e.lower < 1e-9
    (True, True)
    """
    from flint import acb_mat, arb, arb_mat, ctx

    array = np.asarray(matrix, dtype=object)
    square = array.ndim == 2 and array.shape[0] == array.shape[1] and array.shape[0] >= 1
    require("matrix", array.shape, square, "shape (d, d)")
    require_int("gradients", gradients, low=1)
    require_int("bits", bits, low=64)
    n = len(array)
    rows: list[Fraction] = [exact("matrix", entry) for entry in array.ravel()]
    with ctx.workprec(bits):
        m = arb_mat(n, n, [arb_of(x) for x in rows])
        low, high = _from_eigenvalues(acb_mat(m))
        power, t = m, 1
        for _ in range(SQUARINGS):
            power, t = power * power, 2 * t
            norm = sum((abs(x) ** 2 for x in power.entries()), arb(0)).sqrt()
            trace = abs(sum((power[i, i] for i in range(n)), arb(0))) / n
            high = min(high, _root(norm.upper(), t).upper())
            low = max(low, _root(trace.lower(), t).lower())
        return Enclosure(max(0.0, ends(low)[0]), ends(high)[1], None, gradients, SQUARINGS)


def _from_eigenvalues(m: Any) -> tuple[Any, Any]:
    from flint import arb

    try:
        values = m.eig(multiple=True)
    except ValueError:  # not isolated at this precision: the bounds by powers stand alone
        return arb(0), arb.pos_inf()
    return max(abs(value).abs_lower() for value in values), max(abs(value).abs_upper() for value in values)


def _root(x: Any, t: int) -> Any:
    return (x.log() / t).exp() if x > 0 else x * 0
