"""Landscapes with many minima, for any dimension: Styblinski-Tang, Rastrigin, Ackley."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np

from problems.base import Problem
from problems.checks import Array, frozen, require_int

_TAU = 2 * np.pi


def _diagonal(entries: Array) -> Array:
    """Diagonal matrices (..., d, d) from their diagonals (..., d)."""
    return np.asarray(entries[..., None] * np.eye(entries.shape[-1]))


class _Separable(Problem):
    """A sum of one curve per coordinate: the Hessian is diagonal."""

    @abc.abstractmethod
    def _curvature(self, x: Array) -> Array:
        """Second derivatives of the curves at x, (..., d)."""

    def _hess(self, x: Array) -> Array:
        return _diagonal(self._curvature(x))

    def _hvp(self, x: Array, v: Array) -> Array:
        return self._curvature(x) * v


class StyblinskiTang(_Separable):
    """Two minima per coordinate, 2^d in all; the deepest has all coordinates negative.

        f(x) = sum_i (x_i^4 - 16 x_i^2 + 5 x_i) / 2

    Minimum -39.16616570377142 d at x_i = -2.903534027771177, a root of 4 x^3 - 32 x + 5.

    >>> from problems import StyblinskiTang
    >>> f = StyblinskiTang()
    >>> float(f.minimum), f.minimizers.tolist()
    (-78.33233140754284, [[-2.903534027771177, -2.903534027771177]])
    """

    name = "styblinski-tang"
    source = "Styblinski and Tang, Neural Networks 3 (1990), 467-483"

    def __init__(self, dim: int = 2) -> None:
        self.dim = require_int("dim", dim, 1)
        self.minimizers = frozen(np.full((1, self.dim), -2.903534027771177))
        self.minimum = -39.16616570377142 * self.dim
        self.start = frozen(np.resize([-1.0, -4.5], self.dim))
        self.box = ((-5.0, 5.0),) * self.dim

    def _value(self, x: Array) -> Array:
        return np.asarray((x**4 - 16 * x**2 + 5 * x).sum(-1) / 2)

    def _grad(self, x: Array) -> Array:
        return 2 * x**3 - 16 * x + 2.5

    def _curvature(self, x: Array) -> Array:
        return 6 * x**2 - 16

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, i = sp.IndexedBase("x"), sp.Symbol("i", integer=True)
        return sp.Sum(x[i] ** 4 - 16 * x[i] ** 2 + 5 * x[i], (i, 1, self.dim)) / 2, {}


class Rastrigin(_Separable):
    """A bowl with a ripple of unit period: a local minimum near every integer point.

        f(x) = 10 d + sum_i x_i^2 - 10 cos(2 pi x_i)

    Minimum 0 at the origin.

    >>> from problems import Rastrigin
    >>> float(Rastrigin().value([1.0, 2.0]))
    5.0
    """

    name = "rastrigin"
    source = "Rastrigin, Systems of Extremal Control, Nauka 1974; d dimensions: Muehlenbein et al. 1991"

    def __init__(self, dim: int = 2) -> None:
        self.dim = require_int("dim", dim, 1)
        self.minimizers, self.minimum = frozen(np.zeros((1, self.dim))), 0.0
        self.start = frozen(np.resize([3.3, -2.2], self.dim))
        self.box = ((-5.12, 5.12),) * self.dim

    def _value(self, x: Array) -> Array:
        return np.asarray((x**2 + 20 * np.sin(np.pi * x) ** 2).sum(-1))  # 1 - cos without its rounding

    def _grad(self, x: Array) -> Array:
        return np.asarray(2 * x + 10 * _TAU * np.sin(_TAU * x))

    def _curvature(self, x: Array) -> Array:
        return np.asarray(2 + 10 * _TAU**2 * np.cos(_TAU * x))

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, i = sp.IndexedBase("x"), sp.Symbol("i", integer=True)
        return 10 * self.dim + sp.Sum(x[i] ** 2 - 10 * sp.cos(2 * sp.pi * x[i]), (i, 1, self.dim)), {}


class Ackley(Problem):
    """A nearly flat, rippled plain around a funnel with a sharp tip.

        f(x) = 20 - 20 exp(-r / 5) + e - exp(mean_i cos(2 pi x_i)),     r = sqrt(mean_i x_i^2)

    Minimum 0 at the origin.

    Notes
    -----
    r has a cone at the origin, so f is not differentiable at its minimiser. The rule here: at x = 0
    exactly, the cone adds 0 to the gradient and to the Hessian. So the gradient there is 0 (which is
    a subgradient of the cone: its slopes in opposite directions cancel) and the Hessian is that of
    the smooth term, 4 pi^2 e / d times the identity. Close to the origin the gradient has length
    4 / sqrt(d) (about 2.83 for d = 2) in every direction: an optimizer with a fixed step does not settle.

    >>> import numpy as np
    >>> from problems import Ackley
    >>> f = Ackley()
    >>> f.grad([0.0, 0.0]).tolist(), float(np.linalg.norm(f.grad([1e-9, 0.0])).round(6))
    ([0.0, 0.0], 2.828427)
    """

    name = "ackley"
    source = "Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer 1987; constants: Baeck 1996"

    def __init__(self, dim: int = 2) -> None:
        self.dim = require_int("dim", dim, 1)
        self.minimizers, self.minimum = frozen(np.zeros((1, self.dim))), 0.0
        self.start = frozen(np.resize([2.2, -1.3], self.dim))
        self.box = ((-5.0, 5.0),) * self.dim  # published: +-32.768, where the plain hides the funnel

    def _value(self, x: Array) -> Array:
        r, fall = self._radius(x), 2 * (np.sin(np.pi * x) ** 2).mean(-1)  # 1 - the mean of the cosines
        return np.asarray(-20 * np.expm1(-r / 5) - np.e * np.expm1(-fall))  # exactly 0 at 0, and right to it

    def _grad(self, x: Array) -> Array:
        direction, slope, _ = self._cone(x)
        ripple = np.exp(np.cos(_TAU * x).mean(-1, keepdims=True))
        return np.asarray(slope * direction + ripple * _TAU * np.sin(_TAU * x) / self.dim)

    def _hess(self, x: Array) -> Array:
        d, (direction, slope, bend) = self.dim, self._cone(x)
        r = self._radius(x)[..., None, None]
        outer = direction[..., :, None] * direction[..., None, :]
        # r grows along x only, so its own Hessian is (I/d - dr dr') / r; nothing at the tip
        turn = np.where(r > 0, np.eye(d) / d - outer, 0.0) / np.where(r > 0, r, 1.0)
        cone = slope[..., None] * turn + bend[..., None] * outer
        s, ripple = np.sin(_TAU * x) / d, np.exp(np.cos(_TAU * x).mean(-1))[..., None, None]
        wave = _TAU**2 * ripple * (_diagonal(np.cos(_TAU * x)) / d - s[..., :, None] * s[..., None, :])
        return np.asarray(cone + wave)

    def _radius(self, x: Array) -> Array:
        # hypot scales before it squares: no x is so small or so large that its square leaves the numbers
        return np.asarray(np.hypot.reduce(x, axis=-1) / np.sqrt(self.dim))

    def _cone(self, x: Array) -> tuple[Array, Array, Array]:
        """Gradient of r (0 at the tip), and first and second derivative of -20 exp(-r/5) in r."""
        r = self._radius(x)[..., None]
        direction = x / (self.dim * np.where(r > 0, r, 1.0))
        fall = np.exp(-r / 5)
        return direction, np.asarray(4 * fall), np.asarray(-0.8 * fall)

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, i = sp.IndexedBase("x"), sp.Symbol("i", integer=True)
        r = sp.sqrt(sp.Sum(x[i] ** 2, (i, 1, self.dim)) / self.dim)
        ripple = sp.exp(sp.Sum(sp.cos(2 * sp.pi * x[i]), (i, 1, self.dim)) / self.dim)
        return 20 - 20 * sp.exp(-r / 5) + sp.E - ripple, {}
