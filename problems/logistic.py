"""Logistic regression as a finite sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.checks import EPS, Array, frozen, require, require_int
from problems.finite_sum import FiniteSum, features


class Logistic(FiniteSum):
    """Logistic regression with a ridge: smooth, strongly convex, not quadratic.

        f(w) = (1/n) sum_i log(1 + exp(-y_i x_i'w)) + (l2/2) |w|^2,      y_i in {-1, +1}

    Parameters as for `FiniteSum`, but l2 > 0: without a ridge separable data have no minimiser.
    Mini-batches are drawn without replacement unless replace=True.

    Raises ValueError for labels other than -1 and +1, l2 <= 0 or so small that the Hessian is singular to
    rounding, and as `FiniteSum`.

    Attributes
    ----------
    L, m, kappa : float
        Bounds that hold everywhere: L = |X|^2/(4n) + l2, m = l2.
    minimizer_error : float
        |grad f(w*)| / lam_min(hess f(w*)) as computed: the Newton step that is left. It is of the order
        of the rounding of the gradient.

    Notes
    -----
    The minimiser is found by damped Newton steps from 0 until a step no longer shortens the gradient.

    Examples
    --------
    >>> from problems import Logistic
    >>> f = Logistic([[1.0], [-1.0]], [1, -1], l2=0.25)
    >>> float(f.value([0.0]).round(6)), float(f.minimizers[0, 0].round(6))
    (0.693147, 1.042597)
    """

    name = "logistic"
    source = "Cox, J. Royal Statistical Society B 20 (1958), 215-242; ridge: le Cessie and van Houwelingen 1992"

    def __init__(
        self, X: ArrayLike, y: ArrayLike, *, l2: float = 0.01, batch_size: int = 1, replace: bool = False
    ) -> None:
        super().__init__(X, y, l2=l2, batch_size=batch_size, replace=replace)
        require("y", y, bool(np.isin(self.y, (-1.0, 1.0)).all()), "labels -1 and +1 only")
        require("l2", l2, self.l2 > 0, "finite l2 > 0", "separable data have no minimiser without it")
        self.L = float(np.linalg.norm(self.X, 2) ** 2 / (4 * self.n) + self.l2)
        self.m, self.kappa = self.l2, self.L / self.l2
        best = self._newton()
        self.minimizers, self.minimum = frozen(best[None]), float(self._value(best))
        curvatures = np.linalg.eigvalsh(self._hess(best))
        self._require_curved(bool(curvatures[0] > 4 * self.dim * EPS * curvatures[-1]))
        self.minimizer_error = math.hypot(*self._grad(best)) / float(curvatures[0])
        self.box = self._box()

    @classmethod
    def generated(cls, n: int, d: int, seed: int, *, condition: float = 10.0, l2: float = 0.01, batch_size: int = 1,
                  replace: bool = False) -> Logistic:  # fmt: skip
        """Labels drawn from the model itself at a random w; the same data for the same arguments.

        >>> Logistic.generated(20, 3, seed=0).minimizers.shape
        (1, 3)
        """
        rng = np.random.default_rng(require_int("seed", seed, 0))
        X = features(n, d, condition, rng)
        likely = 1 / (1 + np.exp(-X @ (2 * rng.standard_normal(d))))
        return cls(X, np.where(rng.random(n) < likely, 1.0, -1.0), l2=l2, batch_size=batch_size, replace=replace)

    def _require_curved(self, curved: bool) -> None:
        hint = "the minimiser cannot be found to any digit"
        require("l2", self.l2, curved, "l2 large enough for a Hessian that is not singular to rounding", hint)

    def _newton(self) -> Array:
        w = np.zeros(self.dim)
        g = self._grad(w)
        while np.any(g != 0):
            try:
                step, t = np.linalg.solve(self._hess(w), g), 1.0
            except np.linalg.LinAlgError:
                self._require_curved(False)
            # strong convexity: a short enough Newton step shortens the gradient, until rounding stops it
            while t > EPS and math.hypot(*self._grad(w - t * step)) >= math.hypot(*g):  # no square underflows
                t /= 2
            if t <= EPS:
                break
            w = w - t * step
            g = self._grad(w)
        return w

    def _loss(self, z: Array, y: Array) -> Array:
        return np.asarray(np.logaddexp(0.0, -y * z))

    def _slope(self, z: Array, y: Array) -> Array:
        return np.asarray(-y * np.exp(-np.logaddexp(0.0, y * z)))  # -y / (1 + exp(y z)), never overflows

    def _curvature(self, z: Array, y: Array) -> Array:
        return np.asarray(np.exp(-np.logaddexp(0.0, z) - np.logaddexp(0.0, -z)))

    def _symbolic_loss(self, z: Any, y: Any) -> Any:
        import sympy as sp

        return sp.log(1 + sp.exp(-y * z))
