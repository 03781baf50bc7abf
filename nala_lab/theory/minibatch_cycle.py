"""T29. One cycle of a two-loop method under mini-batch noise: mean and covariance, exactly, in the eigenbasis of H.

    theta_0 = phi,   theta_{j+1} = theta_j - lr (g + H theta_j + xi_j),   j < k,   R workers with batches of their own
    D = phi - mean_w theta_k,   b' = beta b + D,   u = p D + q b
    Nesterov  p = 1 + beta, q = beta^2;   heavy ball  p = 1, q = beta                       (u = D + beta b', or b')
    y = phi - nu u,   phi' = y - alpha (g + H y + xi_outer)

With A = I - lr H the mean follows the same lines without xi. For the covariance let (P, Q, V) be that of (phi, b):
P = Cov phi, Q = Cov(phi, b), V = Cov b. Given phi the workers are independent and alike, theta_k = A^k phi + const +
zeta, E zeta = 0, zeta uncorrelated with (phi, b), so only its covariance X_k is averaged (C of minibatch_noise.py):

    X_0 = 0,   X_{j+1} = A X_j A + lr^2 C(m_j, A^j P A^j + X_j)
    W = I - A^k,   Y = I - nu p W,   Z = X_k / R
    Cov y       = Y P Y + nu^2 q^2 V - nu q (Y Q + Q' Y) + nu^2 p^2 Z
    Cov(y, b')  = Y P W + beta Y Q - nu q Q' W - nu q beta V - nu p Z
    V'          = W P W + beta (W Q + Q' W) + beta^2 V + Z
    c = I - alpha H:   P' = c Cov(y) c + alpha^2 C(m_y, Cov y),   Q' = c Cov(y, b')

beta = 0: NALA with mu = nu - 1 and R workers; alpha = 0 too: Lookahead. k = 1, nu = 1: SGD, or heavy ball with
beta > 0. A full outer gradient leaves its C out. The outer gradient on the last inner batch is not here: the product of
one batch with itself needs fourth moments of the features.

In the eigenbasis A, W, Y, c are numbers per mode, so a cycle costs k evaluations of C and O(d^2) besides.

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, reals, require, require_choice, require_int, require_number
from nala_lab.core import covariance as checked
from nala_lab.methods.hyper import OuterMomentumHyper
from nala_lab.theory.minibatch_noise import Noise

__all__ = ["Loop", "Moments", "cycle", "expected_loss", "heavy_ball", "in_x", "inner", "nala", "propagate", "start"]

OUTER = ("fresh", "full")


@dataclass(frozen=True, kw_only=True)
class Loop(OuterMomentumHyper):
    """The settings of a cycle: lr of the inner steps, k, nu, beta, style, alpha, workers, and the outer batch."""

    lr: Any = 0.1
    beta: Any = 0.0
    outer: str = "fresh"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("lr", self.lr, low=0)
        require_choice("outer", self.outer, OUTER)
        for name in ("lr", "nu", "beta", "alpha"):
            object.__setattr__(self, name, float(getattr(self, name)))  # fractions make arrays of objects

    @property
    def weights(self) -> tuple[float, float]:
        """p and q of u = p D + q b."""
        return (1 + self.beta, self.beta**2) if self.style == "nesterov" else (1.0, self.beta)

    @property
    def gradients(self) -> int:
        """Gradients spent in a cycle, by one worker."""
        return int(self.k) + int(self.alpha > 0)


def nala(*, lr: float, k: int, mu: float, alpha: float = 0.0, workers: int = 1, outer: str = "fresh") -> Loop:
    """NALA over gradient descent; alpha = 0 is Lookahead with slow step 1 + mu.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> nala(lr=0.1, k=5, mu=-0.5).nu
    0.5
    """
    require_number("mu", mu, low=-1)
    return Loop(lr=lr, k=k, nu=1 + mu, alpha=alpha, workers=workers, outer=outer)


def heavy_ball(*, lr: float, beta: float = 0.0) -> Loop:
    """SGD with momentum inside, one step a cycle: b' = beta b + lr gradient, phi' = phi - b'.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_cycle import heavy_ball
    >>> heavy_ball(lr=0.1, beta=0.9).weights
    (1.0, 0.9)
    """
    return Loop(lr=lr, k=1, nu=1.0, beta=beta, style="heavy-ball")


class Moments(NamedTuple):
    """Mean (d,) of phi and b, and P, Q, V, in the eigenbasis: (d, d), or (d,) where only the diagonals are kept."""

    phi: Real
    b: Real
    P: Real
    Q: Real
    V: Real


def start(noise: Noise, mean: ArrayLike, covariance: ArrayLike | None = None) -> Moments:
    """Moments of a displacement with mean (d,) and covariance (d, d) or (d,), given in the coordinates of x; b = 0.

    Raises ValueError for another shape, NaN, and what is no covariance.
    """
    d = len(noise.h)
    m, zero = reals("mean", mean), np.zeros(d)
    require("mean", m.shape, m.shape == (d,), f"({d},), with the d of the noise")
    require("mean", mean, bool(np.isfinite(m).all()), "finite")
    shape = (d,) if noise.basis is None else (d, d)
    S = np.zeros(shape) if covariance is None else reals("covariance", covariance)
    require("covariance", S.shape, S.shape == shape, f"the shape {shape}")
    if noise.basis is None:
        require("covariance", covariance, bool(np.all((S >= 0) & np.isfinite(S))), "finite variances >= 0")
    else:
        S = checked("covariance", S, d)
        m, S = noise.basis.T @ m, noise.basis.T @ S @ noise.basis
    return Moments(m, zero, S, np.zeros(shape), np.zeros(shape))


def in_x(noise: Noise, moments: Moments) -> tuple[Real, Real]:
    """Mean (d,) and covariance of phi in the coordinates of x."""
    if noise.basis is None:
        return moments.phi, moments.P
    q = noise.basis
    return q @ moments.phi, q @ moments.P @ q.T


def _left(w: Real, S: Real) -> Real:
    """diag(w) S, with S whole or its diagonal alone."""
    return w[:, None] * S if S.ndim == 2 else w * S


def _right(S: Real, w: Real) -> Real:
    return S * w


def inner(noise: Noise, mean: Real, spread: Real, *, lr: float, k: int) -> list[tuple[Real, Real]]:
    """(mean of theta_j, X_j) for j = 0 .. k, from phi with `mean` and covariance `spread`, in the eigenbasis."""
    a = 1 - lr * noise.h
    m, X, carried = mean, np.zeros_like(spread), spread
    rows = [(m, X)]
    for _ in range(k):
        X = _right(_left(a, X), a) + lr**2 * noise.covariance(m, carried + X)
        m, carried = m - lr * (noise.g + noise.h * m), _right(_left(a, carried), a)
        rows.append((m, X))
    return rows


def cycle(noise: Noise, loop: Loop, z: Moments) -> Moments:
    """One cycle of `loop` from the moments `z`.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_cycle import cycle, nala, start
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> data = streaming_modes([1.0], sigma2=0.0, B=1)  # E (1 - lr a^2)^2 = 1 - 2 lr + 3 lr^2
    >>> after = cycle(data, nala(lr=0.25, k=1, mu=0.0), start(data, [1.0]))
    >>> float(after.phi[0]), float(after.P[0] + after.phi[0] ** 2)
    (0.75, 0.6875)
    """
    h, g, k, nu, beta = noise.h, noise.g, loop.k, loop.nu, loop.beta
    p, q = loop.weights
    m_k, X = inner(noise, z.phi, z.P, lr=loop.lr, k=k)[-1]
    Z = X / loop.workers
    W = 1 - (1 - loop.lr * h) ** k
    D = z.phi - m_k
    y_mean, b_mean = z.phi - nu * (p * D + q * z.b), beta * z.b + D
    Y = 1 - nu * p * W
    YQ, WQ = _left(Y, z.Q), _left(W, z.Q)
    y = _right(_left(Y, z.P), Y) + (nu * q) ** 2 * z.V - nu * q * (YQ + YQ.T) + (nu * p) ** 2 * Z
    cross = _right(_left(Y, z.P), W) + beta * YQ - nu * q * (WQ.T + beta * z.V) - nu * p * Z
    V = _right(_left(W, z.P), W) + beta * (WQ + WQ.T) + beta**2 * z.V + Z
    if loop.alpha == 0:
        return Moments(y_mean, b_mean, y, cross, V)
    c = 1 - loop.alpha * h
    P = _right(_left(c, y), c)
    if loop.outer == "fresh":
        P = P + loop.alpha**2 * noise.covariance(y_mean, y)
    return Moments(c * y_mean - loop.alpha * g, b_mean, P, _left(c, cross), V)


def propagate(noise: Noise, loop: Loop, z: Moments, *, T: int) -> list[Moments]:
    """Moments after 0 .. T cycles.

    Raises ValueError when T is not an integer >= 0.
    """
    require_int("T", T, low=0)
    rows = [z]
    for _ in range(T):
        rows.append(cycle(noise, loop, rows[-1]))
    return rows


def expected_loss(noise: Noise, z: Moments) -> float:
    """E f(phi) - f(0) = g' m + (m' H m + tr(H P)) / 2.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_cycle import expected_loss, start
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> data = streaming_modes([2.0], sigma2=0.0, B=1)
    >>> expected_loss(data, start(data, [3.0]))
    9.0
    """
    variances = z.P if z.P.ndim == 1 else np.diag(z.P)
    return float(noise.g @ z.phi + noise.h @ (z.phi**2 + variances) / 2)
