"""Expected loss after every gradient, for thousands of settings at once; and the best setting for a budget.

Diagonal noisy quadratic, gradient descent inside: with m2 = E e^2 of one mode (the mean square is all that the
expected loss sum lam m2 / 2 needs, because the noise has mean zero),

    inner step   m2 <- r^2 m2 + lr^2 w                     r = 1 - lr lam
    cycle        m2(phi) <- T^2 m2(phi) + N                T and N of one mode under noise

so a curve of G gradients costs G multiply-adds per mode. The look-ahead gradient of NALA is the one that completes the
cycle; after it the weights are phi_t. Inside a cycle the curve shows the fast weights, at a cycle's end phi_t.

A curve for `outer="last"` or `"full"` counts the outer gradient as one evaluation like any other.

Source: derived here. Status: checked against the matrix engine and Monte Carlo; tight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import OptimizeResult, differential_evolution

from nala_lab.core import Real, eigenvalues, reals, require, require_choice, require_int, variances
from nala_lab.theory.digits import one_minus_power
from nala_lab.theory.noise_one_mode import OUTER, cycle_moments, one_minus_factor

__all__ = ["best_for_budget", "curves", "loss_at_budget"]

_BLOCK = 256  # settings at a time: with 50 modes the six arrays of a block stay in a 1 MB cache


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def curves(lam: ArrayLike, w: ArrayLike, e0: ArrayLike, *, lr: ArrayLike, k: int, mu: ArrayLike, alpha: ArrayLike,
           gradients: int, outer: str = "fresh", spend_outer: bool = True) -> Real:  # fmt: skip
    """Expected loss after 0 .. `gradients` gradients for S settings that share k.

    Returns (S, gradients + 1), units of f. A setting that diverges ends in inf (-inf along lam < 0), never in NaN.
    Raises ValueError when an argument is out of range, or Lookahead's cost is asked for with alpha > 0.

    Parameters
    ----------
    lam, e0 : (d,) eigenvalues and initial errors. w : noise variance, one number, (d,) or a (d, d) covariance in the
    coordinates of the eigenvectors. lr, mu, alpha : scalars or (S,).
    k : inner steps per cycle. gradients : length of the curves. outer : mini-batch of the outer gradient.
    spend_outer : False for Lookahead (alpha = 0), whose cycle costs k gradients; True: k + 1.

    Examples
    --------
    >>> from nala_lab.theory.loss_curves import curves
    >>> curves([2.0], [1.0], [1.0], lr=0.25, k=1, mu=0.0, alpha=0.0, gradients=2, spend_outer=False)
    array([[1.      , 0.3125  , 0.140625]])
    """
    lam, w, e0 = _modes(lam, w, e0)
    lam = np.where((w != 0) | (e0 != 0), lam, 0.0)  # what nothing excites adds nothing, however it would grow
    k = require_int("k", k, low=1)
    gradients = require_int("gradients", gradients, low=0)
    require_choice("outer", outer, OUTER)
    given = {"lr": lr, "mu": mu, "alpha": alpha}
    lr, mu, alpha = np.broadcast_arrays(*(np.atleast_1d(reals(name, value)) for name, value in given.items()))
    _require_settings(lr, mu, alpha, spend_outer)
    period = k + 1 if spend_outer else k
    out = np.empty((len(lr), gradients + 1))
    for start in range(0, len(lr), _BLOCK):
        rows = slice(start, start + _BLOCK)
        inner = ((1 - lr[rows, None] * lam) ** 2, lr[rows, None] ** 2 * w)
        cycle = _cycle(lam, w, lr[rows], k, mu[rows], alpha[rows], outer)
        _march(out[rows], lam, np.broadcast_to(e0**2, inner[0].shape), inner, cycle, period)
    return np.where(np.isnan(out), np.inf, out)


def _march(out: Real, lam: Real, start: Real, inner: tuple[Real, Real], cycle: tuple[Real, Real], period: int) -> None:
    """Fill `out` (S, gradients + 1) with expected losses, one multiply-add per mode and gradient."""
    slow, fast = start.copy(), start.copy()
    half = lam / 2
    np.matmul(slow, half, out=out[:, 0])
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging setting overflows to inf
        for g in range(1, out.shape[1]):
            completes = g % period == 0
            m2, (factor, noise) = (slow, cycle) if completes else (fast, inner)
            m2 *= factor
            m2 += noise
            if completes:
                np.copyto(fast, slow)
            np.matmul(m2, half, out=out[:, g])


def _modes(lam: ArrayLike, w: ArrayLike, e0: ArrayLike) -> tuple[Real, Real, Real]:
    values, start = eigenvalues("lam", lam), eigenvalues("e0", e0)
    seen = variances("w", w, values)
    fits = values.ndim == 1 and values.shape == start.shape and seen.shape in ((), values.shape)
    require("lam", values.shape, fits, "the shape (d,) of w and e0")
    return values, np.broadcast_to(seen, values.shape), start


def _require_settings(lr: Real, mu: Real, alpha: Real, spend_outer: bool) -> None:
    require("lr", lr, bool(np.all(np.isfinite(lr) & (lr >= 0))), "finite and >= 0")
    require("mu", mu, bool(np.all(np.isfinite(mu) & (mu >= -1))), "finite and >= -1")
    require("alpha", alpha, bool(np.all(np.isfinite(alpha) & (alpha >= 0))), "finite and >= 0")
    _require_paid(alpha, spend_outer)


def _require_paid(alpha: ArrayLike, spend_outer: bool) -> None:
    free = spend_outer or bool(np.all(np.asarray(alpha) == 0))
    require("spend_outer", spend_outer, free, "True when alpha > 0", "the outer gradient has to be paid for")


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def _cycle(lam: Real, w: Real, lr: Real, k: int, mu: Real, alpha: Real, outer: str) -> tuple[Real, Real]:
    """T^2 and N for (S, d); the vectorised form of `cycle_moments`."""
    lr, mu, alpha = lr[:, None], mu[:, None], alpha[:, None]
    r, c, s = 1 - lr * lam, 1 - alpha * lam, 1 + mu
    r2 = r * r
    q: Any = 0.0
    for _ in range(k - 1):
        q = r2 * (1 + q)  # Horner: Q_k - 1 = r^2 + ... + r^(2k-2)
    step = c * s * lr
    last = step**2 if outer == "full" else (step + alpha) ** 2 if outer == "last" else step**2 + alpha**2
    return (c * (s * r**k - mu)) ** 2, w * (step**2 * q + last)


def loss_at_budget(lam: ArrayLike, w: ArrayLike, e0: ArrayLike, *, lr: float, k: int, mu: float, alpha: float,
                   budget: int, outer: str = "fresh", spend_outer: bool = True) -> float:  # fmt: skip
    """Expected loss of the slow weights after the last whole cycle that `budget` gradients pay for.

    Closed form: m2_t = T^{2t} m2_0 + N (1 - T^{2t}) / (1 - T^2), summed over modes. Raises ValueError when an argument
    is out of range, the budget does not pay for one cycle, or Lookahead's cost is asked for with alpha > 0.

    Examples
    --------
    >>> from nala_lab.theory.loss_curves import loss_at_budget
    >>> loss_at_budget([2.0], [1.0], [1.0], lr=0.25, k=1, mu=0.0, alpha=0.0, budget=2, spend_outer=False)
    0.140625
    """
    k = require_int("k", k, low=1)
    _require_paid(alpha, spend_outer)
    period = k + 1 if spend_outer else k
    budget = require_int("budget", budget, low=period, hint="it has to pay for one cycle")
    lam, w, e0 = _modes(lam, w, e0)
    count = budget // period
    with np.errstate(over="ignore", invalid="ignore"):
        t, n = cycle_moments(lam, w, lr=lr, k=k, mu=mu, alpha=alpha, outer=outer)
        left = one_minus_factor(lam, lr=lr, k=k, mu=mu, alpha=alpha) * (1 + t)  # 1 - T^2
        # the geometric sum is `count` where T^2 = 1
        series = np.where(left == 0, float(count), one_minus_power(left, count) / np.where(left == 0, 1.0, left))
        noise = np.where(n == 0, 0.0, n * series)
        kept = np.where(e0 == 0, 0.0, (t * t) ** count * e0**2)  # a mode that is not there does not grow
        total = float(np.sum(lam * (kept + noise)) / 2)
    return float("inf") if np.isnan(total) else total


def best_for_budget(lam: ArrayLike, w: ArrayLike, e0: ArrayLike, *, budget: int, ks: Sequence[int] = (5,),
                    method: str = "NALA", seed: int = 0) -> dict[str, float]:  # fmt: skip
    """Search (lr, mu, alpha) for each k of `ks` on the exact expected loss after `budget` gradients.

    Differential evolution on the closed form; a search, so the result is an upper bound on the best loss.

    Returns a dict with loss, k, lr, mu, alpha. Raises ValueError for an unknown method, no k or one that is no integer
    >= 1, a budget that does not pay for a cycle of each k, or when no lam is above 0.

    Parameters
    ----------
    budget : gradients. ks : candidates for k. method : ``"SGD"`` (lr only), ``"Lookahead"`` (lr and slow step 1 + mu
    in (0, 1]) or ``"NALA"`` (lr, mu in [-0.99, 0.5], alpha). seed : of the search.

    Examples
    --------
    >>> from nala_lab.theory.loss_curves import best_for_budget
    >>> best = best_for_budget([1.0, 0.1], [0.1, 0.1], [1.0, 1.0], budget=60, method="SGD")
    >>> 0 < best["lr"] < 2 and best["mu"] == best["alpha"] == 0
    True
    """
    require_choice("method", method, ("SGD", "Lookahead", "NALA"))
    top = float(np.max(_modes(lam, w, e0)[0], initial=0.0))
    require("max lam", top, top > 0, "0 < max lam", "lr and alpha are searched in units of 1 / max lam")
    require("ks", ks, np.ndim(ks) == 1 and len(ks) > 0, "at least one k")
    tried = (1,) if method == "SGD" else tuple(require_int("k", k, low=1) for k in ks)
    require_int("budget", budget, low=max(tried) + (method == "NALA"), hint="it has to pay for a cycle of each k")
    ranges = {"SGD": [], "Lookahead": [(-0.99, 0.0)], "NALA": [(-0.99, 0.5), (0.0, 8.0)]}[method]
    bounds = [(1e-4, 2.5), *ranges]  # in units of 1/L
    found: list[dict[str, float]] = []
    for k in tried:

        def setting(z: Sequence[float], k: int = k) -> dict[str, Any]:
            tail = [float(v) for v in z[1:]] + [0.0] * (3 - len(z))
            return {"lr": float(z[0]) / top, "k": k, "mu": tail[0], "alpha": tail[1] / top}

        def loss(z: Sequence[float], k: int = k) -> float:
            value = loss_at_budget(lam, w, e0, **setting(z, k), budget=budget, spend_outer=method == "NALA")
            return min(value, 1e100) if np.isfinite(value) else 1e100  # the search compares and squares finite numbers

        chance = np.random.default_rng(seed)  # SciPy before 1.15 has no rng=, and later ones take seed= as well
        result: OptimizeResult = differential_evolution(loss, bounds, seed=chance, tol=1e-8)
        found.append({"loss": float(result.fun), **setting(result.x, k)})
    return min(found, key=lambda row: row["loss"])
