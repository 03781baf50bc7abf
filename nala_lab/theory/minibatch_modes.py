"""T29 for whole spectra: noise whose diagonal needs only the diagonal of the covariance of e.

    C_ii = own_i t_i + shared_i sum_j h_j t_j + floor_i,      t_i = S_ii + m_i^2

Streaming Gaussian features, one-hot features and constant noise are of this kind, in the eigenbasis of H. The loss
needs the diagonal only, so 10^3 modes cost what 10^3 numbers cost.

Source: minibatch_noise.py. Status: proved; tight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, require, require_number
from nala_lab.theory.minibatch_noise import batch_factor, finite_vector

__all__ = ["Modes", "constant_modes", "one_hot_modes", "streaming_modes"]


@dataclass(frozen=True)
class Modes:
    """Noise whose diagonal needs only the diagonal of S; h, g, own, shared, floor: (d,)."""

    h: Real
    g: Real
    own: Real
    shared: Real
    floor: Real
    basis: None = None

    def covariance(self, mean: Real, spread: Real) -> Real:
        """The diagonal of C(m, S), (d,), from the diagonal of S."""
        second = spread + mean**2
        c: Real = self.own * second + self.shared * (self.h @ second) + self.floor
        return c


def streaming_modes(h: ArrayLike, *, sigma2: float, B: int) -> Modes:
    """Streaming Gaussian regression with features N(0, diag(h)) and label noise of variance sigma2.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> streaming_modes([1.0, 2.0], sigma2=0.5, B=2).covariance(np.array([1.0, 0.0]), np.zeros(2))
    array([1.25, 1.5 ])
    """
    h = finite_vector("h", h, low=0)
    require_number("sigma2", sigma2, low=0)
    k = batch_factor(B)
    return Modes(h, np.zeros_like(h), k * h**2, k * h, k * sigma2 * h)


def one_hot_modes(h: ArrayLike, p: ArrayLike, *, sigma2: float, B: int) -> Modes:
    """Features c_i e_i with probability p_i, c_i^2 = h_i / p_i: C_ii = [h_i^2 (1/p_i - 1) t_i + sigma2 h_i] / B.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.minibatch_modes import one_hot_modes
    >>> one_hot_modes([1.0, 1.0], [0.5, 0.5], sigma2=0.0, B=1).covariance(np.array([1.0, 0.0]), np.zeros(2))
    array([1., 0.])
    """
    h = finite_vector("h", h, low=0)
    p = finite_vector("p", p, len(h))
    require("p", p, bool(np.all(p > 0)) and abs(float(p.sum()) - 1) <= 1e-9, "positive, with sum 1")
    require_number("sigma2", sigma2, low=0)
    k = batch_factor(B)
    return Modes(h, np.zeros_like(h), k * h**2 * (1 / p - 1), np.zeros_like(h), k * sigma2 * h)


def constant_modes(h: ArrayLike, w: ArrayLike) -> Modes:
    """Additive noise of variance w (d,), the same everywhere: the model of T08."""
    h = finite_vector("h", h)
    return Modes(h, np.zeros_like(h), np.zeros_like(h), np.zeros_like(h), finite_vector("w", w, len(h), low=0))
