"""Quadratics that are bent once: the smallest functions on which NALA falls behind Lookahead.

    f(x) = sum_i a_i x_i^2 / 2 + h(<p, x>),     h Huber's function: t^2/2 up to the bend c, straight beyond it

One-sided h is 0 for t <= 0; with ``both`` it is even, and f on the line with a = 0, p = 1 is Huber's function itself.

L-smooth and m-strongly convex. The curvature is between diag(a) and diag(a) + p p', so m = min a_i; and
diag(a) + p p' <= L I iff a_i < L for all i and sum_i p_i^2 / (L - a_i) <= 1 (Cauchy-Schwarz with the weights L - a_i).
Both are tested exactly when a function is made. The minimiser is 0, with value 0. Status: proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import Array, require

__all__ = ["Bent"]


@dataclass(frozen=True)
class Bent:
    """One such function, in whatever arithmetic its numbers have.

    Raises ValueError when the function is not L-smooth or not m-strongly convex, m >= 0.

    Attributes
    ----------
    axes, normal : (d,) the a_i and p. bend : c > 0. L, m : the class it belongs to. both : h is even.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.bent import Bent
    >>> huber = Bent(np.array([0.0]), np.array([1.0]), 1.0, L=1.0, m=0.0, both=True)
    >>> huber.grad(np.array([3.0])), float(huber.value(np.array([3.0])))
    (array([1.]), 2.5)
    """

    axes: Array
    normal: Array
    bend: Any
    L: Any
    m: Any
    both: bool = False

    def __post_init__(self) -> None:
        shapes = np.shape(self.axes), np.shape(self.normal)
        require("normal", shapes, len(shapes[0]) == 1 and shapes[0] == shapes[1], "the shape (d,) of axes")
        require("bend", self.bend, bool(self.bend > 0), "a bend c > 0")
        require("m", self.m, bool(0 <= self.m <= min(self.axes)), "0 <= m <= every a_i")
        room = self.L - self.axes
        smooth = bool(np.all(room > 0)) and bool(np.sum(self.normal**2 / room) <= 1)
        require("L", self.L, smooth, "a_i < L and sum p_i^2/(L - a_i) <= 1", "else the curvature exceeds L")

    def _slope(self, t: Any) -> Any:
        return np.minimum(np.maximum(t, -self.bend if self.both else 0), self.bend)

    def grad(self, x: Array) -> Array:
        """Gradient at x, both (..., d)."""
        return np.asarray(self.axes * x + np.asarray(self._slope(x @ self.normal))[..., None] * self.normal)

    def value(self, x: Array) -> Any:
        """f(x) for x of shape (..., d): h(t) = s t - s^2/2, s the slope of h at t, on all of its pieces."""
        t = x @ self.normal
        slope = self._slope(t)
        return (self.axes * x * x).sum(axis=-1) / 2 + slope * t - slope * slope / 2

    def piece(self, x: Array) -> int:
        """Which piece of h holds <p, x>: -1 below the curved one, 0 on it, 1 beyond its bend."""
        t = self.normal @ x
        return int(t > self.bend) - int(t < (-self.bend if self.both else 0))

    def in_floats(self) -> Bent:
        """The same function for pictures and for the twins."""
        axes, normal = self.axes.astype(float), self.normal.astype(float)
        # rounding may lift the curvature by an ulp: not a reason to refuse
        return Bent(axes, normal, float(self.bend), float(self.L) * (1 + 1e-15), float(self.m), self.both)

    def __str__(self) -> str:
        """The formula, for a function of fractions.

        Examples
        --------
        >>> str(Bent(np.array([Fraction(1, 2)]), np.array([Fraction(2, 3)]), Fraction(3, 10), Fraction(1), Fraction(0)))
        'x^2/4 + h(2x/3), c = 3/10'
        """
        d = len(self.axes)
        names = "xyzw"[:d] if d <= 4 else [f"x{i}" for i in range(1, d + 1)]
        squares = [_term(a / 2, f"{name}^2") for a, name in zip(self.axes, names, strict=True) if a]
        inside = [_term(p, name) for p, name in zip(self.normal, names, strict=True) if p]
        bent = f"{'Huber' if self.both else 'h'}({_sum(inside)})"
        return f"{_sum([*squares, bent])}, c = {self.bend}"


def _term(factor: Any, name: str) -> str:
    exact = Fraction(factor)
    top = f"-{name}" if exact.numerator == -1 else name if exact.numerator == 1 else f"{exact.numerator}{name}"
    return top if exact.denominator == 1 else f"{top}/{exact.denominator}"


def _sum(terms: list[str]) -> str:
    return " + ".join(terms).replace("+ -", "- ")
