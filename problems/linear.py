"""The linear function: the far field of everything, where adaptive steps have closed forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.base import Problem
from problems.checks import Array, finite_array, frozen, require, require_real
from problems.symbols import number, numbers


class Linear(Problem):
    """f(x) = c'x + b. It has no minimiser: `minimizers` has shape (0, d) and `minimum` is -inf.

    Raises ValueError if c is zero or not finite.

    Parameters
    ----------
    c : array (d,)
        The slope, not all zero (units: f per length).
    b : float
        The value at the origin.

    Examples
    --------
    >>> from problems import Linear
    >>> f = Linear([2.0, -1.0], b=5.0)
    >>> float(f.value([1.0, 1.0])), f.minimizers.shape, f.minimum
    (6.0, (0, 2), -inf)
    """

    name = "linear"
    source = "elementary; used in the theorems on Adam and AdaLA with a constant gradient"

    def __init__(self, c: ArrayLike, b: float = 0.0) -> None:
        self.c = finite_array("c", c, (None,))
        require("c", c, bool(np.any(self.c != 0)), "at least one entry that is not 0")
        self.b = require_real("b", b)
        self.dim = len(self.c)
        self._no_minimizer()
        self.start = frozen(np.zeros(self.dim))
        self.box = ((-1.0, 1.0),) * self.dim

    def _value(self, x: Array) -> Array:
        return np.asarray((x * self.c).sum(-1) + self.b)

    def _grad(self, x: Array) -> Array:
        return np.broadcast_to(self.c, x.shape).copy()

    def _hess(self, x: Array) -> Array:
        return np.zeros((*x.shape, self.dim))

    def _hvp(self, x: Array, v: Array) -> Array:
        return np.zeros_like(v)

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, c = (sp.IndexedBase(s) for s in ("x", "c"))
        i = sp.Symbol("i", integer=True)
        return sp.Sum(c[i] * x[i], (i, 1, self.dim)) + sp.Symbol("b"), {"c": numbers(self.c), "b": number(self.b)}
