"""T01. On a quadratic, one NALA cycle over gradient descent multiplies each eigen-direction by one number.

    rho(lam) = (1 - alpha lam) [ (1+mu) (1 - lr lam)^k - mu ]
    e_t      = Q diag(rho(lam_i)^t) Q' e_0,      e = phi - x*

Assumptions: f = (x-x*)' A (x-x*) / 2, A = Q diag(lam) Q', exact gradients, gradient descent without momentum inside.

Derivation. Along an eigenvector grad f = lam e. An inner step gives e <- (1 - lr lam) e, so after k of them
e_{theta_k} = (1 - lr lam)^k e_phi. The look-ahead point y = (1+mu) theta_k - mu phi has the error
e_y = [(1+mu)(1 - lr lam)^k - mu] e_phi, and the outer step multiplies by (1 - alpha lam), because its gradient is taken
*at y*. The product is rho. Nothing used that lam is real: for the vector field of a game the eigenvalues are complex
and the formula stands.

A cycle of NALA spends k+1 gradients at every alpha: Algorithm 1 evaluates grad J(y_t) before it multiplies it by alpha,
at alpha = 0 too, and so do both twins. At alpha = 0 the points are those of Lookahead with slow step 1+mu, whose cycle
never asks for that gradient and costs k.

Source: derived here; alpha = 0 is the first line of the proof of Zhang et al. 2019, Prop. 2. Status: proved; tight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Array, Real, eigenvalues, reals, require, require_choice, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "gradients_of", "lookahead_factor", "rate_per_gradient", "require_setting", "rho",
           "trajectory"]  # fmt: skip

TINY = float(np.finfo(float).tiny)  # below it a power has lost its digits, though not its root

CARDS = (
    Card(
        id="T01", title="rate of a cycle on a quadratic, gradient descent inside", status="proved", kind="tight",
        statement="rho = (1 - alpha lam)((1+mu)(1 - lr lam)^k - mu);  e_t = Q diag(rho^t) Q' e_0",
        assumptions="quadratic, exact gradients, gradient descent without momentum inside",
        source="derived here; alpha = 0: Zhang et al. 2019, Prop. 2",
    ),
)  # fmt: skip


def _spectrum(lam: ArrayLike) -> Array:
    values = np.asarray(lam)
    values = reals("lam", lam, "finite numbers, real or complex") if values.dtype == object else values
    numeric = np.issubdtype(values.dtype, np.number)
    require("lam", lam, bool(numeric and np.all(np.isfinite(values))), "finite numbers, real or complex")
    return values.astype(np.complex128 if np.iscomplexobj(values) else np.float64)


def require_setting(lr: float, k: int, mu: float, alpha: float = 0.0) -> None:
    """Require lr >= 0, an integer k >= 1, mu >= -1 and alpha >= 0: what a cycle over gradient descent takes.

    Raises ValueError when one of them is out of range.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import require_setting
    >>> require_setting(lr=0.1, k=5, mu=-0.5)
    """
    require_number("lr", lr, low=0)
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def lookahead_factor(lam: ArrayLike, *, lr: float, k: int, mu: float) -> Array:
    """Factor from the error of phi_{t-1} to the error of y_t: (1+mu)(1 - lr lam)^k - mu.

    Returns an array of the shape of `lam`, dimensionless. Raises ValueError when a hyperparameter is out of range or
    `lam` is not finite.

    Parameters
    ----------
    lam : eigenvalues (...), real or complex, units 1/lr.
    lr, k, mu : inner step, inner steps per cycle, outer factor.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import lookahead_factor
    >>> float(lookahead_factor(1.0, lr=0.5, k=2, mu=-0.5))
    0.625
    """
    require_setting(lr, k, mu)
    values, lr, mu = _spectrum(lam), float(lr), float(mu)  # 1 + mu in float32 has 7 digits
    if mu == -1:  # 0 times a power that may have overflowed
        return np.ones_like(values)
    return _or_infinite((1 + mu) * (1 - lr * values) ** k - mu)


def _or_infinite(factor: Any) -> Array:
    """Complex numbers that overflow become NaN; what grew beyond all numbers is infinite."""
    return np.where(np.isnan(factor), np.inf, factor)


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def rho(lam: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> Array:
    """Factor by which one NALA cycle multiplies the error along an eigenvector.

    rho(lam) = (1 - alpha lam) [(1+mu)(1 - lr lam)^k - mu]

    lam : eigenvalues (...), real or complex, units 1/lr. lr, k, mu : as of `lookahead_factor`. alpha : outer gradient
    step, units of lr. Returns an array of the shape of `lam`, dimensionless; raises ValueError when a hyperparameter is
    out of range or `lam` is not finite. Derived in the module docstring from Algorithm 1 of Zuo et al. 2024.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import rho
    >>> round(float(rho(1.0, lr=0.1, k=5, mu=-0.5, alpha=0.001)), 9)
    0.794449755
    >>> round(abs(complex(rho(1j, lr=0.3, k=5, mu=-0.5, alpha=0.3))), 3)  # the game xy: the outer step hurts
    0.877
    """
    require_setting(lr, k, mu, alpha)
    left = 1 - float(alpha) * _spectrum(lam)  # where it is 0 the outer step alone removes the mode
    grown = left * lookahead_factor(lam, lr=lr, k=k, mu=mu)
    return np.where(left == 0, 0.0, _or_infinite(grown))


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def rate_per_gradient(lam: ArrayLike, *, lr: float, k: int, mu: float, alpha: float, method: str = "nala") -> Real:
    """Spread the rate of a cycle over the gradients it costs: |rho|^(1/(k+1)), at alpha = 0 too.

    With ``method="lookahead"`` (slow step 1+mu, alpha = 0; k = 1, mu = 0 is gradient descent) it is |rho|^(1/k).

    Parameters, Raises as in `rho`; returns the same shape as `lam`.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import rate_per_gradient
    >>> float(rate_per_gradient(1.0, lr=0.5, k=1, mu=0.0, alpha=0.5))
    0.5
    >>> float(rate_per_gradient(1.0, lr=0.5, k=1, mu=0.0, alpha=0.0, method="lookahead"))
    0.5
    """
    k = require_int("k", k, low=1, hint="k counts inner steps per cycle")
    cost = gradients_of(method, k, alpha)
    spread = np.abs(rho(lam, lr=lr, k=k, mu=mu, alpha=alpha)) ** (1 / cost)
    r, c = (np.abs(1 - float(step) * _spectrum(lam)) for step in (lr, alpha))
    beyond = np.isinf(spread) | ((mu == 0) & (r**k < TINY))  # the root first where the power leaves the numbers
    return np.asarray(np.where(beyond, ((1 + float(mu)) * c) ** (1 / cost) * r ** (k / cost), spread))


def gradients_of(method: str, k: Any, alpha: ArrayLike) -> Any:
    """Gradients a cycle costs: k + 1 for ``"nala"`` at every alpha, k for ``"lookahead"``, which has no outer step.

    Raises ValueError for another method, or an outer step of Lookahead.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import gradients_of
    >>> gradients_of("nala", 5, 0.0), gradients_of("lookahead", 5, 0.0)
    (6, 5)
    """
    require_choice("method", method, ("nala", "lookahead"))
    free = method == "nala" or not np.any(np.asarray(alpha))
    require("alpha", alpha, free, "0 for Lookahead", "it takes no outer gradient step")
    return k + 1 if method == "nala" else k


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def trajectory(
    lam: ArrayLike, basis: ArrayLike, e0: ArrayLike, cycles: int, *, lr: float, k: int, mu: float, alpha: float
) -> Array:
    """Predict the error of the slow weights at every cycle, for a whole spectrum at once.

    e_t = Q diag(rho^t) Q' e_0

    Returns (T+1, ..., d) errors of phi_0 .. phi_T. Raises ValueError when shapes do not fit together, the basis is not
    orthogonal or a hyperparameter is out of range.

    Parameters
    ----------
    lam : (d,) real eigenvalues.
    basis : (d, d) orthogonal Q, eigenvectors in its columns.
    e0 : (..., d) errors phi_0 - x*.
    cycles : outer steps T >= 0.
    lr, k, mu, alpha : as in `rho`.

    Examples
    --------
    >>> from nala_lab.theory.quadratic_rate import trajectory
    >>> trajectory([1.0, 2.0], [[0.0, 1.0], [1.0, 0.0]], [4.0, 8.0], 1, lr=0.5, k=1, mu=0.0, alpha=0.0)
    array([[4., 8.],
           [0., 4.]])
    """
    cycles = require_int("cycles", cycles, low=0)
    values, q, start = _spectrum(lam), reals("basis", basis), eigenvalues("e0", e0)
    d = len(values) if values.ndim == 1 else -1
    require("lam", values.shape, d >= 1, "shape (d,)")
    require("basis", q.shape, q.shape == (d, d), f"shape {(d, d)}, one eigenvector a column")
    skew = float(np.abs(q.T @ q - np.eye(d)).max())
    require("basis", basis, skew <= 1e-9, "orthogonal: Q'Q = I")  # NaN is not; eigenvectors are, to 1e-14
    require("e0", start.shape, start.shape[-1:] == (d,), f"last axis of length {d}")
    factors = rho(values, lr=lr, k=k, mu=mu, alpha=alpha) ** np.arange(cycles + 1)[:, None]  # (T+1, d)
    factors = factors.reshape(cycles + 1, *([1] * (start.ndim - 1)), d)
    parts = start @ q
    return np.asarray(np.where(parts == 0, 0.0, factors * parts) @ q.T)  # a mode that is not there does not grow
