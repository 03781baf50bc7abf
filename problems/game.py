"""The bilinear game: the smallest problem on which following the gradient goes round in circles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.base import Problem
from problems.checks import Array, finite_array, frozen
from problems.symbols import numbers


class BilinearGame(Problem):
    """Two players and one value: u wants it small, v wants it large.

        V(z) = u' B v,    z = (u, v),    field(z) = (B v, -B' u)

    An optimizer that steps along -field lets u descend on V and v ascend on V, both at once; this is
    simultaneous gradient descent-ascent. `grad` returns the field (not the gradient of V) so that any
    optimizer can be run on the game as it is, and `hess` returns the Jacobian of the field,

        J = [[0, B], [-B', 0]],

    which is antisymmetric: its eigenvalues are +-i s for the singular values s of B.

    Parameters
    ----------
    B : array (p, q)
        The pay-off; d = p + q. [[1]] gives V = u v.

    Attributes
    ----------
    equilibrium : ndarray (d,)
        A zero of the field, here the origin (`moved` moves it); the only one if B is square and regular.
    conservative : bool
        False: `grad` is not the gradient of `value`.
    minimizers, minimum
        Empty and -inf: V is a saddle, an equilibrium is not a minimiser.
    signs : ndarray (d,)
        +1 for the entries of u, -1 for those of v: field = signs * gradient of V.

    Examples
    --------
    >>> from problems import BilinearGame
    >>> game = BilinearGame([[2.0]])
    >>> float(game.value([1.0, 3.0])), game.field([1.0, 3.0]).tolist()
    (6.0, [6.0, -2.0])
    """

    name = "bilinear game"
    source = "Korpelevich, Matecon 12 (1976), 747-756; Gidel et al., ICLR 2019 (arXiv 1802.10551)"
    conservative = False

    def __init__(self, B: ArrayLike = ((1.0,),)) -> None:
        self.B = finite_array("B", B, (None, None))
        self._p = self.B.shape[0]
        self.dim = sum(self.B.shape)
        self.signs: Array = frozen(np.repeat([1.0, -1.0], self.B.shape))
        self.equilibrium: Array = frozen(np.zeros(self.dim))
        self._no_minimizer()
        jacobian = np.zeros((self.dim, self.dim))
        jacobian[: self._p, self._p :] = self.B
        jacobian[self._p :, : self._p] = -self.B.T
        self.jacobian: Array = frozen(jacobian)
        self.start = frozen(np.ones(self.dim))
        self.box = ((-2.0, 2.0),) * self.dim

    def field(self, z: ArrayLike) -> Array:
        """(B v, -B' u) at z = (u, v) of shape (..., p + q); the same as `grad`."""
        return self.grad(z)

    def _value(self, x: Array) -> Array:
        u, v = x[..., : self._p], x[..., self._p :]
        return np.asarray(((u @ self.B) * v).sum(-1))

    def _grad(self, x: Array) -> Array:
        u, v = x[..., : self._p], x[..., self._p :]
        return np.concatenate([v @ self.B.T, -(u @ self.B)], axis=-1)

    def _hess(self, x: Array) -> Array:
        return np.broadcast_to(self.jacobian, (*x.shape, self.dim)).copy()

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, b = sp.IndexedBase("x"), sp.IndexedBase("B")
        i, j = sp.symbols("i j", integer=True)
        p, q = self.B.shape
        return sp.Sum(x[i] * b[i, j] * x[p + j], (j, 1, q), (i, 1, p)), {"B": numbers(self.B)}
