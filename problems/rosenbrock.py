"""Rosenbrock's valley in any number of dimensions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from problems.base import Problem
from problems.checks import Array, frozen, require, require_int, require_real
from problems.symbols import number


class Rosenbrock(Problem):
    """A curved valley: easy to enter, slow to follow.

        f(x) = sum_{i=1}^{d-1} b (x_{i+1} - x_i^2)^2 + (a - x_i)^2,      a = 1, b = 100

    Parameters
    ----------
    dim : int
        d >= 2.
    a, b : float
        The usual values are 1 and 100. b = 1 makes the valley vanish and is not this benchmark.
        For d > 2 only a = 0 and a = 1 are taken: otherwise the squares cannot all be zero at once and
        the minimiser has no closed form.

    Notes
    -----
    As a sum of squares the function is zero only at (a, ..., a, a^2); `minimizers` lists this global
    minimiser only. With a = 1, b = 100 there is a second, local minimum from d = 4 on, near
    (-1, 1, ..., 1); for d = 4 it is (-0.776, 0.613, 0.382, 0.146) with value 3.70.

    References
    ----------
    Rosenbrock, The Computer Journal 3 (1960), 175-184 (d = 2, start (-1.2, 1)).
    Shang and Qiu, Evolutionary Computation 14 (2006), 119-126 (the local minimum for d >= 4).

    Examples
    --------
    >>> from problems import Rosenbrock
    >>> f = Rosenbrock()
    >>> float(f.value([-1.2, 1.0])), f.grad([0.0, 1.0]).tolist()
    (24.199999999999996, [-2.0, 200.0])
    """

    name = "rosenbrock"
    source = "Rosenbrock, The Computer Journal 3 (1960), 175-184"

    def __init__(self, dim: int = 2, *, a: float = 1.0, b: float = 100.0) -> None:
        self.dim = require_int("dim", dim, 2)
        self.a = require_real("a", a, "a number whose square is finite", lambda value: math.isfinite(value * value))
        self.b = require_real("b", b, "finite b > 0", lambda value: value > 0)
        closed = self.dim == 2 or self.a in (0, 1)
        require("a", a, closed, "a = 0 or a = 1 where dim > 2", "no closed form for the minimiser")
        best = np.append(np.full(self.dim - 1, self.a), self.a**2)
        self.minimizers, self.minimum = frozen(best[None]), 0.0
        self.start = frozen(np.resize([-1.2, 1.0], self.dim))
        reach = max(2.0, abs(self.a) + 1.0)
        side = (-reach, reach)
        self.box = (side, (-1.0, max(3.0, self.a**2 + 1.0))) if self.dim == 2 else (side,) * self.dim

    def _value(self, x: Array) -> Array:
        here, following = x[..., :-1], x[..., 1:]
        return np.asarray((self.b * (following - here**2) ** 2 + (self.a - here) ** 2).sum(-1))

    def _grad(self, x: Array) -> Array:
        here, following = x[..., :-1], x[..., 1:]
        bend = following - here**2
        out = np.zeros_like(x)
        out[..., :-1] = -4 * self.b * here * bend - 2 * (self.a - here)  # the square that starts at x_i
        out[..., 1:] += 2 * self.b * bend  # the square that ends at x_i
        return out

    def _hess(self, x: Array) -> Array:
        here, following = x[..., :-1], x[..., 1:]
        out = np.zeros((*x.shape, self.dim))
        i = np.arange(self.dim - 1)
        out[..., i, i] = 12 * self.b * here**2 - 4 * self.b * following + 2
        out[..., i + 1, i + 1] += 2 * self.b
        out[..., i, i + 1] = out[..., i + 1, i] = -4 * self.b * here
        return out

    def _formula(self) -> tuple[Any, Mapping[str, Any]]:
        import sympy as sp

        x, i = sp.IndexedBase("x"), sp.Symbol("i", integer=True)
        square = number(self.b) * (x[i + 1] - x[i] ** 2) ** 2 + (number(self.a) - x[i]) ** 2
        return sp.Sum(square, (i, 1, self.dim - 1)), {}
