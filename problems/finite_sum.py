"""Averages over examples: mini-batch gradients and the exact covariance of their noise.

f(w) = (1/n) sum_i loss(x_i'w, y_i) + (l2/2) |w|^2, where loss is a curve in the prediction x_i'w.
A subclass gives that curve with its first two derivatives; everything else is here.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from problems.base import Interval, StochasticProblem
from problems.checks import Array, finite_array, frozen, require, require_int, require_lead, require_real
from problems.symbols import number, numbers

Indices = NDArray[np.intp]


class FiniteSum(StochasticProblem):
    """A linear model fitted to n examples; see `LeastSquares` and `Logistic`.

    Parameters
    ----------
    X : array (n, d)
        Examples.
    y : array (n,)
        Targets or labels.
    l2 : float
        Weight of the regulariser, l2 >= 0. It is the same in every batch and adds no noise.
    batch_size : int
        B, 1 <= B <= n (any B >= 1 with replacement).
    replace : bool
        Whether `noisy_grad` draws the B examples with replacement. Default False: B different ones.

    Notes
    -----
    With g_i the gradient of example i and S(w) = (1/n) sum_i (g_i - g)(g_i - g)' (divisor n), the
    covariance of a mini-batch gradient is S/B with replacement and S/B (n-B)/(n-1) without.
    Examples whose squares overflow are refused: no curvature could be stated.
    """

    noise_depends_on_x = True

    def __init__(
        self, X: ArrayLike, y: ArrayLike, *, l2: float = 0.0, batch_size: int = 1, replace: bool = False
    ) -> None:
        self.X = finite_array("X", X, (None, None))
        self.n, self.dim = self.X.shape
        self.y = finite_array("y", y, (self.n,))
        self.l2 = require_real("l2", l2, "finite l2 >= 0", lambda value: value >= 0)
        self.batch_size = require_int("batch_size", batch_size, 1)
        require("replace", replace, isinstance(replace, bool), "True or False")
        self.replace = replace
        fits = replace or self.batch_size <= self.n
        require("batch_size", batch_size, fits, f"batch_size <= n = {self.n}", "or replace=True")
        with np.errstate(over="ignore"):
            squares = (self.X**2).sum() + self.l2  # at least L of either subclass
        require("X", float(np.abs(self.X).max()), bool(np.isfinite(squares)), "entries whose squares are finite")
        self.start = frozen(np.zeros(self.dim))

    def batch_grad(self, x: ArrayLike, indices: ArrayLike) -> Array:
        """Gradient of the batch: mean over `indices` of the examples' gradients, regulariser included.

        Raises ValueError for an empty batch, an index outside 0 .. n-1, or leading axes that do not broadcast.

        Parameters
        ----------
        x : array (..., d)
        indices : integer array (B,) or (..., B)
            One batch for all points, or one for each. An example may occur more than once.
        """
        point, chosen = self._point("x", x), np.asarray(indices)
        require("indices.dtype", str(chosen.dtype), chosen.dtype.kind in "iu", "an integer array")
        require("indices.shape", chosen.shape, chosen.ndim >= 1 and chosen.shape[-1] > 0, "shape (..., B), B >= 1")
        inside = bool(((chosen >= 0) & (chosen < self.n)).all())
        require("indices", indices, inside, f"entries from 0 to n-1 = {self.n - 1}")
        require_lead("indices", chosen.shape, point.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._batch_grad(point, chosen.astype(np.intp))

    def example_grads(self, x: ArrayLike) -> Array:
        """All n gradients g_i, regulariser included; shape (..., n, d)."""
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            g = self._slope(point @ self.X.T, self.y)[..., None] * self.X
            return np.asarray(g + self.l2 * point[..., None, :])

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Indices:
        """Independent batches as `noisy_grad` draws them: indices of shape (*shape, B)."""
        if self.replace:
            return np.asarray(rng.integers(self.n, size=(*shape, self.batch_size)))
        order = np.broadcast_to(np.arange(self.n), (*shape, self.n))
        return np.asarray(rng.permuted(order, axis=-1)[..., : self.batch_size])

    @abc.abstractmethod
    def _loss(self, z: Array, y: Array) -> Array:
        """loss(z, y) for a prediction z."""

    @abc.abstractmethod
    def _slope(self, z: Array, y: Array) -> Array:
        """Its derivative in z."""

    @abc.abstractmethod
    def _curvature(self, z: Array, y: Array) -> Array:
        """Its second derivative in z."""

    @abc.abstractmethod
    def _symbolic_loss(self, z: Any, y: Any) -> Any:
        """The same curve for sympy."""

    def _value(self, x: Array) -> Array:
        fit = self._loss(x @ self.X.T, self.y).mean(-1)
        return np.asarray(fit + self.l2 * (x**2).sum(-1) / 2 if self.l2 else fit)  # 0 times an overflow is no number

    def _grad(self, x: Array) -> Array:
        return np.asarray(self._slope(x @ self.X.T, self.y) @ self.X / self.n + self.l2 * x)

    def _hess(self, x: Array) -> Array:
        c = self._curvature(x @ self.X.T, self.y)
        return np.asarray(np.einsum("...n,ni,nj->...ij", c, self.X, self.X) / self.n + self.l2 * np.eye(self.dim))

    def _hvp(self, x: Array, v: Array) -> Array:
        c = self._curvature(x @ self.X.T, self.y)
        return np.asarray((c * (v @ self.X.T)) @ self.X / self.n + self.l2 * v)

    def _batch_grad(self, x: Array, indices: Indices) -> Array:
        rows = self.X[indices]  # (..., B, d)
        slope = self._slope(np.asarray(np.einsum("...bd,...d->...b", rows, x)), self.y[indices])
        return np.asarray(np.einsum("...b,...bd->...d", slope, rows) / indices.shape[-1] + self.l2 * x)

    def _noisy_grad(self, x: Array, rng: np.random.Generator) -> Array:
        return self._batch_grad(x, self.draw(x.shape[:-1], rng))

    def _noise_cov(self, x: Array) -> Array:
        g = self._slope(x @ self.X.T, self.y)[..., None] * self.X  # the regulariser has no noise
        away = g - g.mean(-2, keepdims=True)
        spread = np.einsum("...ni,...nj->...ij", away, away) / self.n
        left = 1.0 if self.replace else (self.n - self.batch_size) / max(self.n - 1, 1)
        return np.asarray(spread * left / self.batch_size)

    def _box(self) -> tuple[Interval, ...]:
        best = self.minimizers[0]
        reach = 1.25 * max(1.0, float(np.abs(best - self.start).max()))
        return tuple((float(b) - reach, float(b) + reach) for b in best)

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, data, y = (sp.IndexedBase(s) for s in ("x", "X", "y"))
        i, j = sp.symbols("i j", integer=True)
        prediction = sp.Sum(data[i, j] * x[j], (j, 1, self.dim))
        fit = sp.Sum(self._symbolic_loss(prediction, y[i]), (i, 1, self.n)) / self.n
        penalty = sp.Symbol("lambda") / 2 * sp.Sum(x[j] ** 2, (j, 1, self.dim))
        return fit + penalty, {"X": numbers(self.X), "y": numbers(self.y), "lambda": number(self.l2)}


def features(n: int, dim: int, condition: float, rng: np.random.Generator) -> Array:
    """Gaussian examples (n, d) whose column scales fall log-spaced from 1 to 1/sqrt(condition)."""
    require_int("n", n, 1)
    require_int("d", dim, 1)
    require_real("condition", condition, "finite condition >= 1", lambda value: value >= 1)
    scales = np.geomspace(1.0, condition**-0.5, dim) if dim > 1 else np.ones(1)
    return np.asarray(rng.standard_normal((n, dim)) * scales)
