"""Polyak's heavy ball.

    g_t     = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    v_t     = momentum v_{t-1} - lr g_t
    theta_t = theta_{t-1} + v_t

v is a displacement. torch.optim.SGD(momentum=...) keeps the sum of gradients instead and multiplies by lr when it
moves; the iterates agree while lr is constant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import MomentumHyper
from nala_lab.reference.arith import decayed, zeros

__all__ = ["HeavyBall", "HeavyBallState"]


class HeavyBallState(NamedTuple):
    """v : (..., d) the last displacement."""

    v: Array


@dataclass(frozen=True)
class HeavyBall(MomentumHyper):
    """Gradient descent with classical momentum (Polyak 1964).

    Raises ValueError when an argument is outside its range or NaN.

    Parameters
    ----------
    lr : step size. momentum : in [0, 1). weight_decay : L2 coefficient.

    Examples
    --------
    >>> from nala_lab.reference import HeavyBall
    >>> import numpy as np
    >>> hb = HeavyBall(lr=0.5, momentum=0.5)
    >>> x, state = hb.step(np.array([4.0]), lambda x: x, hb.init(np.array([4.0])))
    >>> hb.step(x, lambda x: x, state)[0]  # 2 + (0.5 * -2 - 0.5 * 2)
    array([0.])
    """

    momentum_fields: ClassVar[tuple[str, ...]] = ("v",)

    def init(self, theta: Array) -> HeavyBallState:
        """State before the first step: at rest."""
        return HeavyBallState(v=zeros(theta))

    def step(self, theta: Array, grad: Callable[[Array], Array], state: HeavyBallState) -> tuple[Array, HeavyBallState]:
        """One step: (theta_{t-1}, v_{t-1}) to (theta_t, v_t)."""
        g = decayed(grad(theta), self.weight_decay, theta)
        v = self.momentum * state.v - self.lr * g
        return theta + v, HeavyBallState(v)
