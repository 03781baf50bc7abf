"""Least squares as a finite sum."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.checks import EPS, Array, frozen, require_int, require_real
from problems.finite_sum import FiniteSum, features


class LeastSquares(FiniteSum):
    """Mean squared error of a linear model, with an optional ridge.

        f(w) = (1/(2n)) |X w - y|^2 + (l2/2) |w|^2

    Parameters as for `FiniteSum`; mini-batches are drawn without replacement unless replace=True.

    Attributes
    ----------
    A : ndarray (d, d)
        The Hessian X'X/n + l2 I, the same everywhere.
    eigenvalues, eigenvectors : ndarray
        Of A, ascending.
    L, m, kappa : float
        Largest and smallest eigenvalue and their ratio (m = 0 and kappa = inf if A is singular).
    minimizer_error : float
        |grad f(w*)| / m as computed, a bound on the distance of the listed minimiser from the true
        one up to the rounding of the gradient itself (inf if A is singular).

    Notes
    -----
    If A is singular (l2 = 0 and fewer independent examples than unknowns) the minimisers form an
    affine subspace, and `minimizers` lists the one of least norm.

    Examples
    --------
    >>> from problems import LeastSquares
    >>> f = LeastSquares([[1.0], [2.0]], [2.0, 2.0])
    >>> f.minimizers.round(12).tolist(), f.batch_grad([0.0], [1]).tolist()
    ([[1.2]], [-4.0])
    """

    name = "least squares"
    source = "Gauss, Theoria motus corporum coelestium, 1809; as a finite sum: any text on stochastic gradients"

    def __init__(
        self, X: ArrayLike, y: ArrayLike, *, l2: float = 0.0, batch_size: int = 1, replace: bool = False
    ) -> None:
        super().__init__(X, y, l2=l2, batch_size=batch_size, replace=replace)
        a = self.X.T @ self.X / self.n + self.l2 * np.eye(self.dim)
        self.A: Array = frozen((a + a.T) / 2)
        # of X, not of A, which has lost the digits of a small singular value; lengths below rounding are 0
        _, lengths, across = np.linalg.svd(self.X, full_matrices=self.n < self.dim)
        lengths = np.concatenate([lengths, np.zeros(self.dim - len(lengths))])[::-1]
        lengths = np.where(lengths <= max(self.n, self.dim) * EPS * lengths[-1], 0.0, lengths)
        self.eigenvalues: Array = frozen(lengths**2 / self.n + self.l2)
        self.eigenvectors: Array = frozen(across[::-1].T)
        self.m, self.L = float(self.eigenvalues[0]), float(self.eigenvalues[-1])
        self.kappa = self.L / self.m if self.m > 0 else np.inf
        best = self._solve()
        self.minimizers, self.minimum = frozen(best[None]), float(self._value(best))
        length = float(np.linalg.norm(self._grad(best)))
        self.minimizer_error = length / self.m if self.m > 0 else np.inf
        self.box = self._box()

    @classmethod
    def generated(cls, n: int, d: int, seed: int, *, noise: float = 0.5, condition: float = 10.0, l2: float = 0.0,
                  batch_size: int = 1, replace: bool = False) -> LeastSquares:  # fmt: skip
        """Targets X w + noise from Gaussian examples; the same data for the same (n, d, seed, options).

        `condition` is the ratio of the largest to the smallest variance of the d features.

        >>> LeastSquares.generated(20, 3, seed=0).minimizers.shape
        (1, 3)
        """
        rng = np.random.default_rng(require_int("seed", seed, 0))
        X = features(n, d, condition, rng)
        y = X @ rng.standard_normal(d) + require_real("noise", noise) * rng.standard_normal(n)
        return cls(X, y, l2=l2, batch_size=batch_size, replace=replace)

    def _solve(self) -> Array:
        """lstsq on the examples with the ridge as d more rows, then one step of refinement."""
        rows = np.vstack([self.X, np.sqrt(self.n * self.l2) * np.eye(self.dim)])
        targets = np.concatenate([self.y, np.zeros(self.dim)])
        w = np.linalg.lstsq(rows, targets, rcond=None)[0]
        return np.asarray(w - np.linalg.lstsq(rows, rows @ w - targets, rcond=None)[0])

    def _loss(self, z: Array, y: Array) -> Array:
        return (z - y) ** 2 / 2

    def _slope(self, z: Array, y: Array) -> Array:
        return z - y

    def _curvature(self, z: Array, y: Array) -> Array:
        return np.ones_like(z)

    def _symbolic_loss(self, z: Any, y: Any) -> Any:
        return (z - y) ** 2 / 2
