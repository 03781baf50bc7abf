"""Does looking ahead help here? One cycle from one point, as three numbers, and the best mu they give.

The inner loop moves by Delta with mean D and covariance S_D. Then phi' = c s Delta - alpha (g + xi), c = I - alpha H,
s = 1 + mu, with xi of covariance C_o taken at y, and the mean change of the loss J + g'e + e'He/2 is

    E dJ      = - s gain + s^2 (curvature + noise) / 2 + outer
    gain      = -(c g)' c D                                     what the path goes downhill
    curvature = (c D)' H (c D)                                  the slope changes along the path
    noise     = tr(H c S_D c)                                   copies end in different places
    outer     = -alpha g'g + alpha^2 (g'Hg + tr(H C_o)) / 2

which for alpha = 0 are -g'D, D'HD, tr(H S_D) and 0, and so

    s* = gain / (curvature + noise),     mu* = -(c g)'(c D) / ((cD)'H(cD) + tr(H c S_D c)) - 1

Derivation. With a = -alpha g, E (g'e + e'He/2) = g'(s c D + a) + [ (s c D + a)'H(s c D + a) + s^2 tr(H c S_D c) +
alpha^2 tr(H C_o) ] / 2. Terms in s: s (g + H a)' c D = s (c g)' c D, because c commutes with H. C_o is taken at the
y of s = 1 for every s: right for constant noise, and for alpha = 0, where it plays no part.

Where curvature + noise < 0 the loss falls without end as s grows, though it may rise first, and mu* is infinite. Where
it is 0 the loss is a line in s: mu* is infinite downhill and -1 (do not move) else.

Source: derived here. Status: exact on quadratics with constant noise or alpha = 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nala_lab.core import require, require_number
from nala_lab.theory.forecast import Local
from nala_lab.theory.minibatch_cycle import Loop, inner

__all__ = ["OneCycle", "best_mu", "one_cycle"]


class OneCycle(NamedTuple):
    """Change of the expected loss in one cycle: -s gain + s^2 (curvature + noise) / 2 + outer, s = 1 + mu."""

    gain: float
    curvature: float
    noise: float
    outer: float

    def change(self, mu: float) -> float:
        """E J(phi_1) - J(phi_0)."""
        s = 1 + mu
        return -s * self.gain + s**2 * (self.curvature + self.noise) / 2 + self.outer


def one_cycle(local: Local, loop: Loop) -> OneCycle:
    """Gain, curvature, noise and outer part of one cycle of `loop` from the point of `local`; its nu is not read.

    Workers divide the noise part. The outer gradient's C_o is that at the mean of y for s = 1. Heavy ball outside has
    no velocity yet in its first cycle: s = nu. Raises ValueError for a Nesterov velocity.

    Examples
    --------
    >>> from nala_lab.theory.forecast import Local
    >>> from nala_lab.theory.forecast_cycle import one_cycle
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_noise import Constant
    >>> here = Local(0.0, Constant([[2.0]], [[0.4]], g=[1.0]))
    >>> one_cycle(here, nala(lr=0.25, k=1, mu=0.0))  # D = -1/4, S_D = 0.4 / 16
    OneCycle(gain=0.25, curvature=0.125, noise=0.05, outer=0.0)
    """
    at_once = loop.weights[0] == 1
    require("beta", loop.beta, at_once, "0 with style='nesterov'", "Nesterov's first step is s = nu (1 + beta)")
    h, g = local.noise.h, local.noise.g
    flat = local.noise.basis is None
    zero = np.zeros_like(h) if flat else np.zeros((len(h), len(h)))
    D, X = inner(local.noise, np.zeros_like(h), zero, lr=loop.lr, k=loop.k)[-1]
    S = X / loop.workers
    c, alpha = 1 - loop.alpha * h, loop.alpha
    outer = 0.0
    if alpha:
        at_y = local.noise.covariance(D, S)
        trace = 0.0 if loop.outer == "full" else float(h @ (at_y if flat else np.diag(at_y)))
        outer = float(-alpha * (g @ g) + alpha**2 * (h @ g**2 + trace) / 2)
    spread = S if flat else np.diag(S)
    return OneCycle(float(-(c * g) @ (c * D)), float(h @ (c * D) ** 2), float(h @ (c**2 * spread)), outer)


def best_mu(parts: OneCycle, *, low: float = -1.0, high: float = np.inf) -> float:
    """mu* = gain / (curvature + noise) - 1, within [low, high].

    Raises ValueError when low is below -1 or above high, or a part is not finite.

    Examples
    --------
    >>> from nala_lab.theory.forecast_cycle import OneCycle, best_mu
    >>> best_mu(OneCycle(gain=0.25, curvature=0.3, noise=0.2, outer=0.0))
    -0.5
    >>> best_mu(OneCycle(gain=0.25, curvature=-0.3, noise=0.2, outer=0.0), high=1.0)
    1.0
    """
    require_number("low", low, low=-1, high=high)
    require("parts", parts, bool(np.all(np.isfinite(parts))), "finite parts")
    bent = parts.curvature + parts.noise
    if bent > 0:
        return float(np.clip(parts.gain / bent - 1, low, high))
    # a downward parabola or a line: the end where it is lower, as far as one is given
    if np.isfinite(high) and parts.change(high) > parts.change(low):
        return low
    return float(high) if parts.gain > 0 or bent < 0 else low
