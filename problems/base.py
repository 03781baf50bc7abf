"""What every problem offers, and how it is called.

Subclasses set the attributes and write `_value`, `_grad`, `_hess` (and `_hvp` where it can be had
without the matrix) for float64 arrays of shape (..., d); the public methods here check and promote
the input first. `StochasticProblem` adds a noisy gradient whose covariance is known exactly.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.checks import Array, frozen, real_array, require, require_lead
from problems.symbols import coordinates, expand

Interval = tuple[float, float]


class Problem(abc.ABC):
    """A function on R^d with known derivatives and known minimisers.

    Every method broadcasts over leading axes and works in float64 (integers and float32 are
    promoted). Overflow is not an error: a point far outside gives inf or nan, because a diverging
    run is a result of the experiment and not a failure of the problem.

    Attributes
    ----------
    name : str
        Short name, used in messages and figure titles.
    source : str
        Where the function comes from.
    dim : int
        d.
    minimizers : ndarray, shape (n, d)
        Global minimisers; shape (0, d) if there is none. Where they form a continuum the class says
        which representatives are listed.
    minimum : float
        The global minimum; -inf if the function has none.
    start : ndarray, shape (d,)
        A usual starting point.
    box : tuple of (low, high), one pair per axis
        A region worth plotting; it holds the start and the minimisers.
    conservative : bool
        True if `grad` is the gradient of `value`. Only games say False.
    """

    name: str
    source: str
    dim: int
    minimizers: Array
    minimum: float
    start: Array
    box: tuple[Interval, ...]
    conservative: bool = True

    def value(self, x: ArrayLike) -> Array:
        """f(x) for x of shape (..., d); shape (...,).

        Raises ValueError if the last axis of x is not d, or x is not real.
        """
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._value(point)

    def grad(self, x: ArrayLike) -> Array:
        """Gradient at x of shape (..., d); shape (..., d). Raises as `value`."""
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._grad(point)

    def hess(self, x: ArrayLike) -> Array:
        """Hessian at x of shape (..., d); shape (..., d, d). Raises as `value`."""
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._hess(point)

    def hvp(self, x: ArrayLike, v: ArrayLike) -> Array:
        """Hessian at x times v; x and v of shape (..., d) broadcast against each other.

        Raises as `value`, and where the shapes do not broadcast.
        """
        point, direction = self._point("x", x), self._point("v", v)
        require_lead("v", direction.shape, point.shape)
        point, direction = np.broadcast_arrays(point, direction)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._hvp(point, direction)

    def symbolic(self) -> tuple[Any, tuple[Any, ...]]:
        """The function as a sympy expression, with its symbols (x1, ..., xd).

        All constants are kept to 40 digits, so the expression evaluated in high precision is the
        exact answer for float64 code. Meant for small instances: the sums are written out.
        """
        formula, table = self._formula()
        symbols = coordinates(self.dim)
        return expand(formula, {"x": symbols, **table}), symbols

    def latex(self) -> str:
        """The formula as LaTeX, generated from the definition that `symbolic` expands."""
        import sympy as sp

        formula, _ = self._formula()
        return f"f(x) = {sp.latex(formula)}"

    def __repr__(self) -> str:
        return f"<{self.name}, d={self.dim}>"

    def _point(self, name: str, x: ArrayLike) -> Array:
        array = real_array(name, x)
        fits = array.ndim >= 1 and array.shape[-1] == self.dim
        require(f"{name}.shape", array.shape, fits, f"shape (..., {self.dim})", f"{self.name} lives in R^{self.dim}")
        return array

    def _no_minimizer(self) -> None:
        self.minimizers, self.minimum = frozen(np.empty((0, self.dim))), -np.inf

    @abc.abstractmethod
    def _value(self, x: Array) -> Array: ...

    @abc.abstractmethod
    def _grad(self, x: Array) -> Array: ...

    @abc.abstractmethod
    def _hess(self, x: Array) -> Array: ...

    def _hvp(self, x: Array, v: Array) -> Array:
        return np.asarray(np.einsum("...ij,...j->...i", self._hess(x), v))

    @abc.abstractmethod
    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        """A sympy formula in named constants, and what every name except x stands for (see `expand`)."""


class StochasticProblem(Problem):
    """A problem whose gradient can also be had with noise: E noisy_grad(x) = grad(x).

    Attributes
    ----------
    noise_depends_on_x : bool
        False if `noise_cov` is the same matrix everywhere.
    """

    noise_depends_on_x: bool

    def noisy_grad(self, x: ArrayLike, rng: np.random.Generator) -> Array:
        """One noisy gradient per leading index of x (..., d), each with noise of its own."""
        require("rng", rng, isinstance(rng, np.random.Generator), "a numpy.random.Generator")
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._noisy_grad(point, rng)

    def noise_cov(self, x: ArrayLike) -> Array:
        """Exact covariance of noisy_grad(x, rng) given x (..., d); shape (..., d, d)."""
        point = self._point("x", x)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._noise_cov(point)

    @abc.abstractmethod
    def _noisy_grad(self, x: Array, rng: np.random.Generator) -> Array: ...

    @abc.abstractmethod
    def _noise_cov(self, x: Array) -> Array: ...
