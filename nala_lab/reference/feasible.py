"""Projection onto a convex feasible set in the norm of the preconditioner (AdaLA paper, section 2).

    Pi_{F,M}(y) = argmin_{x in F} || M^{1/2} (x - y) ||,      M = diag(weight)

The paper prints M = sqrt(s_t); the rules give their whole denominator, with eps in it.

For a box the norm does not matter: the problem splits into coordinates. For a ball it does: the answer is
x_i - c_i = w_i (y_i - c_i) / (w_i + lam) with the multiplier lam >= 0 that puts x on the sphere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, reals, require, require_number

__all__ = ["Ball", "Box"]

_NEWTON_STEPS = 100  # quadratic convergence from the left; 100 is never reached for weights within 1e16 of another


def _require_fit(name: str, value: Any, y: Array) -> None:
    """Require a number, or an array that broadcasts to the shape of `y` and no further."""
    shape = np.shape(value)
    fits = len(shape) <= y.ndim and all(n in (1, d) for n, d in zip(shape[::-1], y.shape[::-1], strict=False))
    require(name, shape, fits, f"a number, or a shape that fits {y.shape}")


@dataclass(frozen=True)
class Box:
    """All x with low <= x <= high, coordinate by coordinate.

    Raises ValueError when a bound is NaN or no real number, their shapes do not fit, or low > high somewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.reference import Box
    >>> Box(low=-1.0, high=2.0).project(np.array([-3.0, 0.5, 9.0]), np.ones(3))
    array([-1. ,  0.5,  2. ])
    """

    low: Any
    high: Any

    def __post_init__(self) -> None:
        reals("low", self.low)
        reals("high", self.high)
        sizes = zip(np.shape(self.low)[::-1], np.shape(self.high)[::-1], strict=False)
        fits = all(1 in pair or len({*pair}) == 1 for pair in sizes)
        require("high", np.shape(self.high), fits, f"a shape that fits that of low, {np.shape(self.low)}")
        ordered = bool(np.all(np.asarray(self.low) <= np.asarray(self.high)))
        require("low", self.low, ordered, f"low <= high = {self.high!r} everywhere")

    def project(self, y: Array, weight: Array) -> Array:
        """Nearest point of the box; exact for every positive diagonal `weight`."""
        _require_fit("low", self.low, y)
        _require_fit("high", self.high, y)
        return np.clip(y, self.low, self.high)


@dataclass(frozen=True)
class Ball:
    """All x with ||x - center||_2 <= radius.

    Raises ValueError when the radius is not a positive finite number, or the center not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.reference import Ball
    >>> Ball(center=0.0, radius=5.0).project(np.array([6.0, 8.0]), np.ones(2))
    array([3., 4.])
    """

    center: Any
    radius: float

    def __post_init__(self) -> None:
        require_number("radius", self.radius, low=0, open_low=True)
        require("center", self.center, bool(np.all(np.isfinite(reals("center", self.center)))), "finite numbers")

    def project(self, y: Array, weight: Array) -> Array:
        """Nearest point of the ball in the norm of diag(weight), for y and weight of shape (..., d)."""
        _require_fit("center", self.center, y)
        # In units of a power of two, so that squares neither overflow nor round otherwise.
        size = np.max(np.abs(y - self.center), axis=-1, keepdims=True, initial=self.radius)
        unit = np.ldexp(1.0, np.frexp(size)[1] - 1)
        offset, radius = (y - self.center) / unit, self.radius / unit
        outside = np.linalg.norm(offset, axis=-1, keepdims=True) > radius
        if not np.any(outside):
            return y
        # Only ratios of weights matter; a zero weight becomes the smallest ratio that keeps Newton's step finite.
        scale = np.max(weight, axis=-1, keepdims=True)
        w = np.maximum(weight / np.where(scale > 0, scale, 1.0), np.finfo(float).tiny ** 0.5)
        lam = np.zeros_like(scale)
        for _ in range(_NEWTON_STEPS):
            z = w * offset / (w + lam)
            norm = np.linalg.norm(z, axis=-1, keepdims=True)
            # Newton on 1/radius - 1/||z(lam)||, which is concave in lam: from lam = 0 it approaches from one side.
            slope = np.sum(z * z / (w + lam), axis=-1, keepdims=True)
            with np.errstate(invalid="ignore", divide="ignore"):
                step = np.where(outside, norm**2 / slope * (norm - radius) / radius, 0.0)
            lam = lam + np.maximum(np.nan_to_num(step), 0.0)
            if np.all(step <= 4 * np.finfo(float).eps * lam):
                break
        inside: Array = np.where(outside, self.center + unit * (w * offset / (w + lam)), y)
        return inside
