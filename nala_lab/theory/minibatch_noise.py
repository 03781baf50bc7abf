"""T29. The noise of a mini-batch gradient: its mean square at a random point, which is what the exact engine needs.

Near a point the gradient of example i is taken as affine in the displacement e,

    g_i(e) = g_i + H_i e,        g = mean_i g_i,   H = mean_i H_i                       least squares: H_i = a_i a_i'

and a batch averages B of n of them. Let e have mean m and covariance S, independent of the batch. With

    M = E_e mean_i g_i(e) g_i(e)'      and      G = E_e g(e) g(e)' = H S H + (g + H m)(g + H m)'

the covariance of the batch gradient around g(e), averaged over e, is

    C(m, S) = kappa (M - G),     kappa = 1/B                      with replacement
                                 kappa = (n - B) / (B (n - 1))    without

Derivation. E (1/B^2) sum_{b,b'} g_b g_b' has B equal and B (B-1) unequal pairs. With replacement an unequal pair gives
G: M/B + (1 - 1/B) G. Without, it gives (n G - M) / (n - 1): M/B + (1 - 1/B)(n G - M)/(n - 1). Subtract G from both.

    example i      M = mean_i [ H_i S H_i + (g_i + H_i m)(g_i + H_i m)' ]
    least squares  M = mean_i a_i a_i' ( a_i' S a_i + (a_i' m + r_i)^2 ),  r_i = a_i' x* - b_i
    streaming      C = [ H T H + (tr(H T) + sigma^2) H ] / B,  T = S + m m'

The cross term 2 r_i a_i' m of least squares does not vanish, r_i being the residual at x* = 0: only its mean a_i r_i
does. Streaming: a ~ N(0, H), r ~ N(0, sigma^2), E a a' (a'e + r)^2 = 2 H e e' H + (e' H e + sigma^2) H, hence C, and
E H_B T H_B = (1 + 1/B) H T H + tr(H T) H / B.
All is written in the eigenbasis of H, H = Q diag(h) Q', where the linear part of every method is a number per mode.
minibatch_modes.py has the cases in which only the diagonal of C and S is needed.

Source: derived here (for SGD on least squares the operator is textbook material). Status: proved; tight.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, reals, require, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "Constant", "FiniteSum", "Noise", "Streaming", "batch_factor", "finite_vector"]

CARDS = (
    Card(
        id="T29", title="mean and covariance of a two-loop method under mini-batch noise",
        status="proved", kind="tight",
        statement="C(m, S) = kappa (mean_i E g_i g_i' - E g g'); X_{j+1} = A X_j A + lr^2 C(m_j, A^j S A^j + X_j); "
        "workers average X_k / R",
        assumptions="quadratic loss, gradient descent inside, independent batches, outer gradient fresh or full",
        source="derived here",
    ),
)  # fmt: skip


class Noise(Protocol):
    """What the engine asks for: h (d,) eigenvalues, g (d,) mean gradient at e = 0 in the eigenbasis, and C(m, S)."""

    @property
    def h(self) -> Real:
        """Eigenvalues of H, (d,)."""

    @property
    def g(self) -> Real:
        """Mean gradient at e = 0, in the eigenbasis, (d,)."""

    @property
    def basis(self) -> Real | None:
        """Q (d, d), or None where only the diagonals are kept."""

    def covariance(self, mean: Real, spread: Real) -> Real:
        """C(m, S), of the shape of S."""


def batch_factor(B: int, n: int | None = None, *, replace: bool = True) -> float:
    """kappa, by which the covariance of one example's gradient is multiplied; n may be None with replacement.

    Raises ValueError when B is not an integer >= 1, or, without replacement, n not one >= 2 and >= B.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_noise import batch_factor
    >>> batch_factor(4), batch_factor(4, 5, replace=False), batch_factor(5, 5, replace=False)
    (0.25, 0.0625, 0.0)
    """
    B = require_int("B", B, low=1)
    if replace:
        return 1 / B
    n = require_int("n", n, low=2, hint="without replacement")
    require("B", B, n >= B, f"B <= n = {n} without replacement")
    return (n - B) / (B * (n - 1))


def finite_vector(name: str, value: ArrayLike, d: int | None = None, *, low: float | None = None) -> Real:
    """Require a vector of d finite numbers, none below `low`.

    Raises ValueError when it is none.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_noise import finite_vector
    >>> finite_vector("h", [1, 2], low=0)
    array([1., 2.])
    """
    v = reals(name, value)
    shape = v.ndim == 1 and v.size > 0 and (d is None or len(v) == d) and bool(np.all(np.isfinite(v)))
    require(name, value, shape, f"a vector of {d or 'd'} finite numbers")
    require(name, value, low is None or bool(np.all(v >= low)), f"entries >= {low}")
    return v


def _eigen(H: ArrayLike) -> tuple[Real, Real]:
    """Eigenvalues and vectors of a symmetric matrix, which is required to be one."""
    a = reals("H", H)
    square = a.ndim == 2 and a.shape[0] == a.shape[1] > 0 and bool(np.all(np.isfinite(a)))
    # a measured Hessian is symmetric up to the rounding of sums over many examples
    require("H", a.shape, square and bool(np.abs(a - a.T).max() <= 1e-8 * np.abs(a).max()), "finite, symmetric, (d, d)")
    h, q = np.linalg.eigh((a + a.T) / 2)
    return h, q


class Constant:
    """Gradient g + H e plus noise of covariance C (d, d), the same everywhere. C is the batch's: divided by B."""

    def __init__(self, H: ArrayLike, C: ArrayLike, g: ArrayLike | None = None) -> None:
        self.h, self.basis = _eigen(H)
        d = len(self.h)
        c = reals("C", C)
        require("C", c.shape, c.shape == (d, d) and bool(np.all(np.isfinite(c))), f"finite, ({d}, {d})")
        require("C", C, bool(np.diag(c).min() >= 0), "variances >= 0 on its diagonal")
        rounding = 1e-8 * float(np.abs(c).max())  # as of H: measured over many examples
        require("C", C, bool(np.abs(c - c.T).max() <= rounding), "symmetric")
        lowest = float(np.linalg.eigvalsh((c + c.T) / 2)[0])
        require("C", C, lowest >= -rounding * d, "positive semi-definite", "a covariance")
        self.g: Real = self.basis.T @ finite_vector("g", np.zeros(d) if g is None else g, d)
        self._c: Real = self.basis.T @ ((c + c.T) / 2) @ self.basis

    def covariance(self, mean: Real, spread: Real) -> Real:
        """C in the eigenbasis."""
        return self._c


class Streaming:
    """Streaming Gaussian regression with all covariances between modes: features N(0, H), label noise sigma2."""

    def __init__(self, H: ArrayLike, *, sigma2: float, B: int) -> None:
        self.h, self.basis = _eigen(H)
        # eigh errs by about d eps |H|: a true zero may come out this negative
        rounding = 16 * len(self.h) * float(np.finfo(float).eps) * float(np.abs(self.h).max())
        require("H", H, bool(self.h.min() >= -rounding), "positive semi-definite", "a covariance of features")
        self.h = np.maximum(self.h, 0.0)
        require_number("sigma2", sigma2, low=0)
        self.g: Real = np.zeros_like(self.h)
        self._kappa, self._sigma2 = batch_factor(B), sigma2

    def covariance(self, mean: Real, spread: Real) -> Real:
        """[H T H + (tr(H T) + sigma2) H] / B in the eigenbasis."""
        second = spread + np.outer(mean, mean)
        level = float(self.h @ np.diag(second)) + self._sigma2
        c: Real = self._kappa * (np.outer(self.h, self.h) * second + level * np.diag(self.h))
        return c


class FiniteSum:
    """n examples with gradients g_i + F_i' F_i e: F_i (r, d) rows of the example's curvature, g_i (d,).

    Parameters
    ----------
    F : (n, r, d), or (n, d) for r = 1: the features a_i of least squares, Gauss-Newton factors of a network.
    gradients : (n, d) g_i at e = 0; for least squares a_i r_i. B, replace : the batches.
    H : (d, d) mean curvature; None for mean_i F_i' F_i. A network's is not only Gauss-Newton: then the rest of H is
    taken as common to all examples. modes : the curvature's noise is kept in so many eigendirections, those in which
    the rows F are longest; None for all.
    """

    def __init__(
        self, F: ArrayLike, gradients: ArrayLike, *, B: int, replace: bool = False, H: ArrayLike | None = None,
        modes: int | None = None,
    ) -> None:  # fmt: skip
        f, each = reals("F", F), reals("gradients", gradients)
        f = f[:, None, :] if f.ndim == 2 else f
        fits = f.ndim == 3 and each.shape == (f.shape[0], f.shape[2]) and bool(np.isfinite(f).all())
        require("gradients", each.shape, fits and bool(np.isfinite(each).all()), "finite, (n, d), with F (n, r, d)")
        self.kappa = batch_factor(B, len(f), replace=replace)
        d = f.shape[2]
        rows = f.reshape(-1, d)
        self.h, self.basis = _eigen(rows.T @ rows / len(f) if H is None else H)
        require("H", self.basis.shape, self.basis.shape == (d, d), f"shape ({d}, {d}), with the d of the gradients")
        rows = rows @ self.basis
        require_int("modes", d if modes is None else modes, low=1)
        self._kept = np.sort(np.argsort(-np.sum(rows**2, axis=0))[:modes])
        rows = np.ascontiguousarray(rows[:, self._kept])
        self._f: Real = rows.reshape(len(f), f.shape[1], -1)
        self._common: Real = rows.T @ rows / len(f)
        self._each: Real = each @ self.basis
        self.g: Real = self._each.mean(0)

    def covariance(self, mean: Real, spread: Real) -> Real:
        """kappa (M - G) in the eigenbasis."""
        f, kept, n = self._f, self._kept, len(self._f)
        moved = self._each.copy()
        moved[:, kept] += np.einsum("nrd,nr->nd", f, f @ mean[kept])
        away = moved - moved.mean(0)
        c: Real = away.T @ away / n
        block = np.ix_(kept, kept)
        S = spread[block]
        inside = (f @ S) @ f.transpose(0, 2, 1)  # F_i S F_i', (n, r, r)
        weighted = (inside @ f).reshape(-1, len(kept))
        c[block] += f.reshape(-1, len(kept)).T @ weighted / n - self._common @ S @ self._common
        return self.kappa * c
