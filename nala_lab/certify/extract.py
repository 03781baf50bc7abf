"""Turn a semidefinite worst case into an exact function with short rational numbers.

The solver's function satisfies the interpolation inequalities only up to its tolerance. So the programme is solved with
a margin in every inequality, start and slopes are rounded, the method's points are computed exactly from the rounded
slopes, the offsets are rounded last, and everything is judged again in ``fractions.Fraction``: the rounded function is
L-smooth and m-strongly convex whatever was rounded (see `nala_lab.theory.interpolation`), and what a method does on it
is a computation, not a belief.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from nala_lab.certify.semidefinite import WorstCase
from nala_lab.core import Array, require_int
from nala_lab.theory.interpolation import Envelope

__all__ = ["rounded"]


def rounded(worst: WorstCase, digits: int) -> tuple[Array, Envelope]:
    """Round start, slopes and offsets of a worst function to multiples of 10^-digits, L and m exact.

    Parameters
    ----------
    worst : a `worst_case`, solved with a margin that is large against 10^-digits.
    digits : decimal digits to keep, 0 or more.

    Raises ValueError for other digits.

    Returns
    -------
    start : (d,) of Fraction. function : `Envelope` of Fraction with one piece per point, and minimiser 0 with value 0
    if the rounding left it there (to be checked).
    """
    require_int("digits", digits, low=0)
    unit = 10**digits
    near = np.vectorize(lambda value: Fraction(round(Fraction(float(value)) * unit), unit), otypes=[object])
    L, m = (Fraction(str(worst.setting[name])) for name in ("L", "m"))
    grads = worst.grads - worst.setting["m"] * worst.points  # slopes of the part that is an envelope
    slopes = near(grads)
    floats = worst.function
    exact = Envelope(slopes, near(_refit(worst, slopes, floats)), L, m)
    return near(worst.start), exact


def _refit(worst: WorstCase, slopes: Array, floats: Envelope) -> Array:
    """Offsets for the rounded slopes: piece j keeps its height at the point z_j where it is to be active alone."""
    m, flat = worst.setting["m"], worst.setting["L"] - worst.setting["m"]
    active = worst.points - (worst.grads - m * worst.points) / flat
    heights = floats.offsets + np.sum(floats.slopes * active, axis=1)
    offsets = heights - np.sum(slopes.astype(float) * active, axis=1)
    return np.where(np.all(slopes == 0, axis=1), 0.0, offsets)
