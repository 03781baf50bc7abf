"""Three different sizes of a linear map: what decides in the end, in one step, and on the way.

    spectral radius   max |eig M| = lim ||M^t||^(1/t)    the rate, after long enough
    operator norm     ||M||_2                            the worst factor of one step
    transient growth  max_t ||M^t||_2                    how far the error can grow before it decays

For a normal map all three agree (or the last is 1, at t = 0). For a non-normal one they can differ by any factor.

The maximum over all t is reached at a finite t that is known when it is passed: if ||M^s|| <= 1 for some s >= 1, then
||M^(qs + r)|| <= ||M^r||, so nothing larger comes after s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import require, require_int

__all__ = ["MapSize", "map_size"]


@dataclass(frozen=True)
class MapSize:
    """The sizes of a linear map.

    Attributes
    ----------
    radius, norm : spectral radius and operator norm. radius_error : how far `radius` may be off in floats:
        (d eps ||M||)^(1/d) for a defective map of d dimensions, far less for a normal one.
    transient, transient_at : max_t ||M^t||, and the t >= 0 where it is reached; `transient` is inf for radius > 1.
    verdict : ``"contracts"``, ``"grows"``, or ``"cannot tell"`` (radius within its error of 1, or no power was seen to
        contract within the horizon); `reason` in words. gradients : gradients one application costs.
    """

    radius: float
    radius_error: float
    norm: float
    transient: float
    transient_at: int
    verdict: str
    reason: str
    gradients: int

    @property
    def per_gradient(self) -> float:
        """Spectral radius to the power 1/gradients."""
        return float(self.radius ** (1 / self.gradients))


def map_size(matrix: ArrayLike, *, gradients: int = 1, horizon: int = 10_000) -> MapSize:
    """Measure spectral radius, operator norm and transient growth of a real or complex square matrix.

    Parameters
    ----------
    matrix : (d, d). gradients : gradients that one application costs. horizon : largest t looked at.

    Raises
    ------
    ValueError
        For a matrix that is not square or not finite.

    Examples
    --------
    >>> from nala_lab.measure import map_size
    >>> s = map_size([[0.9, 5.0], [0.0, 0.9]])
    >>> round(s.radius, 6), round(s.norm, 3), round(s.transient, 2), s.transient_at, s.verdict
    (0.9, 5.157, 19.4, 9, 'contracts')
    """
    m = np.asarray(matrix)
    m = m.astype(np.complex128 if np.iscomplexobj(m) else np.float64)  # float32 would be rounded at every step
    square = m.ndim == 2 and m.shape[0] == m.shape[1] and len(m) >= 1
    require("matrix", m.shape, square, "shape (d, d)")
    require("matrix", matrix, bool(np.all(np.isfinite(m))), "finite entries")
    require_int("gradients", gradients, low=1)
    require_int("horizon", horizon, low=1)
    norm = float(np.linalg.norm(m, 2))
    radius = float(np.abs(np.linalg.eigvals(m)).max())
    error = _radius_error(m, norm)
    transient, at, s = _transient(m, horizon if radius - error < 1 else 1)
    if radius - error > 1:
        return MapSize(radius, error, norm, math.inf, at, "grows", "", gradients)
    reasons = [f"radius {radius:.6g} is within its error of 1"] if radius + error >= 1 else []
    reasons += [f"no power up to {horizon} has norm <= 1: the transient may go on"] if s is None else []
    reason = ", and ".join(reasons)
    verdict = "cannot tell" if reason else "contracts"
    return MapSize(radius, error, norm, transient, at, verdict, reason, gradients)


def _radius_error(m: np.ndarray, norm: float) -> float:
    """Bauer-Fike with the eigenvectors' condition, or the d-th root that holds for any map: the smaller.

    The root is Elsner's (1985): |lam - lam'| <= (||A|| + ||B||)^(1 - 1/d) ||A - B||^(1/d), half of what is used.
    """
    d = len(m)
    # LAPACK's eigenvalues are those of a map so close by: its sums have d products, and 10 covers its sweeps
    backward = 10 * d * float(np.finfo(float).eps) * norm
    if backward == 0:
        return 0.0
    condition = float(np.linalg.cond(np.linalg.eig(m)[1]))
    general = 4 * norm * (backward / norm) ** (1 / d)
    return min(condition * backward, general)


def _transient(m: np.ndarray, horizon: int) -> tuple[float, int, int | None]:
    """max ||M^t|| up to the first t >= 1 with norm <= 1 (returned third), or up to the horizon (then None)."""
    best, at, power = 1.0, 0, np.eye(len(m))
    for t in range(1, horizon + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            power = power @ m
        if not np.isfinite(power).all():
            break
        size = float(np.linalg.norm(power, 2))
        if size > best:
            best, at = size, t
        if size <= 1:
            return best, at, t
    return best, at, None
