"""Smooth convex functions given by finitely many affine pieces, in floats or in exact rationals.

    f(x) = (m/2) ||x||^2 + min_z { max_j (b_j + <g_j, z>) + (l/2) ||x - z||^2 },        l = L - m

The second term is the Moreau envelope of a maximum of affine functions: convex, with an l-Lipschitz gradient, whatever
the pieces are. So f is L-smooth and m-strongly convex *by construction*, and nothing about it needs to be believed.

Interpolation (Taylor, Hendrickx & Glineur 2017, Theorem 4). Data (x_i, g_i, f_i) belong to some L-smooth m-strongly
convex function iff, with v_i = g_i - m x_i and u_i = f_i - (m/2)||x_i||^2, every pair satisfies

    u_i - u_j - <v_j, x_i - x_j> - ||v_i - v_j||^2 / (2l)  >=  0                                             (*)

and then f with the pieces g_j <- v_j, b_j = u_j + ||v_j||^2/(2l) - <v_j, x_j> is such a function. Proof of the part
used here. At z_i = x_i - v_i/l piece i has the value u_i - ||v_i||^2/(2l), and piece j is below it there exactly when
(*) holds for (i, j). Then the point z_i gives the minimum the value u_i, and the single weight on piece i gives the
dual the same value: both are optimal, f(x_i) = f_i and grad f(x_i) = m x_i + l (x_i - z_i) = g_i.

The same test decides *at any x*, by comparisons only, whether one piece j alone is active there, z = x - g_j/l. Then
value and gradient are exact in ``fractions.Fraction``. Where pieces mix, floats solve a small quadratic programme.
Status: proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Array, Real, require, require_number

__all__ = ["Envelope", "fractions", "slack"]


def fractions(values: Any) -> Array:
    """Make an array of exact rationals; a float becomes the dyadic number it is.

    Examples
    --------
    >>> from nala_lab.theory.interpolation import fractions
    >>> fractions(["1/3", 0.5])
    array([Fraction(1, 3), Fraction(1, 2)], dtype=object)
    """
    array = np.asarray(values, dtype=object)
    exact = np.array([Fraction(v) for v in array.ravel()], dtype=object)
    return exact.reshape(array.shape)


def slack(points: ArrayLike, grads: ArrayLike, values: ArrayLike, *, L: Any, m: Any = 0) -> Array:
    """Left side of (*) for every ordered pair; the diagonal is zero.

    Returns (n, n), units of f. Entry [i, j] >= 0 for all pairs iff a function of the class passes through the data.
    Raises ValueError for shapes that do not fit together, L <= 0, or m outside [0, L).

    Parameters
    ----------
    points, grads : (n, d). values : (n,). Floats or rationals.
    L, m : smoothness and strong convexity, 0 <= m < L.

    Examples
    --------
    >>> from nala_lab.theory.interpolation import slack
    >>> slack([[0.0], [2.0]], [[0.0], [2.0]], [0.0, 2.0], L=1)  # x^2/2: smooth with L = 1, and just so
    array([[0., 0.],
           [0., 0.]])
    """
    x, v, u, flat = _shifted(points, grads, values, L, m)
    rows = u[:, None] - u[None, :] - (x @ v.T - np.sum(v * x, axis=1)[None, :])
    gaps = v[:, None, :] - v[None, :, :]
    return np.asarray(rows - np.sum(gaps * gaps, axis=-1) / (2 * flat))


def _numbers(*given: Any) -> list[Array]:
    """All as they are when one has exact entries, else as float64: squares of whole numbers may not fit their type."""
    arrays = [np.asarray(values) for values in given]
    exact = any(array.dtype == object for array in arrays)
    return arrays if exact else [array.astype(np.float64) for array in arrays]


def _require_class(L: Any, m: Any) -> None:
    require_number("L", L, low=0, open_low=True)
    require_number("m", m, low=0, high=L, open_high=True, hint="0 <= m < L")


def _shifted(points: Any, grads: Any, values: Any, L: Any, m: Any) -> tuple[Array, Array, Array, Any]:
    x, g, f = _numbers(points, grads, values)
    require("points", x.shape, x.ndim == 2, "shape (n, d)")
    require("grads", g.shape, g.shape == x.shape, f"the shape of points, {x.shape}")
    require("values", f.shape, f.shape == x.shape[:1], f"shape {x.shape[:1]}")
    _require_class(L, m)
    return x, g - m * x, f - m * np.sum(x * x, axis=1) / 2, L - m


@dataclass(frozen=True)
class Envelope:
    """The function of the module docstring.

    Parameters
    ----------
    slopes : (n, d) g_j, n >= 1. offsets : (n,) b_j. L, m : 0 <= m < L. Raises ValueError for anything else.

    Examples
    --------
    Two pieces make the maximum |z|, and its envelope is Huber's function.

    >>> from fractions import Fraction
    >>> from nala_lab.theory.interpolation import Envelope, fractions
    >>> import numpy as np
    >>> huber = Envelope(np.array([[1.0], [-1.0]]), np.array([0.0, 0.0]), L=1.0)
    >>> [round(float(huber.value([x])), 12) for x in (0.0, 0.5, 3.0)]  # x^2/2 inside [-1, 1], |x| - 1/2 outside
    [0.0, 0.125, 2.5]
    >>> exact = Envelope(fractions([[1], [-1]]), fractions([0, 0]), L=Fraction(1))
    >>> exact.value(fractions(["3"])), exact.grad(fractions(["-7/2"]))
    (Fraction(5, 2), array([Fraction(-1, 1)], dtype=object))
    """

    slopes: Array
    offsets: Array
    L: Any = 1
    m: Any = 0

    def __post_init__(self) -> None:
        for name, numbers in zip(("slopes", "offsets"), _numbers(self.slopes, self.offsets), strict=True):
            object.__setattr__(self, name, numbers)
        require("slopes", self.slopes.shape, self.slopes.ndim == 2 and len(self.slopes) > 0, "shape (n, d), n >= 1")
        good = self.offsets.shape == self.slopes.shape[:1]
        require("offsets", self.offsets.shape, good, f"shape {self.slopes.shape[:1]}")
        _require_class(self.L, self.m)

    @classmethod
    def through(cls, points: ArrayLike, grads: ArrayLike, values: ArrayLike, *, L: Any, m: Any = 0) -> Envelope:
        """Make the function with one piece per data point; it passes through the data iff `slack` is nowhere negative.

        Raises as `slack` does.
        """
        x, v, u, flat = _shifted(points, grads, values, L, m)
        return cls(v, u + np.sum(v * v, axis=1) / (2 * flat) - np.sum(v * x, axis=1), L, m)

    def piece(self, x: Any) -> int | None:
        """Give the piece that is active alone at x, (d,), by comparisons only; None where several mix."""
        heights = self.offsets + self.slopes @ np.asarray(x)
        for j in np.argsort(-(heights - np.sum(self.slopes * self.slopes, axis=1) / (2 * (self.L - self.m)))):
            at_z = heights - self.slopes @ self.slopes[j] / (self.L - self.m)  # every piece at z = x - g_j / l
            if np.all(at_z <= at_z[j]):
                return int(j)
        return None

    def value(self, x: Any) -> Any:
        """f at x (..., d); shape (...)."""
        return self._along(x, self._value_and_grad, 0)

    def grad(self, x: Any) -> Any:
        """Gradient at x (..., d); the same shape.

        Raises ArithmeticError for exact entries where pieces mix: the answer is rational, but is not found by
        comparisons alone.
        """
        return self._along(x, self._value_and_grad, 1)

    def _along(self, x: Any, both: Any, which: int) -> Any:
        (points,) = _numbers(x)
        if points.ndim == 1:
            return both(points)[which]
        rows = [both(row)[which] for row in points.reshape(-1, points.shape[-1])]
        return np.array(rows).reshape(points.shape if which else points.shape[:-1])

    def _value_and_grad(self, x: Array) -> tuple[Any, Array]:
        flat, j = self.L - self.m, self.piece(x)
        if j is None and x.dtype == object:
            raise ArithmeticError("several pieces are active at x: evaluate there in floats")
        heights = self.offsets + self.slopes @ x
        weights = np.eye(len(heights), dtype=int)[j] if j is not None else _mixture(self.slopes, heights, flat)
        pull = weights @ self.slopes  # the envelope's gradient: a convex combination of slopes
        value = weights @ heights - pull @ pull / (2 * flat) + self.m * (x @ x) / 2
        return value, np.asarray(self.m * x + pull)


def _mixture(slopes: Array, heights: Array, flat: float) -> Real:
    """Weights on the simplex that maximise <w, heights> - ||slopes' w||^2 / (2 flat), by an active-set method."""
    g, c = np.asarray(slopes, dtype=np.float64), np.asarray(heights, dtype=np.float64)
    quad = g @ g.T / flat
    unit = quad.max() or 1.0  # the rows of a face stand beside ones
    quad, c = quad / unit, c / unit
    tiny = 1e-13 * (np.trace(quad) + 1e-300)  # pieces that depend on each other: a huge step, cut at the boundary
    active = [int(np.argmax(c - np.diag(quad) / 2))]
    w = np.zeros(len(c))
    w[active] = 1.0
    for _ in range(20 * len(c)):
        lift = c - quad @ w
        j = int(np.argmax(lift))
        if lift[j] - w @ lift <= 1e-13 * (np.abs(c).max() + quad.max()) or j in active:  # in the units of c
            break
        active.append(j)
        while True:
            wanted = _on_face(quad[np.ix_(active, active)] + tiny * np.eye(len(active)), c[active])
            move = wanted - w[active]
            if np.all(wanted >= 0):
                w[active] = wanted
                break
            shares = np.where(wanted < 0, w[active] / np.where(move < 0, -move, 1.0), np.inf)
            w[active] = np.maximum(w[active] + shares.min() * move, 0.0)
            gone = active[int(np.argmin(shares))]
            w[gone] = 0.0
            active.remove(gone)
    return np.asarray(w / w.sum())


def _on_face(quad: Real, c: Real) -> Real:
    n = len(c)
    kkt = np.block([[quad, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    return np.asarray(np.linalg.solve(kkt, np.append(c, 1.0))[:n])
