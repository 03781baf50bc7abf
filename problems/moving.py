"""The same problem elsewhere: shifted, rotated, scaled and lifted, with everything moved along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from problems.base import Problem, StochasticProblem
from problems.checks import Array, finite_array, frozen, orthogonal, require, require_real
from problems.symbols import coordinates, number, numbers


class Moved(Problem):
    """g(x) = scale f(R'(x - shift)) + offset; made by `moved`.

    Attributes
    ----------
    inner : Problem
        f.
    shift, rotation, scale, offset
        As given to `moved`, the rotation as a matrix.
    equilibrium : ndarray (d,)
        Only if f is a game.
    L, m, kappa, eigenvalues, eigenvectors, null_space, A, center, noise_floor, minimizer_error
        Those of f moved along, only if f has them: curvatures and the floor times `scale`, vectors turned, kappa and
        the error as they are.
    """

    def __init__(self, inner: Problem, shift: Array, rotation: Array, scale: float, offset: float) -> None:
        self.inner, self.shift, self.rotation, self.scale, self.offset = inner, shift, rotation, scale, offset
        self.dim, self.conservative = inner.dim, inner.conservative
        self.name, self.source = f"moved {inner.name}", inner.source
        self.minimizers = frozen(self.outward(inner.minimizers))
        self.minimum = scale * inner.minimum + offset
        self.start = frozen(self.outward(inner.start))
        self.box = self._moved_box()
        for point in ("equilibrium", "center"):
            if hasattr(inner, point):
                setattr(self, point, frozen(self.outward(getattr(inner, point))))
        for curvature in ("L", "m", "eigenvalues", "noise_floor"):
            if hasattr(inner, curvature):
                value = scale * getattr(inner, curvature)
                setattr(self, curvature, frozen(value) if isinstance(value, np.ndarray) else value)

    def __getattr__(self, name: str) -> Any:
        """What needs no constant of its own, or a matrix: made from the inner problem's when asked for."""
        if name in ("kappa", "minimizer_error"):
            return getattr(self.inner, name)
        if name in ("eigenvectors", "null_space"):
            return frozen(self.rotation @ getattr(self.inner, name))
        if name == "A":
            return frozen(self.scale * self._turned(self.inner.A))  # type: ignore[attr-defined]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def inward(self, x: Array) -> Array:
        """R'(x - shift): from the coordinates of g to those of f."""
        return (x - self.shift) @ self.rotation

    def outward(self, z: Array) -> Array:
        """shift + R z: from the coordinates of f to those of g."""
        return np.asarray(z @ self.rotation.T + self.shift)

    def symbolic(self) -> tuple[Any, tuple[Any, ...]]:
        """The inner expression with its symbols replaced by the entries of R'(x - shift)."""
        inner, old = self.inner.symbolic()
        symbols, r = coordinates(self.dim), numbers(self.rotation)
        away = np.array([s - c for s, c in zip(symbols, numbers(self.shift), strict=True)], dtype=object)
        replaced = inner.subs(dict(zip(old, r.T @ away, strict=True)), simultaneous=True)
        return number(self.scale) * replaced + number(self.offset), symbols

    def latex(self) -> str:
        """How g is made from f, and the formula of f."""
        outer = rf"{self.scale:.4g} \, f\left(R^{{T}} (x - c)\right) {self.offset:+.4g}"
        return rf"g(x) = {outer}, \quad {self.inner.latex()}"

    def _moved_box(self) -> tuple[tuple[float, float], ...]:
        low, high = np.array(self.inner.box).T
        middle, half = self.outward((low + high) / 2), np.abs(self.rotation) @ ((high - low) / 2)
        return tuple((float(m - h), float(m + h)) for m, h in zip(middle, half, strict=True))

    def _turned(self, matrix: Array) -> Array:
        return self.rotation @ matrix @ self.rotation.T

    def _value(self, x: Array) -> Array:
        return self.scale * self.inner.value(self.inward(x)) + self.offset

    def _grad(self, x: Array) -> Array:
        return self.scale * self.inner.grad(self.inward(x)) @ self.rotation.T

    def _hess(self, x: Array) -> Array:
        return self.scale * self._turned(self.inner.hess(self.inward(x)))

    def _hvp(self, x: Array, v: Array) -> Array:
        return self.scale * self.inner.hvp(self.inward(x), v @ self.rotation) @ self.rotation.T

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        return self.symbolic()[0], {}


class MovedStochastic(Moved, StochasticProblem):
    """`Moved` for a problem with noise: the noise is turned and scaled, its covariance by scale^2."""

    inner: StochasticProblem

    def __init__(self, inner: StochasticProblem, shift: Array, rotation: Array, scale: float, offset: float) -> None:
        super().__init__(inner, shift, rotation, scale, offset)
        self.noise_depends_on_x = inner.noise_depends_on_x

    def batch_grad(self, x: ArrayLike, indices: ArrayLike) -> Array:
        """The inner problem's mini-batch gradient, moved; only for finite sums."""
        batch_grad = getattr(self.inner, "batch_grad", None)
        require("inner", self.inner, batch_grad is not None, "a finite sum", "only these have batches")
        grad: Array = batch_grad(self.inward(self._point("x", x)), indices)  # type: ignore[misc]
        return self.scale * grad @ self.rotation.T

    def _noisy_grad(self, x: Array, rng: np.random.Generator) -> Array:
        return self.scale * self.inner.noisy_grad(self.inward(x), rng) @ self.rotation.T

    def _noise_cov(self, x: Array) -> Array:
        return self.scale**2 * self._turned(self.inner.noise_cov(self.inward(x)))


@overload
def moved(problem: StochasticProblem, shift: ArrayLike | None = ..., rotation: ArrayLike | int | None = ...,
          scale: float = ..., *, offset: float = ...) -> MovedStochastic: ...  # fmt: skip
@overload
def moved(problem: Problem, shift: ArrayLike | None = ..., rotation: ArrayLike | int | None = ...,
          scale: float = ..., *, offset: float = ...) -> Moved: ...  # fmt: skip
def moved(problem: Problem, shift: ArrayLike | None = None, rotation: ArrayLike | int | None = None, scale: float = 1.0,
          *, offset: float = 0.0) -> Moved:  # fmt: skip
    """The problem seen in other coordinates and units.

        g(x) = scale f(R'(x - shift)) + offset
        grad g = scale R grad f,    hess g = scale R (hess f) R',    noise covariance scale^2 R C R'

    Minimisers and start z go to shift + R z; the box becomes the smallest one that holds the turned
    box. The field of a game is moved like a gradient. R may mix the two players of a game; the
    dynamics is then the same one seen in other coordinates, and `signs` loses its meaning.

    Raises ValueError for a scale that is not positive, a rotation that is not orthogonal, or a wrong shape.

    Parameters
    ----------
    problem : Problem
    shift : array (d,), optional
    rotation : None, int or array (d, d)
        Identity, a random orthogonal matrix from this seed, or the matrix R itself.
    scale : float
        > 0: a negative scale would turn minima into maxima.
    offset : float

    Examples
    --------
    >>> from problems import Booth, moved
    >>> g = moved(Booth(), shift=[10.0, 20.0], rotation=[[0, -1], [1, 0]], scale=3.0, offset=-1.0)
    >>> g.minimizers.tolist(), g.minimum, float(g.value([7.0, 21.0]))
    ([[7.0, 21.0]], -1.0, -1.0)
    """
    require("problem", problem, isinstance(problem, Problem), "a Problem")
    shift = finite_array("shift", np.zeros(problem.dim) if shift is None else shift, (problem.dim,))
    turn = orthogonal(rotation, problem.dim)
    scale = require_real("scale", scale, "finite scale > 0", lambda value: value > 0)
    offset = require_real("offset", offset)
    if isinstance(problem, StochasticProblem):
        return MovedStochastic(problem, shift, turn, scale, offset)
    return Moved(problem, shift, turn, scale, offset)
