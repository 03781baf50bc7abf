"""Quadratics with a prescribed spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from problems.base import Interval, Problem
from problems.checks import EPS, Array, finite_array, frozen, orthogonal, require, require_int, require_real
from problems.symbols import number, numbers


class Quadratic(Problem):
    """A quadratic built from its eigenvalues.

        f(x) = (x - x*)' A (x - x*) / 2 + f_min,    A = Q diag(spectrum) Q'

    Raises ValueError for entries that are not finite, a rotation that is not orthogonal, or a wrong shape.

    Parameters
    ----------
    spectrum : array (d,)
        Eigenvalues of A (units: f per length squared), in any order.
    rotation : None, int or array (d, d)
        Q: the identity, a random orthogonal matrix from this seed, or the matrix given; its columns
        are the eigenvectors, in the order of `spectrum`.
    shift : array (d,), optional
        x*, where the gradient vanishes; the origin if not given.
    offset : float
        f_min, the value there.

    Attributes
    ----------
    A, eigenvalues, eigenvectors : ndarray
        The Hessian; the spectrum as given; Q. Without a rotation A and Q are made when first asked for.
    L, m, kappa : float
        Smoothness max |eigenvalue|, strong convexity min eigenvalue (zero or negative when the
        quadratic is not strongly convex), and L/m (inf when m <= 0).
    center : ndarray (d,)
        x*, the stationary point.
    null_space : ndarray (d, r)
        Eigenvectors of the eigenvalues that are exactly 0.

    Notes
    -----
    With a zero eigenvalue (and none negative) the minimisers are x* + span(null_space); `minimizers`
    then lists x* only. With a negative eigenvalue f has no minimum: `minimizers` is empty, `minimum`
    is -inf and x* is a saddle or a maximum.

    Examples
    --------
    >>> from problems import Quadratic
    >>> f = Quadratic([1.0, 4.0], shift=[3.0, -1.0], offset=2.0)
    >>> float(f.value([4.0, 0.0])), f.grad([4.0, 0.0]).tolist(), f.kappa
    (4.5, [1.0, 4.0], 4.0)
    """

    name = "quadratic"
    source = "any text on optimisation, e.g. Nesterov, Lectures on Convex Optimization, 2018, section 2.1"

    def __init__(self, spectrum: ArrayLike, *, rotation: ArrayLike | int | None = None, shift: ArrayLike | None = None,
                 offset: float = 0.0) -> None:  # fmt: skip
        self.eigenvalues = finite_array("spectrum", spectrum, (None,))
        self.dim = len(self.eigenvalues)
        # without a rotation no matrix is made unless it is asked for: values and gradients are O(d)
        self._rotation = None if rotation is None else orthogonal(rotation, self.dim)
        self.center = finite_array("shift", np.zeros(self.dim) if shift is None else shift, (self.dim,))
        self.offset = require_real("offset", offset)
        self.L = float(np.abs(self.eigenvalues).max())
        self.m = float(self.eigenvalues.min())
        self.kappa = self.L / self.m if self.m > 0 else np.inf
        if self.m < 0:
            self._no_minimizer()
        else:
            self.minimizers, self.minimum = frozen(self.center[None].copy()), self.offset
        # every eigen-direction is excited equally, so that each rate can be seen in one run
        self.start = frozen(self.center + (1.0 if self._rotation is None else self._rotation.sum(axis=1)))

    @cached_property
    def box(self) -> tuple[Interval, ...]:  # type: ignore[override]
        """The minimiser in the middle, the start inside."""
        reach = 1.25 * max(1.0, float(np.abs(self.start - self.center).max()))
        return tuple(zip((self.center - reach).tolist(), (self.center + reach).tolist(), strict=True))

    @cached_property
    def eigenvectors(self) -> Array:
        """Q, one eigenvector a column, in the order of the spectrum."""
        return frozen(np.eye(self.dim)) if self._rotation is None else self._rotation

    @cached_property
    def A(self) -> Array:
        """The Hessian, symmetric to the last bit."""
        a = (self.eigenvectors * self.eigenvalues) @ self.eigenvectors.T
        return frozen((a + a.T) / 2)

    @cached_property
    def null_space(self) -> Array:
        """Eigenvectors of the eigenvalues that are exactly 0, (d, r)."""
        return frozen(self.eigenvectors[:, self.eigenvalues == 0])

    @classmethod
    def with_condition(cls, kappa: float, dim: int, *, m: float = 1.0, rotation: ArrayLike | int | None = None,
                       shift: ArrayLike | None = None, offset: float = 0.0, seed: int | None = None,
                       **more: Any) -> Self:  # fmt: skip
        """A convex quadratic with eigenvalues log-spaced from m to kappa m.

        A `seed` draws what is not given: a uniform rotation, and a standard normal shift. The other
        options are those of the class (`more`: a covariance, where it has one).

        >>> Quadratic.with_condition(100.0, 3).eigenvalues.tolist()
        [1.0, 10.0, 100.0]
        """
        require_int("dim", dim, 1)
        require_real("m", m, "finite m > 0", lambda value: value > 0)
        require_real("kappa", kappa, "finite kappa >= 1", lambda value: value >= 1, "kappa is L/m")
        require("dim", dim, dim > 1 or kappa == 1, "dim >= 2 where kappa > 1", "one eigenvalue has kappa = 1")
        spectrum = m * np.geomspace(1.0, kappa, dim)
        if seed is not None:
            rng = np.random.default_rng(require_int("seed", seed, 0))
            turn, move = int(rng.integers(2**31)), rng.standard_normal(dim)
            rotation = turn if rotation is None else rotation
            shift = move if shift is None else shift
        return cls(spectrum, rotation=rotation, shift=shift, offset=offset, **more)

    @classmethod
    def from_matrix(cls, A: ArrayLike, *, shift: ArrayLike | None = None, offset: float = 0.0, **more: Any) -> Self:
        """The quadratic with this symmetric Hessian, which is decomposed once; `more` as of the class.

        >>> Quadratic.from_matrix([[2.0, 1.0], [1.0, 2.0]]).eigenvalues.round(12).tolist()
        [1.0, 3.0]
        """
        turn = more.get("rotation")
        require("rotation", turn, "rotation" not in more, "no rotation", "the axes are those of A")
        matrix = finite_array("A", A, (None, None))
        square = matrix.shape[0] == matrix.shape[1]
        require("A.shape", matrix.shape, square, "a square matrix")
        size = float(np.abs(matrix).max())
        require("A", A, bool(np.abs(matrix - matrix.T).max() <= 16 * EPS * size), "a symmetric matrix")
        values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
        # an eigenvalue below the error of eigh itself cannot be told from zero, and is meant as zero
        values = np.where(np.abs(values) <= 4 * len(values) * EPS * size, 0.0, values)
        return cls(values, rotation=vectors, shift=shift, offset=offset, **more)

    def _value(self, x: Array) -> Array:
        e = x - self.center
        return np.asarray((e * self._times(e)).sum(-1) / 2 + self.offset)

    def _grad(self, x: Array) -> Array:
        return self._times(x - self.center)

    def _hess(self, x: Array) -> Array:
        return np.broadcast_to(self.A, (*x.shape, self.dim)).copy()

    def _hvp(self, x: Array, v: Array) -> Array:
        return self._times(v)

    def _times(self, v: Array) -> Array:
        return v * self.eigenvalues if self._rotation is None else v @ self.A

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, c, a = (sp.IndexedBase(s) for s in ("x", "c", "A"))
        i, j = sp.symbols("i j", integer=True)
        form = sp.Sum((x[i] - c[i]) * a[i, j] * (x[j] - c[j]), (j, 1, self.dim), (i, 1, self.dim)) / 2
        table = {"c": numbers(self.center), "A": numbers(self.A), "f_min": number(self.offset)}
        return form + sp.Symbol("f_min"), table
