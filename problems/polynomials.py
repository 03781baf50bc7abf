"""The polynomial landscapes of the classroom, all in the plane.

Starts are this package's choice unless a source is named; boxes are the published domains unless a
comment says otherwise. The survey is Jamil and Yang, Int. J. Mathematical Modelling and Numerical
Optimisation 4 (2013), 150-194 (arXiv 1308.4008).
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np

from problems.base import Problem
from problems.checks import Array, frozen


def _pair(first: Array, second: Array) -> Array:
    """A gradient from its two components."""
    return np.stack(np.broadcast_arrays(first, second), axis=-1)


def _symmetric(xx: Array, xy: Array, yy: Array) -> Array:
    """A Hessian from its three different entries."""
    return np.stack([_pair(xx, xy), _pair(xy, yy)], axis=-2)


class _Plane(Problem):
    """Two coordinates, no parameters: a subclass is its three formulas and its published data."""

    dim = 2
    _best: tuple[tuple[float, float], ...]
    _start: tuple[float, float]

    def __init__(self) -> None:
        self.minimizers, self.minimum = frozen(np.array(self._best)), 0.0
        self.start = frozen(np.array(self._start))

    @abc.abstractmethod
    def _plane(self, x: Any, y: Any) -> Any:
        """The sympy expression in x and y."""

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x = sp.IndexedBase("x")
        return self._plane(x[1], x[2]), {}


class Beale(_Plane):
    """Flat valleys and sharp corners; one minimiser.

        f(x, y) = (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2

    Minimum 0 at (3, 0.5); start (1, 1) as in More, Garbow and Hillstrom, problem 5.

    >>> from problems import Beale
    >>> float(Beale().value([1.0, 1.0]))
    14.203125
    """

    name = "beale"
    source = "Beale 1958; More, Garbow and Hillstrom, ACM TOMS 7 (1981), 17-41, problem 5"
    box = ((-4.5, 4.5), (-4.5, 4.5))
    _best, _start = ((3.0, 0.5),), (1.0, 1.0)
    _constants = np.array([1.5, 2.25, 2.625])
    _powers = np.array([1.0, 2.0, 3.0])

    def _residuals(self, x: Array) -> tuple[Array, Array, Array, Array]:
        """r_p = c_p - x + x y^p for p = 1, 2, 3 with its derivatives in x, in y and in y twice."""
        u, y, p = x[..., :1], x[..., 1:], self._powers
        r = self._constants - u + u * y**p
        # p (p - 1) y^(p-2) is written out, since 0 * y**-1 would be nan at y = 0
        second = np.concatenate([np.zeros_like(y), 2 + np.zeros_like(y), 6 * y], axis=-1)
        return r, y**p - 1, u * p * y ** (p - 1), u * second

    def _value(self, x: Array) -> Array:
        return np.asarray((self._residuals(x)[0] ** 2).sum(-1))

    def _grad(self, x: Array) -> Array:
        r, rx, ry, _ = self._residuals(x)
        return _pair(2 * (r * rx).sum(-1), 2 * (r * ry).sum(-1))

    def _hess(self, x: Array) -> Array:
        r, rx, ry, ryy = self._residuals(x)
        slope = self._powers * x[..., 1:] ** (self._powers - 1)  # d^2 r / dx dy
        xx, xy, yy = rx**2, rx * ry + r * slope, ry**2 + r * ryy
        return _symmetric(2 * xx.sum(-1), 2 * xy.sum(-1), 2 * yy.sum(-1))

    def _plane(self, x: Any, y: Any) -> Any:
        import sympy as sp

        halves = (sp.Rational(3, 2), sp.Rational(9, 4), sp.Rational(21, 8))
        return sum((c - x + x * y**p) ** 2 for p, c in enumerate(halves, start=1))


class Himmelblau(_Plane):
    """Four minimisers of equal depth around one local maximum.

        f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2

    Minimum 0 at (3, 2) and three more points, the roots of both squares, given here to the last
    float64 digit.

    >>> from problems import Himmelblau
    >>> Himmelblau().minimizers.round(6).tolist()
    [[3.0, 2.0], [-2.805118, 3.131313], [-3.77931, -3.283186], [3.584428, -1.848127]]
    """

    name = "himmelblau"
    source = "Himmelblau, Applied Nonlinear Programming, McGraw-Hill 1972"
    box = ((-6.0, 6.0), (-6.0, 6.0))
    _best = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.2831859912861696),
        (3.5844283403304917, -1.8481265269644036),
    )
    _start = (0.0, -4.0)

    def _value(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return np.asarray((u**2 + y - 11) ** 2 + (u + y**2 - 7) ** 2)

    def _grad(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        p, q = u**2 + y - 11, u + y**2 - 7
        return _pair(4 * u * p + 2 * q, 2 * p + 4 * y * q)

    def _hess(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        p, q = u**2 + y - 11, u + y**2 - 7
        return _symmetric(4 * p + 8 * u**2 + 2, 4 * (u + y), 4 * q + 8 * y**2 + 2)

    def _plane(self, x: Any, y: Any) -> Any:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


class Booth(_Plane):
    """A convex quadratic with eigenvalues 2 and 18, tilted by 45 degrees.

        f(x, y) = (x + 2 y - 7)^2 + (2 x + y - 5)^2

    Minimum 0 at (1, 3).

    >>> from problems import Booth
    >>> float(Booth().value([0.0, 0.0]))
    74.0
    """

    name = "booth"
    source = "Jamil and Yang 2013, function 17"
    box = ((-10.0, 10.0), (-10.0, 10.0))
    _best, _start = ((1.0, 3.0),), (-8.0, 5.0)

    def _value(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return np.asarray((u + 2 * y - 7) ** 2 + (2 * u + y - 5) ** 2)

    def _grad(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        p, q = u + 2 * y - 7, 2 * u + y - 5
        return _pair(2 * p + 4 * q, 4 * p + 2 * q)

    def _hess(self, x: Array) -> Array:
        one = np.ones(x.shape[:-1])
        return _symmetric(10 * one, 8 * one, 10 * one)

    def _plane(self, x: Any, y: Any) -> Any:
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2


class Matyas(_Plane):
    """A convex quadratic with eigenvalues 0.04 and 1: a plate that hardly tilts along x = y.

        f(x, y) = 0.26 (x^2 + y^2) - 0.48 x y

    Minimum 0 at the origin.

    >>> from problems import Matyas
    >>> Matyas().hess([5.0, -7.0]).tolist()
    [[0.52, -0.48], [-0.48, 0.52]]
    """

    name = "matyas"
    source = "Jamil and Yang 2013, function 71"
    box = ((-10.0, 10.0), (-10.0, 10.0))
    _best, _start = ((0.0, 0.0),), (8.0, 3.0)

    def _value(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return np.asarray(0.26 * (u**2 + y**2) - 0.48 * u * y)

    def _grad(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return _pair(0.52 * u - 0.48 * y, 0.52 * y - 0.48 * u)

    def _hess(self, x: Array) -> Array:
        one = np.ones(x.shape[:-1])
        return _symmetric(0.52 * one, -0.48 * one, 0.52 * one)

    def _plane(self, x: Any, y: Any) -> Any:
        import sympy as sp

        return sp.Rational(26, 100) * (x**2 + y**2) - sp.Rational(48, 100) * x * y


class ThreeHumpCamel(_Plane):
    """Three minima in a row; the middle one is the lowest.

        f(x, y) = 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2

    Minimum 0 at the origin; two local minima of value 0.2986 near (1.748, -0.874) and its mirror image.

    >>> from problems import ThreeHumpCamel
    >>> float(ThreeHumpCamel().value([1.7475523, -0.8737762]).round(4))
    0.2986
    """

    name = "three-hump camel"
    source = "Jamil and Yang 2013, function 29"
    box = ((-2.5, 2.5), (-2.5, 2.5))  # published: (-5, 5), where x^6 hides the humps
    _best, _start = ((0.0, 0.0),), (-0.5, 2.0)

    def _value(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return np.asarray(2 * u**2 - 1.05 * u**4 + u**6 / 6 + u * y + y**2)

    def _grad(self, x: Array) -> Array:
        u, y = x[..., 0], x[..., 1]
        return _pair(4 * u - 4.2 * u**3 + u**5 + y, u + 2 * y)

    def _hess(self, x: Array) -> Array:
        u, one = x[..., 0], np.ones(x.shape[:-1])
        return _symmetric(4 - 12.6 * u**2 + 5 * u**4, one, 2 * one)

    def _plane(self, x: Any, y: Any) -> Any:
        import sympy as sp

        return 2 * x**2 - sp.Rational(105, 100) * x**4 + x**6 / 6 + x * y + y**2
