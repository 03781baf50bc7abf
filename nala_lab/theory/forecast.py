"""T29 used on any loss: what the next T cycles will do, from the gradient, the Hessian and the noise at one point.

Near phi_0 the loss is J(phi_0 + e) = J + g' e + e' H e / 2 and a batch gradient is g + H e plus noise, so the engine of
minibatch_cycle gives mean m_t and covariance P_t of the displacement after t cycles, and

    E J(phi_t)   = J + g' m_t + (m_t' H m_t + tr(H P_t)) / 2
    sd J(phi_t)  = sqrt( s' P_t s + tr(H P_t H P_t) / 2 ),   s = g + H m_t      exact when phi_t is Gaussian

Noise: `Constant` (covariance C of a batch gradient, C_1 / B with C_1 of one example), or `FiniteSum` with every
example's gradient and Gauss-Newton factor, which lets the noise grow and shrink along the way.

On a network H changes from place to place. `relinearised` measures again every c cycles, at the mean it has reached,
and carries the covariance over into the new eigenbasis.

Source: derived here. Status: exact on quadratics (T29); on a network an approximation whose error is measured in
tests/theory_meets_training.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, require, require_int, require_number
from nala_lab.theory.minibatch_cycle import Loop, Moments, cycle, expected_loss, in_x, propagate, start
from nala_lab.theory.minibatch_modes import Modes
from nala_lab.theory.minibatch_noise import Noise

__all__ = ["Forecast", "Local", "forecast", "loss_spread", "relinearised"]

Measure = Callable[[Real], "Local"]


@dataclass(frozen=True)
class Local:
    """A loss near one point: its value there, and g, H and the batch gradient's noise in `noise`."""

    loss: float
    noise: Noise

    def __post_init__(self) -> None:
        require_number("loss", self.loss)


class Forecast(NamedTuple):
    """Expected loss after 0 .. T cycles and the standard deviation of one run's loss around it; (T + 1,) each."""

    loss: Real
    spread: Real


def loss_spread(noise: Noise, z: Moments) -> float:
    """Standard deviation of the loss over runs, phi taken as Gaussian.

    Raises ValueError for `Modes` whose noise depends on the place: it correlates the modes, and they keep no
    covariances between them. `constant_modes` and a single mode have none.
    """
    if isinstance(noise, Modes):
        apart = len(noise.h) == 1 or not (noise.own.any() or noise.shared.any())
        require("noise", type(noise).__name__, apart, "noise with all covariances", "the modes are correlated")
    slope = noise.g + noise.h * z.phi
    P = z.P if z.P.ndim == 2 else np.diag(z.P)
    HP = noise.h[:, None] * P
    variance = float(slope @ P @ slope + np.sum(HP * HP.T) / 2)
    return math.sqrt(max(variance, 0.0))  # below 0 by rounding only


def forecast(local: Local, loop: Loop, *, T: int, covariance: ArrayLike | None = None) -> Forecast:
    """Loss of the next T cycles from one measurement; `covariance` of the start when its runs differ already.

    Raises ValueError when T is not an integer >= 0 or the covariance has another shape than H; and as `loss_spread`.

    Examples
    --------
    >>> from nala_lab.theory.forecast import Local, forecast
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_noise import Constant
    >>> here = Local(5.0, Constant([[2.0]], [[0.4]], g=[1.0]))
    >>> ahead = forecast(here, nala(lr=0.25, k=1, mu=0.0), T=1)
    >>> ahead.loss, ahead.spread
    (array([5.    , 4.8375]), array([0.        , 0.08660254]))
    """
    rows = propagate(local.noise, loop, start(local.noise, np.zeros(len(local.noise.h)), covariance), T=T)
    loss = [local.loss + expected_loss(local.noise, z) for z in rows]
    spread = [loss_spread(local.noise, z) for z in rows]
    return Forecast(np.array(loss), np.array(spread))


def relinearised(measure: Measure, point: ArrayLike, loop: Loop, *, T: int, every: int) -> Forecast:
    """Loss of the next T cycles, measured again every `every` cycles, and after the last, at the predicted mean.

    Raises ValueError when `every` is below 1, or T below 0.

    Parameters
    ----------
    measure : from a point (d,) to its `Local`, with all covariances (no `Modes`). point : (d,) where the runs start.

    Examples
    --------
    >>> from nala_lab.theory.forecast import Local, relinearised
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> from nala_lab.theory.minibatch_noise import Constant
    >>> bowl = lambda x: Local(float(x @ x) / 2, Constant([[1.0]], [[0.0]], g=x))
    >>> relinearised(bowl, [2.0], nala(lr=0.5, k=1, mu=0.0), T=2, every=1).loss
    array([2.   , 0.5  , 0.125])
    """
    T = require_int("T", T, low=0)
    require_int("every", every, low=1)
    centre = np.asarray(point, np.float64)
    local = measure(centre)
    z = start(local.noise, np.zeros_like(centre))
    losses, spreads = [local.loss], [0.0]
    for t in range(1, T + 1):
        z = cycle(local.noise, loop, z)
        if t % every == 0 or t == T:
            old = local.noise
            centre = centre + in_x(old, z)[0]
            local = measure(centre)
            z = _turned(old, local.noise, z)
        losses.append(local.loss + expected_loss(local.noise, z))
        spreads.append(loss_spread(local.noise, z))
    return Forecast(np.array(losses), np.array(spreads))


def _turned(old: Noise, new: Noise, z: Moments) -> Moments:
    """The moments in another eigenbasis, around the mean of phi."""
    whole = old.basis is not None and new.basis is not None
    require("measure", type(new).__name__, whole, "noise with all covariances", "a new point has a new eigenbasis")
    assert old.basis is not None and new.basis is not None  # require has refused None
    q = new.basis.T @ old.basis
    return Moments(np.zeros_like(z.phi), q @ z.b, *(q @ block @ q.T for block in z[2:]))
